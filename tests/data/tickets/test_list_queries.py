"""Every access path leads to the same page, equal to that of a scan of all tickets."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from harness.actors import over_rest
from tests.services.desk import changed, opened
from ticket_app.data.conversation.tables import Message
from ticket_app.data.direct import DriverConnection
from ticket_app.data.engine import get_engine, read_transaction, write_transaction
from ticket_app.data.people.tables import Person
from ticket_app.data.tickets import list_queries
from ticket_app.data.tickets.predicates import facets_of, is_unsettled, traits_of
from ticket_app.data.tickets.sorting import pages
from ticket_app.data.tickets.sorting.orders import BY_FILING
from ticket_app.data.tickets.tables import Ticket
from ticket_app.errors import InvalidInputError
from ticket_app.schemas.assignees import NONE
from ticket_app.schemas.conversation import MessageCreate, MessageListQuery
from ticket_app.schemas.inputs import parse
from ticket_app.schemas.tickets import TicketFilter, TicketListQuery, TicketPage, TicketPublic
from ticket_app.services.conversation.posting import post_message
from ticket_app.services.conversation.reading import list_messages
from ticket_app.services.tickets.deleting import delete_ticket, restore_ticket
from ticket_app.services.tickets.listing import count_tickets, list_tickets
from ticket_app.services.tickets.recording import id_of
from ticket_app.vocabulary import FACETS, SETTLED, Edge, MessageKind, Priority, Role, Side, Sort

SEED = 20_261_121
WORDS = ("printer", "Invoice", "PASSWORD", "a%b", "under_score", "Ärger", "refund", "x")
SEARCHES = (None, "printer", "invoice pass", "ärger", "a%b", "un", "x", "absent", "p", 'quote"d')
START = datetime(2026, 1, 1, tzinfo=UTC)
SCANNED = 20
BY_TEAM: dict[str, Any] = {"side": Side.TEAM, "channel": Edge.REST, "created_at": START}


@pytest.fixture
def few_are_scanned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every access path possible on a small desk, whatever the number of messages."""
    chance = Random(SEED)
    monkeypatch.setattr(DriverConnection, "cached_number", lambda _, __, compute: compute())
    monkeypatch.setattr(list_queries, "expected_messages", lambda *_: chance.choice((0, 20, 10**6)))
    monkeypatch.setattr(list_queries, "RARE", 10)
    monkeypatch.setattr(list_queries, "FEW", 10)
    for module in (list_queries, pages):
        monkeypatch.setattr(module, "SAMPLED", 4)
        monkeypatch.setattr(module, "SCANNED", SCANNED)
    monkeypatch.setattr(list_queries, "FREQUENT", 30)
    monkeypatch.setattr(list_queries, "SCANNED_FREQUENT", 60)


