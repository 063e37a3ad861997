"""Adds messages that their authors can still take back.

Revision: 0032.

A new table: it locks `ticket` and `person` for the moment in which the foreign keys are made. The
function that erases and purges deletes what is held at a ticket.
"""

import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from alembic import op
from ticket_app.data.types import BigId, Flag, UtcDateTime

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

UNSEEN = (
    "\x01-\x20\x7f-\xa0\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890-\u0891\u08e2\u115f-\u1160"
    "\u1680\u17b4-\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U00013442\U00016fe4"
    "\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)

OF_MESSAGES = r"(UPDATE message SET body = 'Erased'|DELETE FROM message) WHERE ([^;]*);"
"""The statements of the function that erases, one of each of its two programs."""
OF_HELD = re.compile(r"DELETE FROM held_message WHERE [^;]*;\s*")
RULES = {
    "held_message_body_length": "length(body) <= 20000",
    "held_message_kind_known": "kind IN ('reply', 'note')",
    "held_message_side_known": "side IN ('requester', 'team')",
    "held_message_channel_known": "channel IN ('browser', 'rest', 'cli', 'triage')",
    "held_message_note_of_team": "kind <> 'note' OR side = 'team'",
    "held_message_fingerprint_length": "length(fingerprint) = 64",
}
TIME = "datetime({column}) IS substr({column}, 1, 19) AND length({column}) = 26"
RULES_ON_SQLITE = {
    "held_message_body_shown": f"body GLOB '*[^{UNSEEN}]*'",
    "held_message_created_at_time": TIME.format(column="created_at"),
    "held_message_due_at_time": TIME.format(column="due_at"),
    "held_message_body_no_nul": "instr(body, char(0)) = 0",
    "held_message_resolves_flag": "resolves IN (0, 1)",
}
RULES_ON_POSTGRESQL = {"held_message_body_shown": f"body ~ '[^{UNSEEN}]'"}


def upgrade() -> None:
    """Creates the table and its indexes."""
    now = sa.text("(strftime('%Y-%m-%d %H:%M:%f000', 'now'))" if _on_sqlite() else "now()")
    rules = RULES | (RULES_ON_SQLITE if _on_sqlite() else RULES_ON_POSTGRESQL)
    texts = ("kind", "side", "body", "channel")
    op.create_table(
        "held_message",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("ticket_id", BigId, sa.ForeignKey("ticket.id"), nullable=False),
        sa.Column("author_id", BigId, sa.ForeignKey("person.id")),
        *(sa.Column(name, sa.Text, nullable=False) for name in texts),
        sa.Column("resolves", Flag, nullable=False, server_default=sa.text("false")),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("due_at", UtcDateTime, nullable=False, server_default=now),
        sa.Column("created_at", UtcDateTime, nullable=False, server_default=now),
        *(sa.CheckConstraint(rule, name=name) for name, rule in rules.items()),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    op.create_index("held_message_due", "held_message", ["due_at"])
    op.create_index("held_message_ticket", "held_message", ["ticket_id"])
    _redefine_erasing(_with_held)


def downgrade() -> None:
    """Drops it, with the messages that are held at this moment."""
    _redefine_erasing(lambda program: OF_HELD.sub("", program))
    op.drop_table("held_message")


def _with_held(program: str) -> str:
    added = r"DELETE FROM held_message WHERE \g<2>;\n  \g<0>"
    program, lines = re.subn(OF_MESSAGES, added, program)
    if lines != 2:
        raise RuntimeError("the function that erases is not that of migration 0023")
    return program


def _redefine_erasing(change: Callable[[str], str]) -> None:
    if _on_sqlite():
        found = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = 'erase'"
        program = _run(found).scalar_one()
        op.execute("DROP TRIGGER erase")
    else:
        program = _run("SELECT pg_get_functiondef('erase'::regproc)").scalar_one()
    _run(change(program))


def _run(statement: str) -> "sa.CursorResult[Any]":
    """Runs a statement as it is: op.execute would take a colon for a parameter."""
    return op.get_bind().exec_driver_sql(statement)


def _on_sqlite() -> bool:
    return bool(op.get_bind().dialect.name == "sqlite")
