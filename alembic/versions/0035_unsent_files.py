"""Adds what an unsent file needs: its composer, and the message that is held with it.

Revision: 0035.

New columns with constant defaults: no row is rewritten. On PostgreSQL the check of `kind` and the
index each read the table once, and nobody reads or writes it meanwhile.
"""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

COLUMNS = {
    "held_id": "{id} CONSTRAINT attachment_held_id_fkey REFERENCES held_message (id)",
    "by_link": "{flag} DEFAULT false NOT NULL{known}",
    "kind": "TEXT CONSTRAINT attachment_kind_known CHECK (kind IN ('reply', 'note'))",
}
ON_SQLITE = {
    "id": "INTEGER",
    "flag": "INTEGER",
    "known": " CONSTRAINT attachment_by_link_flag CHECK (by_link IN (0, 1))",
}
ON_POSTGRESQL = {"id": "BIGINT", "flag": "BOOLEAN", "known": ""}
INDEX = "CREATE INDEX attachment_held ON attachment (held_id) WHERE held_id IS NOT NULL"


def upgrade() -> None:
    """Adds the columns and the index."""
    words = ON_SQLITE if op.get_bind().dialect.name == "sqlite" else ON_POSTGRESQL
    for column, kind in COLUMNS.items():
        op.execute(f"ALTER TABLE attachment ADD COLUMN {column} {kind.format(**words)}")
    op.execute(INDEX)


def downgrade() -> None:
    """Drops them: files of messages that are held wait to be sent again."""
    op.execute("DROP INDEX attachment_held")
    for column in COLUMNS:
        op.execute(f"ALTER TABLE attachment DROP COLUMN {column}")
