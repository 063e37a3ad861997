"""A change and what records it are one commit, and the record tells all of it."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.services.conftest import Providing
from tests.services.desk import PLAIN, changed, events_of, opened, suggestions_of, written
from tests.triage.fake_provider import Script
from ticket_app.bus import Change, bus
from ticket_app.data.engine import get_engine
from ticket_app.schemas.tickets import TicketCreate, TicketUpdate
from ticket_app.services.tickets import changing, deleting, filing, listing
from ticket_app.triage.offline import triage_offline
from ticket_app.vocabulary import Edge, EventKind, Status, TriageField

pytestmark = pytest.mark.usefixtures("database")

OUTAGE = "Production is down for all users since 9:00, nobody can log in."
DATABASE_ERRORS = (DBAPIError, psycopg2.Error, sqlite3.Error)
"""Of a session, or of a driver itself."""
THEN = datetime(2026, 3, 14, 15, 9, 26, 535897, tzinfo=UTC)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[Change]:
    changes: list[Change] = []
    monkeypatch.setattr(bus, "publish", changes.append)
    return changes


def refuse_events() -> None:
    """From now on the database refuses every event, as a full disk would."""
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
        lambda: deleting.delete_ticket(1, Edge.REST),
        lambda: deleting.restore_ticket(2, Edge.REST),
    ],
    ids=["open", "update", "delete", "restore"],
)
def test_without_its_event_nothing_is_written_or_told(
    verb: Callable[[], object], published: list[Change]
) -> None:
    opened()
    deleting.delete_ticket(opened().id, Edge.REST)
    refuse_events()
    before = written()
    published.clear()
    with pytest.raises(DATABASE_ERRORS, match=r"refused by the test|append-only"):
        verb()
    assert written() == before
    assert published == []


def test_a_change_tells_who_what_from_and_to(published: list[Change]) -> None:
    ticket = opened(category="billing", priority="low", requester_name="Ana")
    changed(
        ticket.id,
        Edge.BROWSER,
        priority="high",
        requester_name=None,
        requester_email="a@example.com",
    )
    changed(ticket.id, Edge.CLI, status="resolved")
    deleting.delete_ticket(ticket.id, Edge.REST)
    deleting.restore_ticket(ticket.id, Edge.BROWSER)
    assert [
        (e.ticket_version, e.kind, e.edge, e.field, e.old_value, e.new_value)
        for e in events_of(ticket.id)
    ] == [
        (1, EventKind.CREATED, Edge.REST, None, None, None),
        (2, EventKind.CHANGED, Edge.BROWSER, "priority", "low", "high"),
        (2, EventKind.CHANGED, Edge.BROWSER, "requester_name", "Ana", None),
        (2, EventKind.CHANGED, Edge.BROWSER, "requester_email", None, "a@example.com"),
        (3, EventKind.CHANGED, Edge.CLI, "status", "open", "resolved"),
        (4, EventKind.DELETED, Edge.REST, None, None, None),
        (5, EventKind.RESTORED, Edge.BROWSER, None, None, None),
    ]
    assert listing.get_ticket(ticket.id).version == 5
    assert [change.ticket_id for change in published] == [ticket.id] * 5


def test_history_is_the_same_newest_first() -> None:
    ticket = opened(category="billing")
    changed(ticket.id, Edge.BROWSER, category="account")
    newest, oldest = listing.ticket_history(ticket.id)
    assert (newest.kind, newest.edge, newest.field) == (EventKind.CHANGED, Edge.BROWSER, "category")
    assert (newest.old_value, newest.new_value) == ("billing", "account")
    assert (oldest.kind, oldest.field) == (EventKind.CREATED, None)
    assert newest.created_at > oldest.created_at == ticket.created_at


def test_what_was_so_already_is_no_change(published: list[Change]) -> None:
    ticket = opened(category="billing", priority="low")
    before = written()
    published.clear()
    assert changed(ticket.id, category="billing", status="open", title=PLAIN["title"]) == ticket
    assert written() == before
    assert published == []


def test_a_new_text_is_scored_by_the_triage_in_the_same_version() -> None:
    ticket = opened(priority="low", category="billing")
    after = changed(ticket.id, Edge.BROWSER, description=OUTAGE)
    scored = triage_offline(OUTAGE, PLAIN["title"])
    assert after.urgency_score == scored.urgency_score.value != ticket.urgency_score
    lines = {e.field: e for e in events_of(ticket.id) if e.ticket_version == 2}
    assert lines["description"].edge == Edge.BROWSER
    # Nobody can choose a score, so no person is named as having changed it.
    assert lines["urgency_score"].edge == Edge.TRIAGE
    assert lines["urgency_score"].new_value == str(after.urgency_score)
    assert after.version == 2


def test_all_five_suggestions_are_kept_when_a_person_chooses_otherwise() -> None:
    ticket = opened(title="Outage", description=OUTAGE, category="general", priority="low")
    changed(ticket.id, Edge.BROWSER, category="account", priority="medium", title="Nobody gets in")
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
    assert len(listing.ticket_suggestions(ticket.id)) == len(suggestions_of(ticket.id)) == 10


def test_a_change_may_be_backdated_with_its_history() -> None:
    ticket = filing.open_ticket(TicketCreate.model_validate(PLAIN), Edge.CLI, at=THEN)
    assert ticket.created_at == ticket.updated_at == THEN
    later = THEN + timedelta(hours=5)
    solved = changing.update_ticket(
        ticket.id, TicketUpdate(status=Status.RESOLVED), Edge.CLI, at=later
    )
    assert (solved.created_at, solved.updated_at, solved.resolved_at) == (THEN, later, later)
    assert [e.created_at for e in events_of(ticket.id)] == [THEN, later]
    assert {s.created_at for s in suggestions_of(ticket.id)} == {THEN}


def test_a_new_text_awaits_a_provider_where_there_is_one(
    published: list[Change], providing: Providing
) -> None:
    opened()
    providing(Script.GOOD)
    opened(category="billing", priority="low")
    changed(1, title="Another title")
    changed(1, status="closed")
    assert [change.awaits_triage for change in published] == [False, True, True, False]
