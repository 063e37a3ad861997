"""Adds drafted replies, and the purpose `draft` of calls to a provider.

Revision: 0034.

The function that erases erases drafts for a ticket, and those made from its replies, as the draft
may quote them. New tables: they lock `ticket`, `person` and `message` for the moment in which the
foreign keys are made. PostgreSQL reads `triage_call` once for its new rule.
"""

import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from alembic import op
from ticket_app.data.types import BigId, UtcDateTime

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

UNSEEN = (
    "\x01-\x20\x7f-\xa0\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890-\u0891\u08e2\u115f-\u1160"
    "\u1680\u17b4-\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U00013442\U00016fe4"
    "\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
PURPOSE = "triage_call_purpose_known"
PURPOSES_BEFORE = "purpose IN ('suggest', 'improve', 'replay', 'evaluate')"
PURPOSES = "purpose IN ('suggest', 'improve', 'replay', 'evaluate', 'draft')"
RULES = {
    "drafted_reply_body_length": "length(body) <= 20000",
    "drafted_reply_latency_not_negative": "latency_ms >= 0",
    "drafted_reply_outcome_known": "outcome IN ('as_it_was', 'edited', 'thrown_away')",
    "drafted_reply_share_range": "share_changed BETWEEN 0 AND 1",
    "drafted_reply_share_of_edited": (
        "(share_changed IS NOT NULL) = (outcome IS NOT NULL AND outcome = 'edited')"
    ),
    "drafted_reply_sent_once": (
        "(held_id IS NULL AND message_id IS NULL) OR (outcome IS NOT NULL AND "
        "outcome <> 'thrown_away' AND (held_id IS NULL OR message_id IS NULL))"
    ),
}
RULES_ON_SQLITE = {
    "drafted_reply_body_shown": f"body GLOB '*[^{UNSEEN}]*'",
    "drafted_reply_body_no_nul": "instr(body, char(0)) = 0",
    "drafted_reply_created_at_time": (
        "datetime(created_at) IS substr(created_at, 1, 19) AND length(created_at) = 26"
    ),
}
RULES_ON_POSTGRESQL = {"drafted_reply_body_shown": f"body ~ '[^{UNSEEN}]'"}
INDEXES = (
    "INDEX drafted_reply_ticket ON drafted_reply (ticket_id, id)",
    "INDEX drafted_reply_created ON drafted_reply (created_at)",
    "UNIQUE INDEX drafted_reply_held ON drafted_reply (held_id) WHERE held_id IS NOT NULL",
    "UNIQUE INDEX drafted_reply_message ON drafted_reply (message_id) WHERE message_id IS NOT NULL",
    "INDEX drafted_reply_source_ticket ON drafted_reply_source (ticket_id)",
)
ERASES = re.compile(r"UPDATE message SET body = 'Erased' WHERE ([^;]*);")
PURGES = re.compile(r"DELETE FROM message WHERE ([^;]*);")
OF_DRAFTS = re.compile(r"(UPDATE|DELETE FROM) drafted_reply[^;]*;\s*")
QUOTING = "id IN (SELECT draft_id FROM drafted_reply_source WHERE {where})"


def upgrade() -> None:
    """Creates the tables and the purpose, and lets the function that erases know them."""
    _create_drafts()
    for index in INDEXES:
        op.execute(f"CREATE {index}")
    _replace_purposes(PURPOSES_BEFORE, PURPOSES)
    _redefine_erasing(_with_drafts)


def downgrade() -> None:
    """Drops them. Calls for drafts become those for a suggestion, so that the budget holds."""
    _redefine_erasing(lambda program: OF_DRAFTS.sub("", program))
    op.execute("UPDATE triage_call SET purpose = 'suggest' WHERE purpose = 'draft'")
    _replace_purposes(PURPOSES, PURPOSES_BEFORE)
    op.drop_table("drafted_reply_source")
    op.drop_table("drafted_reply")


def _create_drafts() -> None:
    now = sa.text("(strftime('%Y-%m-%d %H:%M:%f000', 'now'))" if _on_sqlite() else "now()")
    rules = RULES | (RULES_ON_SQLITE if _on_sqlite() else RULES_ON_POSTGRESQL)
    texts = ("body", "engine", "model", "prompt_version")
    op.create_table(
        "drafted_reply",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("ticket_id", BigId, sa.ForeignKey("ticket.id"), nullable=False),
        sa.Column("author_id", BigId, sa.ForeignKey("person.id")),
        *(sa.Column(name, sa.Text, nullable=False) for name in texts),
        sa.Column("latency_ms", sa.REAL, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False, server_default=now),
        sa.Column("outcome", sa.Text),
        sa.Column("share_changed", sa.REAL),
        sa.Column("held_id", BigId),
        sa.Column("message_id", BigId, sa.ForeignKey("message.id")),
        *(sa.CheckConstraint(rule, name=name) for name, rule in rules.items()),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    op.create_table(
        "drafted_reply_source",
        sa.Column("draft_id", BigId, sa.ForeignKey("drafted_reply.id"), primary_key=True),
        sa.Column("ticket_id", BigId, sa.ForeignKey("ticket.id"), primary_key=True),
        sqlite_strict=True,
    )


def _with_drafts(program: str) -> str:
    erase = "UPDATE drafted_reply SET body = 'Erased' WHERE "
    quoting = QUOTING.format(where=r"\1")
    erased = rf"{erase}\1;\n  {erase}{quoting};\n  \g<0>"
    purged = (
        rf"{erase}{quoting};\n"
        r"  DELETE FROM drafted_reply_source WHERE \1;\n"
        r"  DELETE FROM drafted_reply_source WHERE draft_id IN"
        r" (SELECT id FROM drafted_reply WHERE \1);\n"
        r"  DELETE FROM drafted_reply WHERE \1;\n  \g<0>"
    )
    program, in_texts = ERASES.subn(erased, program)
    program, in_purge = PURGES.subn(purged, program)
    if (in_texts, in_purge) != (1, 1):
        raise RuntimeError("the function that erases is not that of migration 0033")
    return program


def _redefine_erasing(change: Callable[[str], str]) -> None:
    if _on_sqlite():
        found = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = 'erase'"
        program = _run(found).scalar_one()
        op.execute("DROP TRIGGER erase")
    else:
        program = _run("SELECT pg_get_functiondef('erase'::regproc)").scalar_one()
    _run(change(program))


def _replace_purposes(before: str, after: str) -> None:
    if not _on_sqlite():
        op.execute(
            f"ALTER TABLE triage_call DROP CONSTRAINT {PURPOSE}, "
            f"ADD CONSTRAINT {PURPOSE} CHECK ({after})"
        )
        return
    # The text of the table's definition is edited, which needs no copy of its rows.
    found = "type = 'table' AND name = 'triage_call'"
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


def _run(statement: str) -> "sa.CursorResult[Any]":
    """Runs a statement as it is: op.execute would take a colon for a parameter."""
    return op.get_bind().exec_driver_sql(statement)


def _on_sqlite() -> bool:
    return bool(op.get_bind().dialect.name == "sqlite")
