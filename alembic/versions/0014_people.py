"""Adds people, and the person of a ticket's requester.

Revision: 0014.

No ticket is written: a background task links the tickets there are, and those of a server of the
version before, which still runs and does not know the column. A trigger unlinks a ticket of which
such a server changes the address. PostgreSQL adds the column without a rewrite and without a check
of the rows, and reads the tickets once for the index of those that are not linked.
"""

import sqlalchemy as sa

from alembic import op
from ticket_app.data.types import BigId, Flag, UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BLANKS = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b"
    "\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
)
UNSEEN = (
    "\x01-\x20\x7f-\xa0\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890-\u0891\u08e2\u115f-\u1160"
    "\u1680\u17b4-\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U00013442\U00016fe4"
    "\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
LINE_ENDS = "\x01-\x1f\x7f-\x9f\u2028-\u2029"
NEVER_IN_ADDRESS = ("@%@", " ", ",", ";", ":", "<", ">", '"', "..")

RULES = {
    "person_name_length": f"length(trim(name, '{BLANKS}')) BETWEEN 1 AND 100",
    "person_email_address": "email LIKE '%_@_%' AND length(email) <= 254"
    + "".join(f" AND email NOT LIKE '%{each}%'" for each in NEVER_IN_ADDRESS),
    "person_role_known": "role IN ('requester', 'agent', 'administrator')",
}
RULES_ON_SQLITE = {
    "person_name_shown": f"name GLOB '*[^{UNSEEN}]*'",
    "person_name_line": f"trim(name, '{BLANKS}') NOT GLOB '*[{LINE_ENDS}]*'",
    "person_email_folded": "email NOT GLOB '*[A-Z]*'",
    "person_active_flag": "active IN (0, 1)",
    **{
        f"person_{time}_time": f"datetime({time}) IS substr({time}, 1, 19) AND length({time}) = 26"
        for time in ("created_at", "updated_at")
    },
    **{f"person_{each}_no_nul": f"instr({each}, char(0)) = 0" for each in ("name", "email")},
}
RULES_ON_POSTGRESQL = {
    "person_name_shown": f"name ~ '[^{UNSEEN}]'",
    "person_name_line": f"trim(name, '{BLANKS}') !~ '[{LINE_ENDS}]'",
    "person_email_folded": "email !~ '[A-Z]'",
}

ADD = "ALTER TABLE ticket ADD COLUMN requester_id {type} REFERENCES person (id)"
INDEX = """
CREATE INDEX ticket_unlinked ON ticket (id)
WHERE requester_id IS NULL AND requester_email IS NOT NULL
"""
UNLINK_ON_SQLITE = """
CREATE TRIGGER ticket_unlink AFTER UPDATE OF requester_email ON ticket
WHEN lower(OLD.requester_email) IS NOT lower(NEW.requester_email)
 AND OLD.requester_id IS NEW.requester_id
BEGIN
  UPDATE ticket SET requester_id = NULL WHERE id = NEW.id;
END
"""
UNLINK = """
CREATE FUNCTION ticket_unlink() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.requester_id := NULL;
  RETURN NEW;
END
$$
"""
UNLINKING = """
CREATE TRIGGER ticket_unlink BEFORE UPDATE OF requester_email ON ticket FOR EACH ROW
WHEN (lower(OLD.requester_email) IS DISTINCT FROM lower(NEW.requester_email)
  AND OLD.requester_id IS NOT DISTINCT FROM NEW.requester_id)
EXECUTE FUNCTION ticket_unlink()
"""


def upgrade() -> None:
    """Creates the table, the column, the index of what is not linked, and the trigger."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    _create_person(RULES | (RULES_ON_SQLITE if on_sqlite else RULES_ON_POSTGRESQL), on_sqlite)
    op.create_index("person_email", "person", ["email"], unique=True)
    op.execute(ADD.format(type="INTEGER" if on_sqlite else "BIGINT"))
    op.execute(INDEX)
    if on_sqlite:
        op.execute(UNLINK_ON_SQLITE)
    else:
        op.execute(UNLINK)
        op.execute(UNLINKING)


def downgrade() -> None:
    """Drops them. The tickets keep the names and addresses of their requesters."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER ticket_unlink")
    else:
        op.execute("DROP TRIGGER ticket_unlink ON ticket")
        op.execute("DROP FUNCTION ticket_unlink()")
    op.execute("DROP INDEX ticket_unlinked")
    op.execute("ALTER TABLE ticket DROP COLUMN requester_id")
    op.drop_table("person")


def _create_person(rules: dict[str, str], on_sqlite: bool) -> None:
    now = sa.text("(strftime('%Y-%m-%d %H:%M:%f000', 'now'))" if on_sqlite else "now()")
    op.create_table(
        "person",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("email", sa.Text),
        sa.Column("role", sa.Text, nullable=False, server_default="requester"),
        sa.Column("active", Flag, nullable=False, server_default=sa.text("true")),
        sa.Column("created_at", UtcDateTime, nullable=False, server_default=now),
        sa.Column("updated_at", UtcDateTime, nullable=False, server_default=now),
        *(sa.CheckConstraint(rule, name=name) for name, rule in rules.items()),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
