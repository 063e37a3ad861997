"""A requester whose texts have a canary in them, everywhere they can be, and a search for it."""

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import text
from starlette.testclient import TestClient

from harness.accounts import account, administrator, session_token
from tests.services.desk import attached, changed, opened
from ticket_app.actor import by_command
from ticket_app.api.app import make_api
from ticket_app.data.engine import get_engine, write_transaction
from ticket_app.data.people.tables import PersonIdentity
from ticket_app.data.triage.tables import LearnedModel, TriageCall, TriageJob
from ticket_app.schemas.conversation import MessageCreate
from ticket_app.schemas.people import TokenCreate
from ticket_app.services.conversation.posting import post_message
from ticket_app.services.people.accounts import invitations, rights
from ticket_app.services.people.api_tokens.issuing import make_token_for
from ticket_app.services.tickets.deleting import delete_ticket
from ticket_app.settings import get_settings
from ticket_app.vocabulary import MessageKind, Role, TriageScope

CANARY = "Xqcanary"
RARE = "\ua66e"
"""A letter that no other text has. Entries of a search index have a few letters of a text each."""
WORDS = f"{CANARY}{RARE}"
EVE = f"{CANARY}@example.com"
BOB = "bob@example.com"
TEXTS = {
    "title": f"My {WORDS} has a fault",
    "description": f"The {WORDS} sings in the {WORDS} at night, urgently! " * 40,
    "requester_name": f"Eve {WORDS}",
    "requester_email": EVE,
}
KEY = {"Idempotency-Key": "6b0f1c1e-1c55-4d0c-8b1c-0f6f8f6d3e51"}


def leave_traces() -> list[int]:
    """Files Eve's tickets and changes them in every way; returns their ids, the handed on last."""
    with TestClient(make_api()) as client:
        by_key = client.post("/api/tickets/", json=TEXTS, headers=KEY).json()["id"]
    administrator()
    edited, deleted, unlinked = (opened(**TEXTS).id for _ in range(3))
    for number in range(3):
        changed(edited, title=f"{WORDS} again", description=f"Still {WORDS}. " * number + "Why?")
        changed(edited, requester_name=f"{WORDS} {number}", requester_email=EVE.swapcase())
    for kind in MessageKind:
        sent = attached(edited, f"The {WORDS}.".encode(), f"{WORDS}.txt").id
        new = MessageCreate(body=f"To {WORDS}", kind=kind, attachments=[sent])
        post_message(by_command(), edited, new)
    attached(edited, WORDS.encode(), f"{WORDS}.txt")
    changed(edited, category="billing", priority="high", status="resolved")
    delete_ticket(by_command(), deleted)
    handed_on = opened(requester_name=WORDS, requester_email=EVE).id
    changed(handed_on, requester_email=BOB, requester_name="Bob")
    with write_transaction() as session:
        session.execute(
            text("UPDATE ticket SET requester_id = NULL WHERE id = :id"), {"id": unlinked}
        )
    _add_what_a_provider_leaves(edited)
    _sign_in()
    return [by_key, edited, deleted, unlinked, handed_on]


def _add_what_a_provider_leaves(ticket_id: int) -> None:
    now = datetime.now(UTC)
    call: dict[str, Any] = {
        "ticket_id": ticket_id, "purpose": "improve", "engine": "openai", "model": "m",
        "prompt_version": "1", "input_hash": sha256(WORDS.encode()).hexdigest(), "attempt": 1,
        "outcome": "ok", "latency_ms": 1.0, "cost_nano_usd": 7, "created_at": now,
    }  # fmt: skip
    job: dict[str, Any] = {
        "ticket_id": ticket_id, "scope": TriageScope.ALL, "due_at": now, "attempts": 0,
        "failures": 0, "bad_answers": 0, "created_at": now,
    }  # fmt: skip
    model: dict[str, Any] = {
        "field": "category", "created_at": now, "examples": 200, "verdict": "better",
        "comparison": "{}", "model": f"{CANARY} {WORDS}".encode() * 2_000,
    }  # fmt: skip
    with write_transaction() as session:
        session.add_all([TriageCall(**call), TriageJob(**job), LearnedModel(**model)])
        session.execute(
            text("UPDATE ticket SET triage_status = 'pending' WHERE id = :id"), {"id": ticket_id}
        )


def _sign_in() -> None:
    """Lets Eve have a password, a session, a token and a link, and deactivates her."""
    eve = account(EVE, Role.REQUESTER)
    session_token(eve)
    make_token_for(by_command(), eve, TokenCreate(name=WORDS))
    invitations.reset(by_command(), eve)
    with write_transaction() as session:
        session.execute(text("UPDATE person_session SET user_agent = :words"), {"words": WORDS})
        rows = session.execute(text("SELECT * FROM credential WHERE person_id = :id"), {"id": eve})
        assert rows.all()
    ended = ("person_session", "api_token", "account_link")  # an older desk may have kept them
    with get_engine().connect() as connection:
        kept = {
            table: connection.execute(text(f"SELECT * FROM {table}")).mappings().all()
            for table in ended
        }
    rights.set_active(by_command(), eve, False)
    identity: dict[str, Any] = {
        "issuer": "https://sso.example.com",
        "subject": WORDS,
        "person_id": eve,
    }
    with write_transaction() as session:
        session.add(PersonIdentity(**identity, created_at=datetime.now(UTC)))
    with write_transaction() as session:
        for table, ended_rows in kept.items():
            for row in map(dict, ended_rows):
                names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
                session.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)


def traces() -> set[str]:
    """Returns every column of every table of the database that has the canary in it."""
    engine = get_engine()
    if engine.dialect.name == "sqlite":
        return _traces_on_sqlite()
    columns = text(
        "SELECT table_name, column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = current_schema()"
    )
    with engine.connect() as connection:
        return {
            f"{table}.{column}"
            for table, column, kind in connection.execute(columns).all()
            for shown in [f"encode({column}, 'escape')" if kind == "bytea" else f"{column}::text"]
            if connection.execute(
                text(f"SELECT 1 FROM {table} WHERE {shown} ~* :canary LIMIT 1"),
                {"canary": f"{CANARY}|{RARE}"},
            ).all()
        }


def _traces_on_sqlite() -> set[str]:
    with get_engine().connect() as connection:
        tables = connection.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'table'")
        ).scalars()
        return {
            f"{table}.{name}"
            for table in tables.all()
            for row in connection.execute(text(f'SELECT * FROM "{table}"')).mappings()
            for name, value in row.items()
            if has_trace(_as_bytes(value))
        }


def _as_bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def has_trace(content: bytes) -> bool:
    """Returns True if the canary, or its rare letter, is in these bytes."""
    return CANARY.lower().encode() in content.lower() or RARE.encode() in content


def files_with_traces() -> set[str]:
    """Returns the names of SQLite's files, and of attachments, in which the canary is."""
    files = [each for each in get_settings().attachments_folder.rglob("*") if each.is_file()]
    if get_engine().dialect.name == "sqlite":
        path = Path(str(get_engine().url.database))
        files += path.parent.glob(f"{path.name}*")
    return {each.name for each in files if has_trace(each.read_bytes())}
