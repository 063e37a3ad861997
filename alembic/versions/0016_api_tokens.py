"""Adds API tokens, by which programs act for people.

Revision: 0016.
"""

import sqlalchemy as sa

from alembic import op
from ticket_app.data.types import BigId, UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

RULES = {
    "api_token_key_length": "length(key) = 64",
    "api_token_name_length": "length(name) BETWEEN 1 AND 100",
    "api_token_scope_known": "scope IN ('read', 'write', 'admin')",
    "api_token_expires_later": "expires_at > created_at",
}
RULES_ON_SQLITE = {
    **{
        f"api_token_{time}_time": f"datetime({time}) IS substr({time}, 1, 19) "
        f"AND length({time}) = 26"
        for time in ("created_at", "expires_at", "last_used_at")
    },
    "api_token_name_no_nul": "instr(name, char(0)) = 0",
}


def upgrade() -> None:
    """Creates the table with its indexes."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    now = sa.text("(strftime('%Y-%m-%d %H:%M:%f000', 'now'))" if on_sqlite else "now()")
    rules = RULES | (RULES_ON_SQLITE if on_sqlite else {})
    op.create_table(
        "api_token",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("person_id", BigId, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False, server_default=now),
        sa.Column("expires_at", UtcDateTime, nullable=False, server_default=now),
        sa.Column("last_used_at", UtcDateTime),
        *(sa.CheckConstraint(rule, name=name) for name, rule in rules.items()),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    op.create_index("api_token_key", "api_token", ["key"], unique=True)
    op.create_index("api_token_person", "api_token", ["person_id", "id"])


def downgrade() -> None:
    """Drops it. No token works any more."""
    op.drop_table("api_token")
