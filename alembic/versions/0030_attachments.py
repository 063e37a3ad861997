"""Adds attachments, and the contents on disk that may have lost their last one.

Revision: 0030.

The function that erases removes the attachments of its tickets. A trigger lists the content of each
attachment that is deleted, whoever deletes it.
"""

import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from alembic import op
from ticket_app.data.types import BigId, UtcDateTime

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

UNSEEN = (
    "\x01-\x20\x7f-\xa0\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890-\u0891\u08e2\u115f-\u1160"
    "\u1680\u17b4-\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U00013442\U00016fe4"
    "\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
BLANKS = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000"
    "\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
)
LINE_ENDS = "\x01-\x1f\x7f-\x9f\u2028-\u2029"
NAME = f"trim(name, '{BLANKS}')"
TIME = "datetime({column}) IS substr({column}, 1, 19) AND length({column}) = 26"

RULES = {
    "attachment_name_length": "length(name) <= 200",
    "attachment_media_type_length": "length(media_type) <= 100",
    "attachment_size_range": "size > 0",
    "attachment_sha256_length": "length(sha256) = 64",
}
RULES_ON_SQLITE = {
    "attachment_name_shown": f"name GLOB '*[^{UNSEEN}]*'",
    "attachment_name_line": f"{NAME} NOT GLOB '*[{LINE_ENDS}]*'",
    "attachment_created_at_time": TIME.format(column="created_at"),
    "attachment_name_no_nul": "instr(name, char(0)) = 0",
}
RULES_ON_POSTGRESQL = {
    "attachment_name_shown": f"name ~ '[^{UNSEEN}]'",
    "attachment_name_line": f"{NAME} !~ '[{LINE_ENDS}]'",
}
INDEXES = {
    "attachment_ticket": "attachment (ticket_id)",
    "attachment_message": "attachment (message_id) WHERE message_id IS NOT NULL",
    "attachment_unsent": "attachment (created_at) WHERE message_id IS NULL",
    "attachment_unsent_of": "attachment (uploader_id) WHERE message_id IS NULL",
    "attachment_content": "attachment (sha256)",
}

# Whoever deletes the second attachment of a content waits for whoever looks at the first one's.
LISTED = """
INSERT INTO loose_file (sha256) VALUES (OLD.sha256)
ON CONFLICT (sha256) DO UPDATE SET since = excluded.since;
"""
LISTED_ON_SQLITE = (
    f"CREATE TRIGGER attachment_deleted AFTER DELETE ON attachment BEGIN {LISTED} END"
)
FUNCTION = f"""
CREATE FUNCTION attachment_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  {LISTED}
  RETURN NULL;
END
$$
"""
FUNCTION_CALLED = """
CREATE TRIGGER attachment_deleted AFTER DELETE ON attachment
FOR EACH ROW EXECUTE FUNCTION attachment_deleted()
"""
PURGES = r"DELETE FROM message WHERE ([^;]*);"
ERASES = r"UPDATE message SET body = 'Erased' WHERE ([^;]*);"
OF_ATTACHMENTS = re.compile(r"\s*DELETE FROM attachment[^;]*;")


def upgrade() -> None:
    """Creates the tables and the trigger, and lets the function that erases know them."""
    _create_tables()
    for name, what in INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON {what}")
    if _on_sqlite():
        _run(LISTED_ON_SQLITE)
    else:
        _run(FUNCTION)
        _run(FUNCTION_CALLED)
    _redefine_erasing(_with_attachments)


def downgrade() -> None:
    """Drops them. The contents stay on disk, and nothing names them any more."""
    _redefine_erasing(lambda program: OF_ATTACHMENTS.sub("", program))
    op.drop_table("attachment")
    op.drop_table("loose_file")
    if not _on_sqlite():
        op.execute("DROP FUNCTION attachment_deleted()")


def _create_tables() -> None:
    now = sa.text("(strftime('%Y-%m-%d %H:%M:%f000', 'now'))" if _on_sqlite() else "now()")
    rules = RULES | (RULES_ON_SQLITE if _on_sqlite() else RULES_ON_POSTGRESQL)
    op.create_table(
        "attachment",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("ticket_id", BigId, sa.ForeignKey("ticket.id"), nullable=False),
        sa.Column("message_id", BigId, sa.ForeignKey("message.id")),
        sa.Column("uploader_id", BigId, sa.ForeignKey("person.id")),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("size", BigId, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False, server_default=now),
        *(sa.CheckConstraint(rule, name=name) for name, rule in rules.items()),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    rules = {"loose_file_sha256_length": "length(sha256) = 64"}
    if _on_sqlite():
        rules["loose_file_since_time"] = TIME.format(column="since")
    op.create_table(
        "loose_file",
        sa.Column("sha256", sa.Text, primary_key=True),
        sa.Column("since", UtcDateTime, nullable=False, server_default=now),
        *(sa.CheckConstraint(rule, name=name) for name, rule in rules.items()),
        sqlite_strict=True,
    )


def _with_attachments(program: str) -> str:
    found = 0
    for statement in (PURGES, ERASES):
        added = r"DELETE FROM attachment WHERE \1;\n  \g<0>"
        program, number = re.subn(statement, added, program)
        found += number
    if found != 2:
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