def fill(chance: Random, count: int) -> None:
    """Create tickets with few different times, so that ids decide, some of them deleted."""
    with write_transaction() as session:
        team = [Person(name=name, role=Role.AGENT) for name in ("Ana", "Bea")]
        session.add_all(team)
        session.flush()
        for _ in range(count):
            values: dict[str, Any] = {
                field: chance.choice(list(known)) for field, known in FACETS.items()
            }
            at, later = (START + timedelta(hours=chance.randrange(count // 4)) for _ in range(2))
            settled = values["status"] in SETTLED
            ticket = Ticket(
                title=" ".join(chance.choices(WORDS, k=2)),
                description=" ".join(chance.choices(WORDS, k=2)),
                created_at=at,
                updated_at=max(at, later),
                urgency_score=chance.choice((0, 50, 100)),
                waiting_since=later if not settled and chance.random() < 0.3 else None,
                resolved_at=at if settled else None,
                assignee_id=chance.choice((None, None, team[0].id, team[1].id)),
                deleted_at=at if chance.random() < 0.1 else None,
                **values,
            )
            session.add(ticket)
            session.flush()
            for kind in chance.choices(list(MessageKind), k=chance.choice((0, 0, 1, 3))):
                body = " ".join(chance.choices(WORDS, k=2))
                session.add(Message(ticket_id=id_of(ticket), kind=kind, body=body, **BY_TEAM))


def random_filter(chance: Random) -> TicketFilter:
    chosen = {
        field: chance.sample(list(known), chance.choice((1, 1, 2, 3)))
        for field, known in FACETS.items()
        if chance.random() < 0.4
    }
    unanswered = chance.choice((None, None, True, False))
    assignee = chance.choice((None, None, 1, 2, NONE))
    search = chance.choice((None, *SEARCHES))
    return TicketFilter(**chosen, search=search, unanswered=unanswered, assignee=assignee)


def texts_of(ticket: TicketPublic) -> list[str]:
    messages = list_messages(over_rest(), ticket.id, MessageListQuery(limit=200))
    said = (each.body for each in messages)
    return [each.lower() for each in (ticket.title, ticket.description, *said)]


def is_wanted(ticket: TicketPublic, wanted: TicketFilter, texts: dict[int, list[str]]) -> bool:
    sought = (wanted.search or "").lower()
    waits = ticket.waiting_since is not None
    return (
        wanted.unanswered in (None, waits)
        and wanted.assignee in (None, ticket.assignee_id or NONE)
        and all(
            not getattr(wanted, field) or getattr(ticket, field) in getattr(wanted, field)
            for field in FACETS
        )
        and any(sought in each for each in texts[ticket.id])
    )


def key_of(ticket: TicketPublic, sort: Sort) -> tuple[Any, ...]:
    """Returns what a list of this sort has in ascending order."""
    never = datetime.max.replace(tzinfo=UTC)
    urgency = (-list(Priority).index(ticket.priority), -ticket.urgency_score)
    return {
        Sort.NEWEST: ((never - ticket.created_at).total_seconds(), -ticket.id),
        Sort.OLDEST: (ticket.created_at, ticket.id),
        Sort.WAITING: (ticket.waiting_since or never, ticket.id),
        Sort.URGENT: (*urgency, ticket.id),
        Sort.CHANGED: ((never - ticket.updated_at).total_seconds(), -ticket.id),
    }[sort]


def pages_of(query: TicketListQuery, sort: Sort, limit: int) -> list[TicketPage]:
    """Returns every page of a list, each from the cursor of the one before."""
    found: list[TicketPage] = []
    while not found or found[-1].next_cursor:
        cursor = found[-1].next_cursor if found else None
        place = {"sort": sort, "limit": limit, "cursor": cursor}
        found.append(list_tickets(over_rest(), TicketListQuery(**query.model_dump() | place)))
        assert len(found) <= 250
    return found


@pytest.mark.usefixtures("database", "few_are_scanned")
def test_pages_and_counts_are_those_of_a_look_at_every_ticket() -> None:
    chance = Random(SEED)
    fill(chance, 200)
    every = list_tickets(over_rest(), TicketListQuery(limit=200)).items
    assert len(every) > 150
    texts = {each.id: texts_of(each) for each in every}
    full, stopped = Counter[Sort](), Counter[Sort]()
    for number in range(250):
        wanted, limit, sort = random_filter(chance), chance.choice((3, 10)), list(Sort)[number % 5]
        right = sorted(
            (one for one in every if is_wanted(one, wanted, texts)),
            key=lambda one: key_of(one, sort),
        )
        found = pages_of(TicketListQuery(**wanted.model_dump()), sort, limit)
        listed = [ticket for page in found for ticket in page.items]
        said = {page.stopped_after for page in found} - {None}
        if said and (wanted.assignee or not is_unsettled(wanted)):
            # An order of some of the tickets, and of no others.
            assert listed == [one for one in right if one in listed], (wanted, sort)
        else:
            assert listed == right, (wanted, sort)
        assert said <= {SCANNED}
        assert not (said and sort in BY_FILING)
        assert all(len(page.items) == limit for page in found[:-1] if not page.stopped_after)
        assert count_tickets(over_rest(), wanted) == (len(right), False)
        full[sort] += len(listed) >= limit
        stopped[sort] += bool(said)
    assert min(full[sort] for sort in Sort) > 5
    assert min(stopped[sort] for sort in set(Sort) - BY_FILING) > 5


@pytest.mark.usefixtures("database")
def test_a_cursor_is_for_lists_of_its_sort() -> None:
    for _ in range(3):
        opened()
    for sort in Sort:
        cursor = list_tickets(over_rest(), TicketListQuery(sort=sort, limit=2)).next_cursor
        page = list_tickets(over_rest(), TicketListQuery(sort=sort, limit=2, cursor=cursor))
        assert len(page.items) == 1
        for other in set(Sort) - {sort}:
            with pytest.raises(InvalidInputError, match=f"by {sort}, and the sort is {other}"):
                parse(TicketListQuery, {"sort": other, "cursor": cursor})
    for number, tickets in ((-(10**15), 3), (10**16, 0)):
        query = TicketListQuery(sort=Sort.URGENT, cursor=f"urgent.{number}.1")
        assert len(list_tickets(over_rest(), query).items) == tickets


@pytest.mark.usefixtures("database")
def test_the_database_numbers_facets_as_the_filters_do() -> None:
    combinations = list(product(*FACETS.values()))
    with write_transaction() as session:
        for values in combinations:
            named: dict[str, Any] = dict(zip(FACETS, values, strict=True))
            resolved_at = START if named["status"] in SETTLED else None
            session.add(
                Ticket(title="A", description="B", created_at=START, updated_at=START,
                       resolved_at=resolved_at, **named)
            )  # fmt: skip
    with read_transaction() as session:
        rows = session.execute(text(f"SELECT {', '.join(FACETS)}, facet FROM ticket")).all()
    assert len({row.facet for row in rows}) == len(combinations) == 256
    for row in rows:
        wanted = TicketFilter.model_validate({field: [getattr(row, field)] for field in FACETS})
        assert facets_of(wanted) == [row.facet]


@pytest.mark.usefixtures("postgres_database")
def test_postgresql_numbers_traits_as_the_filters_do() -> None:
    opened(category="account", priority="critical", status="resolved")
    with read_transaction() as session:
        row = session.execute(text("SELECT traits, sentiment FROM ticket")).one()
    wanted = TicketFilter(
        category=["account"], priority=["critical"], status=["resolved"], sentiment=[row.sentiment]
    )
    assert row.traits == [number for field in FACETS for number in traits_of(wanted, field)]


def found(search: str) -> list[int]:
    return [ticket.id for ticket in list_tickets(over_rest(), TicketListQuery(search=search)).items]


@pytest.mark.usefixtures("database", "few_are_scanned")
def test_the_search_follows_every_change() -> None:
    ticket = opened(title="Broken printer", description="It smokes.")
    for _ in range(30):
        opened(title="Another matter", description="Not that.")
    assert found("PRINTER") == found("smokes") == [ticket.id]
    changed(ticket.id, title="Broken scanner")
    assert (found("printer"), found("scanner"), found("smokes")) == ([], [ticket.id], [ticket.id])
    with get_engine().begin() as connection:
        connection.execute(text("UPDATE ticket SET description = 'Ünder wäter' WHERE id = 1"))
    assert (found("smokes"), found("ÜNDER WÄTER")) == ([], [ticket.id])
    delete_ticket(over_rest(), ticket.id)
    assert found("scanner") == []
    restore_ticket(over_rest(), ticket.id)
    assert found("scanner") == [ticket.id]
    said = post_message(over_rest(), ticket.id, MessageCreate(body="The Fuser is worn."))
    assert found("fuser") == [ticket.id]
    with get_engine().begin() as connection:
        connection.execute(text("UPDATE message SET body = 'Größe' WHERE id = 1"))
    assert (said.id, found("fuser"), found("GRÖSSE"), found("größe")) == (1, [], [], [ticket.id])
    delete_ticket(over_rest(), ticket.id)
    assert found("größe") == []
