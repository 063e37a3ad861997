"""Adds messages, and the times of a ticket that its conversation keeps.

Revision: 0023.

Each unsettled ticket waits since it was filed: nobody could answer before. The history gets the
kinds `replied` and `noted`.
"""

import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from alembic import op
from ticket_app.data.types import BigId, UtcDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

KIND = "ticket_event_kind_known"
KINDS_BEFORE = "kind IN ('created', 'changed', 'deleted', 'restored', 'erased')"
KINDS = "kind IN ('created', 'changed', 'deleted', 'restored', 'erased', 'replied', 'noted')"
UNSETTLED = "waiting_since IS NULL OR status NOT IN ('resolved', 'closed')"
FILL = "UPDATE ticket SET waiting_since = created_at WHERE status NOT IN ('resolved', 'closed')"
INDEX = """
CREATE INDEX ticket_waiting ON ticket (waiting_since, id)
WHERE waiting_since IS NOT NULL AND deleted_at IS NULL
"""
UNSEEN = (
    "\x01-\x20\x7f-\xa0\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890-\u0891\u08e2\u115f-\u1160"
    "\u1680\u17b4-\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U00013442\U00016fe4"
    "\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)

RULES = {
    "message_body_length": "length(body) <= 20000",
    "message_kind_known": "kind IN ('reply', 'note')",
    "message_side_known": "side IN ('requester', 'team')",
    "message_channel_known": "channel IN ('browser', 'rest', 'cli', 'triage')",
    "message_note_of_team": "kind <> 'note' OR side = 'team'",
}
TIME = "datetime({column}) IS substr({column}, 1, 19) AND length({column}) = 26"
RULES_ON_SQLITE = {
    "message_body_shown": f"body GLOB '*[^{UNSEEN}]*'",
    "message_created_at_time": TIME.format(column="created_at"),
    "message_body_no_nul": "instr(body, char(0)) = 0",
}
RULES_ON_POSTGRESQL = {"message_body_shown": f"body ~ '[^{UNSEEN}]'"}
JOB = r"DELETE FROM triage_job WHERE ([^;]*);"
"""A statement of the function that erases: first of its two programs, then of the one that purges,
where the statement for idempotency keys comes next."""
PURGES = JOB + r"(?=\s*DELETE FROM idempotency_key)"
ERASES = JOB + r"(?!\s*DELETE FROM idempotency_key)"
OF_MESSAGES = re.compile(r"\s*(UPDATE message SET|DELETE FROM message)[^;]*;")


def upgrade() -> None:
    """Creates the table, the columns and their index, and adds the kinds of the history."""
    _add_times()
    _create_messages()
    _redefine_erasing(_with_messages)
    if _on_sqlite():
        _replace_kinds_on_sqlite(KINDS_BEFORE, KINDS)
    else:
        _replace_kinds(KINDS)


def downgrade() -> None:
    """Drops them, with what was said."""
    if _on_sqlite():
        _without_trigger("DELETE FROM ticket_event WHERE kind IN ('replied', 'noted')")
        _replace_kinds_on_sqlite(KINDS, KINDS_BEFORE)
    else:
        op.execute("ALTER TABLE ticket_event DISABLE TRIGGER ticket_event_append_only")
        op.execute("DELETE FROM ticket_event WHERE kind IN ('replied', 'noted')")
        op.execute("ALTER TABLE ticket_event ENABLE TRIGGER ticket_event_append_only")
        _replace_kinds(KINDS_BEFORE)
    _redefine_erasing(lambda program: OF_MESSAGES.sub("", program))
    op.drop_table("message")
    op.execute("DROP INDEX ticket_waiting")
    for column in ("waiting_since", "first_responded_at"):
        op.execute(f"ALTER TABLE ticket DROP COLUMN {column}")


def _add_times() -> None:
    """Adds the columns. The triggers of `ticket` do not depend on them, and rest meanwhile."""
    rules = {"waiting_since": {"ticket_waiting_unsettled": UNSETTLED}, "first_responded_at": {}}
    for column, of_column in rules.items():
        if _on_sqlite():
            of_column |= {f"ticket_{column}_time": TIME.format(column=column)}
        kind = "TEXT" if _on_sqlite() else "TIMESTAMP WITH TIME ZONE"
        checks = "".join(f" CONSTRAINT {name} CHECK ({rule})" for name, rule in of_column.items())
        op.execute(f"ALTER TABLE ticket ADD COLUMN {column} {kind}{checks}")
    if _on_sqlite():
        op.execute(FILL)
    else:
        op.execute("ALTER TABLE ticket DISABLE TRIGGER USER")
        op.execute(FILL)
        op.execute("ALTER TABLE ticket ENABLE TRIGGER USER")
    op.execute(INDEX)


def _create_messages() -> None:
    now = sa.text("(strftime('%Y-%m-%d %H:%M:%f000', 'now'))" if _on_sqlite() else "now()")
    rules = RULES | (RULES_ON_SQLITE if _on_sqlite() else RULES_ON_POSTGRESQL)
    op.create_table(
        "message",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("ticket_id", BigId, sa.ForeignKey("ticket.id"), nullable=False),
        sa.Column("author_id", BigId, sa.ForeignKey("person.id")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("kind", "side", "body", "channel")),
        sa.Column("created_at", UtcDateTime, nullable=False, server_default=now),
        *(sa.CheckConstraint(rule, name=name) for name, rule in rules.items()),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    op.create_index("message_ticket", "message", ["ticket_id", "id"])


def _with_messages(program: str) -> str:
    program, purged = re.subn(PURGES, r"DELETE FROM message WHERE \1;\n  \g<0>", program)
    erased = r"UPDATE message SET body = 'Erased' WHERE \1;\n  \g<0>"
    program, replaced = re.subn(ERASES, erased, program)
    if (purged, replaced) != (1, 1):
        raise RuntimeError("the function that erases is not that of migration 0020")
    return program


def _redefine_erasing(change: Callable[[str], str]) -> None:
    if _on_sqlite():
        found = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = 'erase'"
        program = _run(found).scalar_one()
        op.execute("DROP TRIGGER erase")
    else:
        program = _run("SELECT pg_get_functiondef('erase'::regproc)").scalar_one()
    _run(change(program))


def _replace_kinds(rule: str) -> None:
    op.execute(
        f"ALTER TABLE ticket_event DROP CONSTRAINT {KIND}, ADD CONSTRAINT {KIND} CHECK ({rule})"
    )


def _replace_kinds_on_sqlite(before: str, after: str) -> None:
    """Edits the text of the table's definition, which needs no copy of its rows."""
    found = "type = 'table' AND name = 'ticket_event'"
    definition = _run(f"SELECT sql FROM sqlite_master WHERE {found}").scalar_one()
    if definition.count(before) != 1:
        raise RuntimeError(f"the table's definition has not one {before!r}")
    version = _run("PRAGMA schema_version").scalar_one()
    _run("PRAGMA writable_schema = ON")
    op.get_bind().exec_driver_sql(
        f"UPDATE sqlite_master SET sql = ? WHERE {found}", (definition.replace(before, after),)
    )
    _run(f"PRAGMA schema_version = {version + 1}")
    _run("PRAGMA writable_schema = RESET")


def _without_trigger(statement: str) -> None:
    """Runs a statement on SQLite that the append-only trigger of deletions would refuse."""
    found = "SELECT sql FROM sqlite_master WHERE name = 'ticket_event_append_only_delete'"
    refusing = _run(found).scalar_one()
    op.execute("DROP TRIGGER ticket_event_append_only_delete")
    op.execute(statement)
    _run(refusing)


def _run(statement: str) -> "sa.CursorResult[Any]":
    """Runs a statement as it is: op.execute would take a colon for a parameter."""
    return op.get_bind().exec_driver_sql(statement)


def _on_sqlite() -> bool:
    return bool(op.get_bind().dialect.name == "sqlite")
