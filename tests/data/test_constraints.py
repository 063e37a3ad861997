"""Every rule of the tables holds against raw SQL, on both engines."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from ticket_app.data.engine import get_engine
from ticket_app.vocabulary import BLANKS, Category, Priority, Sentiment, Status

pytestmark = pytest.mark.usefixtures("database")

TICKET = {"title": "A", "description": "B", "category": "billing", "priority": "low"}
EVENT = {"ticket_id": 1, "ticket_version": 1, "kind": "created", "edge": "rest"}
SUGGESTION = {
    "ticket_id": 1, "field": "category", "value": "billing", "confidence": 0.5,
    "engine": "offline", "model": "rules", "prompt_version": "1", "latency_ms": 0.1,
}  # fmt: skip
SAME_EVENT = (
    "ticket_event (id, ticket_id, ticket_version, kind, edge) VALUES (1, 1, 1, 'created', 'cli')"
)
MOMENT = "2026-11-21 10:00:00.000000"

INVISIBLE = " \u00ad\u034f\u115f\u180e\u200d\u2064\u2800\u3164\ufe0f\uffa0\U000e0020\x1b\n"

REFUSED_TICKETS = {
    "no title": {"title": None},
    "empty title": {"title": ""},
    "blank title": {"title": f" {BLANKS} "},
    "long title": {"title": "x" * 201},
    "no description": {"description": None},
    "blank description": {"description": BLANKS},
    "long description": {"description": "x" * 20_001},
    "NUL in the title": {"title": "a\0b"},
    "a title of what is invisible": {"title": INVISIBLE},
    "a description of what is invisible": {"description": INVISIBLE},
    "a name of what is invisible": {"requester_name": INVISIBLE},
    "a title of two lines": {"title": "a\nb"},
    "a title with an escape": {"title": "a\x1b[31mb"},
    "a name with a paragraph separator": {"requester_name": "a\u2029b"},
    "no category": {"category": None},
    "unknown category": {"category": "sales"},
    "category in capitals": {"category": "Billing"},
    "no priority": {"priority": None},
    "unknown priority": {"priority": "urgent"},
    "no status": {"status": None},
    "unknown status": {"status": "pending"},
    "no sentiment": {"sentiment": None},
    "unknown sentiment": {"sentiment": "happy"},
    "urgency below 0": {"urgency_score": -1},
    "urgency above 100": {"urgency_score": 101},
    "no urgency": {"urgency_score": None},
    "urgency that is no number": {"urgency_score": "soon"},
    "blank requester": {"requester_name": " "},
    "long requester": {"requester_name": "x" * 101},
    "address without @": {"requester_email": "ana.example.com"},
    "address without a name": {"requester_email": "@example.com"},
    "long address": {"requester_email": "a@" + "x" * 253},
    "resolved without a time": {"status": "resolved"},
    "closed without a time": {"status": "closed"},
    "open with a time of resolving": {"resolved_at": MOMENT},
    "no version": {"version": None},
    "version 0": {"version": 0},
    "no creation time": {"created_at": None},
    "no time of change": {"updated_at": None},
    "a time that is none": {"created_at": "some day"},
    "a month 13": {"created_at": "2026-13-01 10:00:00.000000"},
    "26 characters that are no time": {"created_at": "x" * 26},
}

REFUSED_EVENTS = {
    "unknown ticket": {"ticket_id": 99},
    "unknown kind": {"kind": "merged"},
    "unknown edge": {"edge": "fax"},
    "a change of nothing": {"kind": "changed"},
    "a field without a change": {"field": "status"},
    "version 0": {"ticket_version": 0},
}

LESSON = {"field": "category", "examples": 200, "verdict": "better", "comparison": "{}"}
REFUSED_LESSONS = {
    "unknown field": {"field": "title"},
    "no field": {"field": None},
    "unknown verdict": {"verdict": "worse"},
    "no examples": {"examples": 0},
    "no comparison": {"comparison": None},
    "a model that is not better": {"verdict": "not_better", "model": b"numbers"},
    "two models of a field": {"model": b"numbers"},
}

REFUSED_TURNS = {
    "a second turn": {"field": "category"},
    "unknown field": {"field": "title"},
    "nobody's": {"field": None},
}

KEY = {"key": "k", "fingerprint": "0" * 64, "ticket_id": 1, "ticket": "{}"}
REFUSED_KEYS = {
    "a key that is taken": {},
    "no key": {"key": None},
    "an empty key": {"key": ""},
    "a long key": {"key": "x" * 256},
    "a short fingerprint": {"key": "l", "fingerprint": "0"},
    "unknown ticket": {"key": "l", "ticket_id": 99},
    "no answer": {"key": "l", "ticket": None},
    "a time that is none": {"key": "l", "created_at": "some day"},
}

REFUSED_SUGGESTIONS = {
    "unknown ticket": {"ticket_id": 99},
    "unknown field": {"field": "status", "value": "open"},
    "unknown category": {"value": "sales"},
    "unknown priority": {"field": "priority", "value": "urgent"},
    "unknown sentiment": {"field": "sentiment", "value": "happy"},
    "blank title": {"field": "title", "value": " "},
    "confidence above 1": {"confidence": 1.1},
    "confidence below 0": {"confidence": -0.1},
    "negative latency": {"latency_ms": -1},
    "no engine": {"engine": None},
}


REFUSED_COUNTERS = {
    "unknown status": ("ticket_count", {"status": "pending"}),
    "unknown category": ("ticket_count", {"category": "sales"}),
    "unknown priority": ("ticket_count", {"priority": "urgent"}),
    "unknown sentiment": ("ticket_count", {"sentiment": "happy"}),
    "tickets that are no number": ("ticket_count", {"tickets": "many"}),
    "nobody's count": ("ticket_count", {"slot": None}),
    "a slot too far": ("ticket_count", {"slot": 16}),
    "a slot below 0": ("ticket_day", {"slot": -1}),
    "a day that is none": ("ticket_day", {"day": "2026-13-01"}),
    "a day in words": ("ticket_day", {"day": "some day"}),
    "a bucket below 0": ("ticket_resolution", {"bucket": -1}),
    "a bucket too far": ("ticket_resolution", {"bucket": 1_602}),
    "changes of no slot": ("ticket_changes", {"slot": 16}),
}
COUNTERS: dict[str, dict[str, Any]] = {
    "ticket_count": {
        "category": "billing", "priority": "low", "status": "open", "sentiment": "calm",
        "slot": 15, "tickets": -1,
    },
    "ticket_day": {"day": "2026-02-28", "slot": 15, "created": -1},
    "ticket_resolution": {"bucket": 1_601, "slot": 15, "tickets": -1},
    "ticket_changes": {"slot": 15, "changes": 1},
}  # fmt: skip


def insert(table: str, values: dict[str, Any]) -> None:
    """One row by raw SQL."""
    # psycopg2 refuses a NUL itself, with a ValueError; the server would, so both count as refused.
    columns = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    with get_engine().begin() as connection:
        connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({marks})"), values)


def count(table: str) -> int:
    """Rows in a table."""
    with get_engine().connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_raw_ticket_gets_the_defaults() -> None:
    insert("ticket", TICKET)
    with get_engine().connect() as connection:
        row = connection.execute(text("SELECT * FROM ticket")).one()
    assert (row.id, row.status, row.sentiment, row.urgency_score) == (1, "open", "neutral", 50)
    assert row.version == 1 and row.created_at and row.updated_at
    assert row.resolved_at is None and row.deleted_at is None


@pytest.mark.parametrize("wrong", REFUSED_TICKETS.values(), ids=REFUSED_TICKETS.keys())
def test_raw_ticket_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises((DatabaseError, ValueError)):
        insert("ticket", TICKET | wrong)
    assert count("ticket") == 0


def test_raw_address_is_refused() -> None:
    for part in ("@", " ", ",", ";", ":", "<", ">", '"', ".."):
        with pytest.raises(DatabaseError):
            insert("ticket", TICKET | {"requester_email": f"ana{part}b@example.com"})
    assert count("ticket") == 0


@pytest.mark.parametrize(
    "right",
    [
        *({"category": value} for value in Category),
        *({"priority": value} for value in Priority),
        *({"sentiment": value} for value in Sentiment),
        *({"status": value} for value in Status if value in ("open", "in_progress")),
        {"status": "resolved", "resolved_at": MOMENT},
        {"status": "closed", "resolved_at": MOMENT},
        {"title": "x" * 200},
        {"title": f"  {'x' * 200}\n"},
        {"title": "ü" * 200},
        {"description": "ü" * 20_000},
        {"title": "❤\ufe0f", "description": "\u200dx"},
        {"title": "\r\nA\u2028", "description": "a\nb\x1b"},
        {"urgency_score": 0},
        {"urgency_score": 100},
        {"requester_name": "Ana", "requester_email": "a@b"},
    ],
    ids=str,
)
def test_raw_ticket_at_the_edge_of_a_rule_is_taken(right: dict[str, Any]) -> None:
    insert("ticket", TICKET | right)
    assert count("ticket") == 1


@pytest.mark.parametrize("wrong", REFUSED_EVENTS.values(), ids=REFUSED_EVENTS.keys())
def test_raw_event_is_refused(wrong: dict[str, Any]) -> None:
    insert("ticket", TICKET)
    insert("ticket_event", EVENT)
    with pytest.raises(DatabaseError):
        insert("ticket_event", EVENT | wrong)
    assert count("ticket_event") == 1


@pytest.mark.parametrize("wrong", REFUSED_SUGGESTIONS.values(), ids=REFUSED_SUGGESTIONS.keys())
def test_raw_suggestion_is_refused(wrong: dict[str, Any]) -> None:
    insert("ticket", TICKET)
    insert("suggestion", SUGGESTION)
    with pytest.raises(DatabaseError):
        insert("suggestion", SUGGESTION | wrong)
    assert count("suggestion") == 1


@pytest.mark.parametrize("wrong", REFUSED_LESSONS.values(), ids=REFUSED_LESSONS.keys())
def test_raw_lesson_is_refused(wrong: dict[str, Any]) -> None:
    insert("learned_model", LESSON | {"model": b"numbers"})
    insert("learned_model", LESSON)
    insert("learned_model", LESSON | {"field": "priority", "model": b"numbers"})
    with pytest.raises(DatabaseError):
        insert("learned_model", LESSON | wrong)
    assert count("learned_model") == 3


@pytest.mark.parametrize("wrong", REFUSED_TURNS.values(), ids=REFUSED_TURNS.keys())
def test_raw_turn_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(DatabaseError):
        insert("learning_turn", wrong)
    assert count("learning_turn") == 2


def test_raw_turn_that_counts_below_nothing_is_refused() -> None:
    with pytest.raises(DatabaseError), get_engine().begin() as connection:
        connection.execute(text("UPDATE learning_turn SET decided = -1"))


@pytest.mark.parametrize("wrong", REFUSED_KEYS.values(), ids=REFUSED_KEYS.keys())
def test_raw_idempotency_key_is_refused(wrong: dict[str, Any]) -> None:
    insert("ticket", TICKET)
    insert("idempotency_key", KEY)
    with pytest.raises(DatabaseError):
        insert("idempotency_key", KEY | wrong)
    assert count("idempotency_key") == 1


@pytest.mark.parametrize("case", REFUSED_COUNTERS.values(), ids=REFUSED_COUNTERS.keys())
def test_raw_counter_is_refused(case: tuple[str, dict[str, Any]]) -> None:
    table, wrong = case
    before = count(table)
    with pytest.raises(DatabaseError):
        insert(table, COUNTERS[table] | wrong)
    insert(table, COUNTERS[table])
    assert count(table) == before + 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ticket_event SET edge = 'cli'",
        "DELETE FROM ticket_event",
        "DELETE FROM ticket",
        # PostgreSQL does not know this one at all; SQLite's triggers for DELETE do not see it.
        f"INSERT OR REPLACE INTO {SAME_EVENT}",
        f"INSERT INTO {SAME_EVENT} ON CONFLICT (id) DO UPDATE SET edge = 'cli'",
    ],
)
def test_history_is_append_only(statement: str) -> None:
    insert("ticket", TICKET)
    insert("ticket_event", EVENT)
    with pytest.raises(DatabaseError), get_engine().begin() as connection:
        connection.execute(text(statement))
    with get_engine().connect() as connection:
        assert connection.execute(text("SELECT edge FROM ticket_event")).scalars().all() == ["rest"]


def test_history_cannot_be_truncated(postgres_database: str) -> None:
    insert("ticket", TICKET)
    insert("ticket_event", EVENT)
    with pytest.raises(DatabaseError), get_engine().begin() as connection:
        connection.execute(text("TRUNCATE ticket_event"))
    assert count("ticket_event") == 1
