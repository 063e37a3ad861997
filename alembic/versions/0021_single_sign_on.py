"""Adds the identities of people at a provider of OpenID Connect.

Revision: 0021.
"""

import sqlalchemy as sa

from alembic import op
from ticket_app.data.types import BigId, UtcDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

RULES = {
    "person_identity_issuer_length": "length(issuer) BETWEEN 1 AND 255",
    "person_identity_subject_length": "length(subject) BETWEEN 1 AND 255",
}
RULES_ON_SQLITE = {
    "person_identity_created_at_time": "datetime(created_at) IS substr(created_at, 1, 19) "
    "AND length(created_at) = 26",
    "person_identity_issuer_no_nul": "instr(issuer, char(0)) = 0",
    "person_identity_subject_no_nul": "instr(subject, char(0)) = 0",
}


def upgrade() -> None:
    """Creates the table with its index."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    now = sa.text("(strftime('%Y-%m-%d %H:%M:%f000', 'now'))" if on_sqlite else "now()")
    rules = RULES | (RULES_ON_SQLITE if on_sqlite else {})
    op.create_table(
        "person_identity",
        sa.Column("issuer", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("person_id", BigId, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False, server_default=now),
        *(sa.CheckConstraint(rule, name=name) for name, rule in rules.items()),
        sqlite_strict=True,
    )
    op.create_index(
        "person_identity_person", "person_identity", ["person_id", "issuer"], unique=True
    )


def downgrade() -> None:
    """Drops it. Whoever has no password signs in no longer."""
    op.drop_table("person_identity")
