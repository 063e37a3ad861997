"""The counters of answers: filing writes none of their rows, and nobody waits for another's."""

from datetime import UTC, datetime, time, timedelta

import psycopg2
import pytest
from sqlalchemy import text

from harness.accounts import account, acting, administrator
from harness.actors import over_rest
from tests.services.conversation.test_posting import said
from tests.services.desk import changed, opened, rest_at
from ticket_app.actor import by_command
from ticket_app.data.engine import get_engine
from ticket_app.schemas.tickets import TicketCreate
from ticket_app.services.figures import ticket_insights, ticket_stats
from ticket_app.services.people.accounts.directory import rename_self
from ticket_app.services.people.permission import ALLOWED, OF_SCOPE, Verb
from ticket_app.services.recounting import recount
from ticket_app.services.tickets.deleting import delete_ticket, restore_ticket
from ticket_app.services.tickets.filing import open_ticket
from ticket_app.vocabulary import Role, Side

COUNTERS = ("ticket_response", "ticket_response_day", "ticket_assignee")
ASSIGN = "UPDATE ticket SET assignee_id = {person} WHERE id = {ticket}"


def rows_of_counters() -> list[int]:
    """Returns the number of rows of each counter."""
    with get_engine().connect() as connection:
        asked = [text(f"SELECT count(*) FROM {counter}") for counter in COUNTERS]
        return [connection.execute(each).scalar_one() for each in asked]


def assign(ticket_id: int, person_id: int) -> None:
    """Assigns a ticket as another program does."""
    with get_engine().begin() as connection:
        connection.execute(text(ASSIGN.format(person=person_id, ticket=ticket_id)))


@pytest.mark.usefixtures("database")
def test_filing_writes_no_row_and_a_first_reply_one_of_each_counter() -> None:
    ticket = opened(status="open")
    changed(ticket.id, status="in_progress", priority="high")
    assert rows_of_counters() == [0, 0, 0]
    stats = ticket_stats(over_rest())
    assert (stats.waiting_tickets, stats.answered_tickets) == (1, 0)
    said(ticket.id)
    assert rows_of_counters() == [1, 1, 1]
    stats = ticket_stats(over_rest())
    assert (stats.waiting_tickets, stats.answered_tickets) == (0, 1)


@pytest.mark.usefixtures("database")
def test_a_first_response_counts_on_its_own_day_while_the_ticket_is_there() -> None:
    midnight = datetime.combine(datetime.now(UTC) - timedelta(days=6), time.min, UTC)
    filed = midnight - timedelta(hours=3)
    ticket = open_ticket(rest_at(filed), TicketCreate(title="A", description="B"))
    said(ticket.id, actor=rest_at(midnight))
    said(ticket.id, actor=rest_at(midnight + timedelta(hours=1)))
    week = ticket_insights(over_rest(), 7)
    assert (week.responded, week.mean_hours_to_first_response) == (1, 3)
    said(ticket.id, side=Side.REQUESTER)
    changed(ticket.id, status="closed")
    assert ticket_stats(over_rest()).median_hours_to_first_response == pytest.approx(3, rel=0.01)
    delete_ticket(over_rest(), ticket.id)
    assert ticket_insights(over_rest(), 7).responded == 0
    restore_ticket(over_rest(), ticket.id)
    assert ticket_insights(over_rest(), 7).responded == 1
    assert recount(by_command()).differences == []


@pytest.mark.usefixtures("database")
def test_each_turn_of_a_conversation_counts_with_the_assignee() -> None:
    with get_engine().begin() as connection:
        connection.execute(text("INSERT INTO person (name, role) VALUES ('Ann', 'agent')"))
    ticket = opened(status="open")
    assign(ticket.id, 1)
    for side, waiting in ((Side.TEAM, 0), (Side.REQUESTER, 1), (Side.TEAM, 0)):
        said(ticket.id, side=side)
        _, ann = ticket_stats(over_rest()).assignee_breakdown
        assert (ann.tickets, ann.waiting) == (1, waiting)
    changed(ticket.id, status="closed")
    assert len(ticket_stats(over_rest()).assignee_breakdown) == 1


@pytest.mark.usefixtures("database")
def test_who_is_renamed_has_the_new_name_in_the_figures() -> None:
    administrator()
    ann = account("ann@example.com", Role.AGENT)
    agent = acting(ann, Role.AGENT)
    assign(open_ticket(agent, TicketCreate(title="A", description="B")).id, ann)
    rename_self(agent, "Ann")
    assert ticket_stats(agent).assignee_breakdown[1].name == "Ann"
    rename_self(agent, "Anna")
    assert ticket_stats(agent).assignee_breakdown[1].name == "Anna"


def test_whoever_reads_figures_may_read_people() -> None:
    """The figures name assignees to everyone who may read them."""
    for verbs in (*ALLOWED.values(), *OF_SCOPE.values()):
        assert Verb.READ_FIGURES not in verbs or Verb.READ_PEOPLE in verbs


def test_the_tickets_of_one_agent_change_at_once(postgres_database: str) -> None:
    administrator()
    ann = account("ann@example.com", Role.AGENT)
    agent = acting(ann, Role.AGENT)
    one, other = (open_ticket(agent, TicketCreate(title="A", description="B")) for _ in range(2))
    url = postgres_database.replace("+psycopg2", "")
    with psycopg2.connect(url) as open_meanwhile, open_meanwhile.cursor() as cursor:
        cursor.execute(ASSIGN.format(person=ann, ticket=one.id))
        with get_engine().begin() as connection:
            connection.execute(text("SET LOCAL lock_timeout = '2s'"))
            connection.execute(text(ASSIGN.format(person=ann, ticket=other.id)))
        said(other.id, actor=agent)
    assert ticket_stats(agent).assignee_breakdown[1].tickets == 2
    assert recount(by_command()).differences == []
