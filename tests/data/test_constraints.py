"""Every constraint of the tables holds against raw SQL, on both databases."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError

from tests.conftest import new_postgres
from ticket_app.data.engine import get_engine, use_database
from ticket_app.vocabulary import BLANKS, Category, Priority, Sentiment, Status

TICKET = {"id": 1, "title": "A", "description": "B", "category": "billing", "priority": "low"}
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

PERSON = {"name": "Ann", "email": "ann@example.com"}
REFUSED_PEOPLE = {
    "no name": {"name": None},
    "a blank name": {"name": BLANKS},
    "a name of what is invisible": {"name": INVISIBLE},
    "a name of two lines": {"name": "a\nb"},
    "a long name": {"name": "x" * 101},
    "NUL in the name": {"name": "a\0b"},
    "an address without @": {"email": "ann.example.com"},
    "an address with a blank": {"email": "an n@example.com"},
    "a long address": {"email": "a@" + "x" * 253},
    "an address in capitals": {"email": "ann@Example.com"},
    "an unknown role": {"role": "owner"},
    "no role": {"role": None},
    "neither active nor not": {"active": 2},
    "active is unknown": {"active": None},
    "no creation time": {"created_at": None},
    "a time that is none": {"updated_at": "some day"},
}

REFUSED_EVENTS = {
    "unknown ticket": {"ticket_id": 99},
    "unknown kind": {"kind": "merged"},
    "unknown edge": {"edge": "fax"},
    "unknown actor": {"actor": "somebody"},
    "no actor": {"actor": None},
    "a change of nothing": {"kind": "changed"},
    "a field without a change": {"field": "status"},
    "version 0": {"ticket_version": 0},
}

ENTRY = {"who": "anyone", "edge": "browser", "action": "sign_in"}
SAME_ENTRY = "audit_entry (id, who, edge, action) VALUES (1, 'anyone', 'rest', 'forged')"
REFUSED_ENTRIES = {
    "nobody": {"who": None},
    "an unknown kind of actor": {"who": "somebody"},
    "an unknown edge": {"edge": "fax"},
    "an unknown actor": {"actor_id": 99},
    "a person whom nobody knows": {"person_id": 99},
    "no action": {"action": None},
    "an empty action": {"action": ""},
    "a long action": {"action": "x" * 41},
    "an action in words": {"action": "signed in"},
    "an action in capitals": {"action": "SIGN_IN"},
    "a long client": {"client_address": "x" * 65},
    "a long detail": {"detail": "x" * 201},
    "no detail": {"detail": None},
    "NUL in the detail": {"detail": "a\0b"},
    "a time that is none": {"created_at": "some day"},
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
    "a response in a bucket too far": ("ticket_response", {"bucket": 1_602}),
    "a response on a day that is none": ("ticket_response_day", {"day": "2026-13-01"}),
    "an assignee's count of no slot": ("ticket_assignee", {"slot": -1}),
    "changes of no slot": ("ticket_changes", {"slot": 16}),
}
COUNTERS: dict[str, dict[str, Any]] = {
    "ticket_count": {
        "category": "billing", "priority": "low", "status": "open", "sentiment": "calm",
        "slot": 15, "tickets": -1,
    },
    "ticket_day": {"day": "2026-02-28", "slot": 15, "created": -1},
    "ticket_resolution": {"bucket": 1_601, "slot": 15, "tickets": -1},
    "ticket_response": {"bucket": 1_601, "slot": 15, "tickets": -1},
    "ticket_response_day": {"day": "2026-02-28", "slot": 15, "responded": -1},
    "ticket_assignee": {"assignee_id": 0, "slot": 15, "tickets": -1},
    "ticket_changes": {"slot": 15, "changes": 1},
}  # fmt: skip


class Rows:
    """Raw SQL on the rows of one test, in a transaction that ends with it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def insert(self, table: str, values: dict[str, Any]) -> None:
        """Insert one row; a refused row leaves the others in place."""
        # psycopg2 itself refuses NUL, with a ValueError; the server would as well, so both count.
        columns, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
        self.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)

    def execute(self, statement: str, values: dict[str, Any] | None = None) -> None:
        """Execute one statement; a refused statement changes nothing."""
        with self.connection.begin_nested():
            self.connection.execute(text(statement), values)

    def count(self, table: str) -> int:
        """Returns the number of rows in a table."""
        return int(self.connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def _one_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """An empty, migrated database for all tests of this module, on each engine in turn."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("constraints") / "desk.sqlite3"
        shutil.copyfile(request.getfixturevalue("_sqlite_template"), path)
        use_database(f"sqlite:///{path}")
    else:
        server, template = map(request.getfixturevalue, ("postgres_server", "_postgres_template"))
        use_database(new_postgres(server, template=template))
    yield
    use_database(None)


@pytest.fixture
def rows(_one_database: None) -> Iterator[Rows]:
    """Only the vocabulary has rows, before and after the test."""
    with get_engine().connect() as connection:
        yield Rows(connection)
        connection.rollback()


def test_raw_ticket_gets_the_defaults(rows: Rows) -> None:
    rows.insert("ticket", {name: value for name, value in TICKET.items() if name != "id"})
    row = rows.connection.execute(text("SELECT * FROM ticket")).one()
    assert (row.status, row.sentiment, row.urgency_score) == ("open", "neutral", 50)
    assert row.id > 0
    assert row.version == 1 and row.created_at and row.updated_at
    assert row.resolved_at is None and row.deleted_at is None


@pytest.mark.parametrize("wrong", REFUSED_TICKETS.values(), ids=REFUSED_TICKETS.keys())
def test_raw_ticket_is_refused(rows: Rows, wrong: dict[str, Any]) -> None:
    with pytest.raises((DatabaseError, ValueError)):
        rows.insert("ticket", TICKET | wrong)
    assert rows.count("ticket") == 0


@pytest.mark.parametrize("wrong", REFUSED_PEOPLE.values(), ids=REFUSED_PEOPLE.keys())
def test_raw_person_is_refused(rows: Rows, wrong: dict[str, Any]) -> None:
    with pytest.raises((DatabaseError, ValueError)):
        rows.insert("person", PERSON | wrong)
    assert rows.count("person") == 0


def test_an_address_is_one_persons_and_many_people_may_have_none(rows: Rows) -> None:
    for values in (PERSON, {"name": "Bob"}, {"name": "Bob"}):
        rows.insert("person", values)
    with pytest.raises(DatabaseError):
        rows.insert("person", PERSON)
    with pytest.raises(DatabaseError):
        rows.insert("ticket", TICKET | {"requester_id": 99})
    assert (rows.count("person"), rows.count("ticket")) == (3, 0)


def test_a_subject_is_one_person_and_a_person_has_one_at_a_provider(rows: Rows) -> None:
    for name in ("Ann", "Bob"):
        rows.insert("person", {"name": name})
    people = text("SELECT id FROM person ORDER BY id")
    ann, bob = rows.connection.execute(people).scalars()
    identity = {"issuer": "https://id.example.com", "subject": "a-1", "person_id": ann}
    rows.insert("person_identity", identity)
    rows.insert("person_identity", identity | {"issuer": "https://other.example.com"})
    for wrong in (
        {"person_id": bob}, {"subject": "a-2"}, {"subject": "b", "person_id": 99},
        {"subject": "", "person_id": bob}, {"subject": "x" * 256, "person_id": bob},
        {"issuer": "", "person_id": bob}, {"subject": "a\0b", "person_id": bob},
    ):  # fmt: skip
        with pytest.raises((DatabaseError, ValueError)):
            rows.insert("person_identity", identity | wrong)
    assert rows.count("person_identity") == 2


def test_raw_address_is_refused(rows: Rows) -> None:
    for part in ("@", " ", ",", ";", ":", "<", ">", '"', ".."):
        with pytest.raises(DatabaseError):
            rows.insert("ticket", TICKET | {"requester_email": f"ana{part}b@example.com"})
    assert rows.count("ticket") == 0


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
def test_raw_ticket_at_the_edge_of_a_rule_is_taken(rows: Rows, right: dict[str, Any]) -> None:
    rows.insert("ticket", TICKET | right)
    assert rows.count("ticket") == 1


@pytest.mark.parametrize("wrong", REFUSED_EVENTS.values(), ids=REFUSED_EVENTS.keys())
def test_raw_event_is_refused(rows: Rows, wrong: dict[str, Any]) -> None:
    rows.insert("ticket", TICKET)
    rows.insert("ticket_event", EVENT)
    with pytest.raises(DatabaseError):
        rows.insert("ticket_event", EVENT | wrong)
    assert rows.count("ticket_event") == 1


@pytest.mark.parametrize("wrong", REFUSED_ENTRIES.values(), ids=REFUSED_ENTRIES.keys())
def test_raw_entry_of_the_audit_is_refused(rows: Rows, wrong: dict[str, Any]) -> None:
    rows.insert("audit_entry", ENTRY | {"ticket_id": 99})
    with pytest.raises((DatabaseError, ValueError)):
        rows.insert("audit_entry", ENTRY | wrong)
    assert rows.count("audit_entry") == 1


@pytest.mark.parametrize("wrong", REFUSED_SUGGESTIONS.values(), ids=REFUSED_SUGGESTIONS.keys())
def test_raw_suggestion_is_refused(rows: Rows, wrong: dict[str, Any]) -> None:
    rows.insert("ticket", TICKET)
    rows.insert("suggestion", SUGGESTION)
    with pytest.raises(DatabaseError):
        rows.insert("suggestion", SUGGESTION | wrong)
    assert rows.count("suggestion") == 1


@pytest.mark.parametrize("wrong", REFUSED_LESSONS.values(), ids=REFUSED_LESSONS.keys())
def test_raw_lesson_is_refused(rows: Rows, wrong: dict[str, Any]) -> None:
    rows.insert("learned_model", LESSON | {"model": b"numbers"})
    rows.insert("learned_model", LESSON)
    rows.insert("learned_model", LESSON | {"field": "priority", "model": b"numbers"})
    with pytest.raises(DatabaseError):
        rows.insert("learned_model", LESSON | wrong)
    assert rows.count("learned_model") == 3


@pytest.mark.parametrize("wrong", REFUSED_TURNS.values(), ids=REFUSED_TURNS.keys())
def test_raw_turn_is_refused(rows: Rows, wrong: dict[str, Any]) -> None:
    with pytest.raises(DatabaseError):
        rows.insert("learning_turn", wrong)
    assert rows.count("learning_turn") == 2


def test_raw_turn_that_counts_below_nothing_is_refused(rows: Rows) -> None:
    with pytest.raises(DatabaseError):
        rows.execute("UPDATE learning_turn SET decided = -1")


@pytest.mark.parametrize("wrong", REFUSED_KEYS.values(), ids=REFUSED_KEYS.keys())
def test_raw_idempotency_key_is_refused(rows: Rows, wrong: dict[str, Any]) -> None:
    rows.insert("ticket", TICKET)
    rows.insert("idempotency_key", KEY)
    with pytest.raises(DatabaseError):
        rows.insert("idempotency_key", KEY | wrong)
    assert rows.count("idempotency_key") == 1


@pytest.mark.parametrize("case", REFUSED_COUNTERS.values(), ids=REFUSED_COUNTERS.keys())
def test_raw_counter_is_refused(rows: Rows, case: tuple[str, dict[str, Any]]) -> None:
    table, wrong = case
    before = rows.count(table)
    with pytest.raises(DatabaseError):
        rows.insert(table, COUNTERS[table] | wrong)
    rows.insert(table, COUNTERS[table])
    assert rows.count(table) == before + 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ticket_event SET edge = 'cli'",
        "DELETE FROM ticket_event",
        "DELETE FROM ticket",
        "TRUNCATE ticket_event",  # SQLite does not know it at all
        # PostgreSQL does not know this statement; SQLite's triggers for DELETE do not see it.
        f"INSERT OR REPLACE INTO {SAME_EVENT}",
        f"INSERT INTO {SAME_EVENT} ON CONFLICT (id) DO UPDATE SET edge = 'cli'",
    ],
)
def test_history_is_append_only(rows: Rows, statement: str) -> None:
    rows.insert("ticket", TICKET)
    rows.insert("ticket_event", EVENT | {"id": 1})
    with pytest.raises(DatabaseError):
        rows.execute(statement)
    kept = rows.connection.execute(text("SELECT edge FROM ticket_event"))
    assert kept.scalars().all() == ["rest"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET action = 'forged'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",  # SQLite does not know it at all
        # PostgreSQL does not know this statement; SQLite's triggers for DELETE do not see it.
        f"INSERT OR REPLACE INTO {SAME_ENTRY}",
        f"INSERT INTO {SAME_ENTRY} ON CONFLICT (id) DO UPDATE SET action = 'forged'",
    ],
)
def test_the_audit_is_append_only(rows: Rows, statement: str) -> None:
    rows.insert("audit_entry", ENTRY | {"id": 1})
    with pytest.raises(DatabaseError):
        rows.execute(statement)
    kept = rows.connection.execute(text("SELECT action FROM audit_entry"))
    assert kept.scalars().all() == ["sign_in"]
