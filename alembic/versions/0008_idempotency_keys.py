"""Adds idempotency keys, so that a repeated request files no second ticket.

Revision: 0008.
"""

import sqlalchemy as sa

from alembic import op
from ticket_app.data.types import BigId, UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLE = "idempotency_key"
RULES = {
    "idempotency_key_key_length": "length(key) BETWEEN 1 AND 255",
    "idempotency_key_fingerprint_length": "length(fingerprint) = 64",
}
RULES_ON_SQLITE = {
    "idempotency_key_created_at_time": (
        "datetime(created_at) IS substr(created_at, 1, 19) AND length(created_at) = 26"
    ),
    "idempotency_key_key_no_nul": "instr(key, char(0)) = 0",
}


def upgrade() -> None:
    """Creates the table, and an index for its oldest rows."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    rules = RULES | (RULES_ON_SQLITE if on_sqlite else {})
    now = sa.text("(strftime('%Y-%m-%d %H:%M:%f000', 'now'))" if on_sqlite else "now()")
    op.create_table(
        TABLE,
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("ticket_id", BigId, sa.ForeignKey("ticket.id"), nullable=False),
        sa.Column("ticket", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False, server_default=now),
        *(sa.CheckConstraint(rule, name=name) for name, rule in rules.items()),
        sqlite_strict=True,
    )
    op.create_index("idempotency_key_created", TABLE, ["created_at"])


def downgrade() -> None:
    """Drops the table."""
    op.drop_table(TABLE)
