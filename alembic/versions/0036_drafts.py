"""Adds the drafts of messages.

Revision: 0036.

A new table: it locks `ticket` and `person` for the moment in which the foreign keys are made. The
function that erases and purges deletes the drafts at a ticket, which may quote it.
"""

import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from alembic import op
from ticket_app.data.types import BigId, UtcDateTime

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

OF_MESSAGES = r"(UPDATE message SET body = 'Erased'|DELETE FROM message) WHERE ([^;]*);"
"""The statements of the function that erases, one of each of its two programs."""
OF_UNSENT = re.compile(r"DELETE FROM draft WHERE [^;]*;\s*")
RULES = {
    "draft_body_length": "length(body) BETWEEN 1 AND 40000",
    "draft_kind_known": "kind IN ('reply', 'note')",
    "draft_key_length": "length(key) BETWEEN 1 AND 255",
    "draft_writer_length": "length(writer) BETWEEN 1 AND 32",
    "draft_revision_range": "revision > 0",
}
RULES_ON_SQLITE = {
    "draft_updated_at_time": (
        "datetime(updated_at) IS substr(updated_at, 1, 19) AND length(updated_at) = 26"
    ),
    "draft_body_no_nul": "instr(body, char(0)) = 0",
}


def upgrade() -> None:
    """Creates the table and its index."""
    now = sa.text("(strftime('%Y-%m-%d %H:%M:%f000', 'now'))" if _on_sqlite() else "now()")
    rules = RULES | (RULES_ON_SQLITE if _on_sqlite() else {})
    op.create_table(
        "draft",
        sa.Column("person_id", BigId, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("ticket_id", BigId, sa.ForeignKey("ticket.id"), primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("body", "key", "writer")),
        sa.Column("revision", BigId, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False, server_default=now),
        *(sa.CheckConstraint(rule, name=name) for name, rule in rules.items()),
        sqlite_strict=True,
    )
    op.create_index("draft_ticket", "draft", ["ticket_id"])
    _redefine_erasing(_with_drafts)


def downgrade() -> None:
    """Drops it, with what nobody has sent yet."""
    _redefine_erasing(lambda program: OF_UNSENT.sub("", program))
    op.drop_table("draft")


def _with_drafts(program: str) -> str:
    added = r"DELETE FROM draft WHERE \g<2>;\n  \g<0>"
    program, lines = re.subn(OF_MESSAGES, added, program)
    if lines != 2:
        raise RuntimeError("the function that erases is not that of migration 0035")
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
