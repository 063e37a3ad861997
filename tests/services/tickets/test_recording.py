"""A change and its event are one commit, and the event records the whole change."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from harness.accounts import account, acting, administrator
from harness.actors import in_browser, over_rest
from harness.fake_provider import Script
from tests.services.conftest import Providing
from tests.services.desk import (
    PLAIN,
    all_rows,
    changed,
    command_at,
    events_of,
    jobs,
    opened,
    suggestions_of,
)
from ticket_app.actor import by_command, by_triage
from ticket_app.bus import Change, bus
from ticket_app.data.engine import get_engine
from ticket_app.schemas.tickets import TicketCreate, TicketUpdate
from ticket_app.services.tickets import changing, deleting, filing, listing
from ticket_app.triage.offline import triage_offline
from ticket_app.vocabulary import Edge, EventKind, Role, Status, TriageField, Who

pytestmark = pytest.mark.usefixtures("database")

OUTAGE = "Production is down for all users since 9:00, nobody can log in."
DATABASE_ERRORS = (DBAPIError, psycopg2.Error, sqlite3.Error)
"""The errors of a session, and of the drivers themselves."""
THEN = datetime(2026, 3, 14, 15, 9, 26, 535897, tzinfo=UTC)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[Change]:
    changes: list[Change] = []
    monkeypatch.setattr(bus, "publish", changes.append)
    return changes


def refuse_events() -> None:
    """Make the database refuse every further event, as a full disk would."""
    sqlite = "BEGIN SELECT RAISE(ABORT, 'refused by the test'); END"
    postgresql = "FOR EACH STATEMENT EXECUTE FUNCTION ticket_event_refuse()"
    with get_engine().begin() as connection:
        body = sqlite if connection.dialect.name == "sqlite" else postgresql
        connection.execute(
            text(f"CREATE TRIGGER refuse_insert BEFORE INSERT ON ticket_event {body}")
        )


@pytest.mark.parametrize(
    "verb",
    [
        opened,
        lambda: changed(1, status="closed", title="Another", description=OUTAGE),
        lambda: deleting.delete_ticket(over_rest(), 1),
        lambda: deleting.restore_ticket(over_rest(), 2),
    ],
    ids=["open", "update", "delete", "restore"],
)
def test_without_its_event_nothing_is_written_or_told(
    verb: Callable[[], object], published: list[Change]
) -> None:
    opened()
    deleting.delete_ticket(over_rest(), opened().id)
    refuse_events()
    before = all_rows()
    published.clear()
    with pytest.raises(DATABASE_ERRORS, match=r"refused by the test|append-only"):
        verb()
    assert all_rows() == before
    assert published == []


def test_a_change_tells_who_what_from_and_to(published: list[Change]) -> None:
    ticket = opened(category="billing", priority="low", requester_name="Ana")
    changed(
        ticket.id,
        in_browser(),
        priority="high",
        requester_name=None,
        requester_email="a@example.com",
    )
    changed(ticket.id, by_command(), status="resolved")
    deleting.delete_ticket(over_rest(), ticket.id)
    deleting.restore_ticket(in_browser(), ticket.id)
    assert [
        (e.ticket_version, e.kind, e.edge, e.actor, e.field, e.old_value, e.new_value)
        for e in events_of(ticket.id)
    ] == [
        (1, EventKind.CREATED, Edge.REST, Who.ANYONE, None, None, None),
        (2, EventKind.CHANGED, Edge.BROWSER, Who.ANYONE, "priority", "low", "high"),
        (2, EventKind.CHANGED, Edge.BROWSER, Who.ANYONE, "requester_name", "Ana", None),
        (2, EventKind.CHANGED, Edge.BROWSER, Who.ANYONE, "requester_email", None, "a@example.com"),
        (3, EventKind.CHANGED, Edge.CLI, Who.COMMAND, "status", "open", "resolved"),
        (4, EventKind.DELETED, Edge.REST, Who.ANYONE, None, None, None),
        (5, EventKind.RESTORED, Edge.BROWSER, Who.ANYONE, None, None, None),
    ]
    assert listing.get_ticket(over_rest(), ticket.id).version == 5
    assert [change.ticket_id for change in published] == [ticket.id] * 5


def test_tickets_that_are_filed_together_have_each_their_own_actor() -> None:
    actors = [over_rest(), command_at(THEN), in_browser(), by_triage()]
    new = TicketCreate.model_validate(PLAIN)
    for keys in ([None] * 4, ["a", None, "b", "c"]):
        requests = [filing.Request(*each) for each in zip(actors, [new] * 4, keys, strict=True)]
        filed = [each for each in filing.file_all_once(requests) if isinstance(each, filing.Filed)]
        recorded = [(e.actor, e.edge, e.created_at) for f in filed for e in events_of(f.ticket.id)]
        assert recorded == [(actor.who, actor.edge, actor.at) for actor in actors]


def test_each_event_names_the_person_who_acted() -> None:
    ada = administrator()
    person = acting(account("bea@example.com", Role.AGENT), Role.AGENT)
    bea, new = person.identity.person_id, TicketCreate.model_validate(PLAIN)
    batch = [filing.Request(person, new), filing.Request(person, new, "a-key")]
    (with_key, without) = (filing.file_all_once(batch[1:]), filing.file_all_once(batch[:1]))
    filed = [each for each in with_key + without if isinstance(each, filing.Filed)]
    assert [e.actor_id for f in filed for e in events_of(f.ticket.id)] == [bea, bea]
    ticket_id = filed[0].ticket.id
    changed(ticket_id, person, status="closed")
    changed(ticket_id, person, description=OUTAGE)
    deleting.delete_ticket(acting(ada, Role.ADMINISTRATOR), ticket_id)
    deleting.restore_ticket(person, ticket_id)
    changed(ticket_id, status="open")
    said = {(e.ticket_version, e.field or e.kind): e.actor_id for e in events_of(ticket_id)}
    assert said == {
        (1, "created"): bea,
        (2, "status"): bea,
        (3, "description"): bea,
        (3, "urgency_score"): None,
        (4, "deleted"): ada,
        (5, "restored"): bea,
        (6, "status"): None,
    }


def test_history_is_the_same_newest_first() -> None:
    ticket = opened(category="billing")
    changed(ticket.id, in_browser(), category="account")
    newest, oldest = listing.ticket_history(over_rest(), ticket.id)
    assert (newest.kind, newest.field) == (EventKind.CHANGED, "category")
    assert (newest.edge, newest.actor) == (Edge.BROWSER, Who.ANYONE)
    assert (newest.old_value, newest.new_value) == ("billing", "account")
    assert (oldest.kind, oldest.field) == (EventKind.CREATED, None)
    assert newest.created_at > oldest.created_at == ticket.created_at


def test_what_was_so_already_is_no_change(published: list[Change]) -> None:
    ticket = opened(category="billing", priority="low")
    before = all_rows()
    published.clear()
    assert changed(ticket.id, category="billing", status="open", title=PLAIN["title"]) == ticket
    assert all_rows() == before
    assert published == []


def test_a_new_text_is_scored_by_the_triage_in_the_same_version() -> None:
    ticket = opened(priority="low", category="billing")
    after = changed(ticket.id, in_browser(), description=OUTAGE)
    scored = triage_offline(OUTAGE, PLAIN["title"])
    assert after.urgency_score == scored.urgency_score.value != ticket.urgency_score
    lines = {e.field: e for e in events_of(ticket.id) if e.ticket_version == 2}
    assert (lines["description"].edge, lines["description"].actor) == (Edge.BROWSER, Who.ANYONE)
    # Nobody can choose a score, so the event names no person for it.
    assert (lines["urgency_score"].edge, lines["urgency_score"].actor) == (Edge.TRIAGE, Who.TRIAGE)
    assert lines["urgency_score"].new_value == str(after.urgency_score)
    assert after.version == 2


def test_all_five_suggestions_are_kept_when_a_person_chooses_otherwise() -> None:
    ticket = opened(title="Outage", description=OUTAGE, category="general", priority="low")
    changed(ticket.id, in_browser(), category="account", priority="medium", title="Nobody gets in")
    proposed = triage_offline(OUTAGE, "Outage")
    first = [s for s in suggestions_of(ticket.id) if s.created_at == ticket.created_at]
    assert {s.field: s.value for s in first} == {
        field: str(getattr(proposed, field).value) for field in TriageField
    }
    assert {s.field: s.value for s in first}["category"] == "technical"
    for line in first:
        assert line.confidence == pytest.approx(getattr(proposed, line.field).confidence, abs=1e-6)
        assert (line.engine, line.model) == (proposed.engine, proposed.model)
        assert line.prompt_version == proposed.prompt_version
        assert line.latency_ms >= 0
    assert (
        len(listing.ticket_suggestions(over_rest(), ticket.id))
        == len(suggestions_of(ticket.id))
        == 10
    )


def test_a_change_may_be_backdated_with_its_history() -> None:
    ticket = filing.open_ticket(command_at(THEN), TicketCreate.model_validate(PLAIN))
    assert ticket.created_at == ticket.updated_at == THEN
    later = THEN + timedelta(hours=5)
    solved = changing.update_ticket(
        command_at(later), ticket.id, TicketUpdate(status=Status.RESOLVED)
    )
    assert (solved.created_at, solved.updated_at, solved.resolved_at) == (THEN, later, later)
    assert [e.created_at for e in events_of(ticket.id)] == [THEN, later]
    assert {s.created_at for s in suggestions_of(ticket.id)} == {THEN}


def test_a_new_text_awaits_a_provider_where_there_is_one(
    published: list[Change], providing: Providing
) -> None:
    opened()
    providing(Script.GOOD)
    assert jobs() == []
    opened(category="billing", priority="low")
    assert [job.ticket_id for job in jobs()] == [2]
    changed(1, title="All customers see it")
    assert [job.ticket_id for job in jobs()] == [1, 2]
    changed(2, status="closed")
    assert [job.ticket_id for job in jobs()] == [1, 2]
    assert published == [
        Change(1, EventKind.CREATED),
        Change(2, EventKind.CREATED),
        Change(1, EventKind.CHANGED, frozenset({"title", "urgency_score", "triage_status"})),
        Change(2, EventKind.CHANGED, frozenset({"status", "resolved_at", "waiting_since"})),
    ]
