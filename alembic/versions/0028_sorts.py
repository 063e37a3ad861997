"""Adds the indexes of the orders of unsettled tickets: by waiting, urgency and change.

Revision: 0028.

A ticket that does not wait comes last in the order of waiting. Its key is a time far away, because
SQLite's indexes have NULL first, and PostgreSQL's have it last. The key of urgency is a number, 0
for the most urgent: by priority, the third digit of `facet` in base four, then by urgency score.

Building an index locks the table against writes. The index of waiting tickets of migration 0023 is
a part of the new one.
"""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

NEVER_ON_POSTGRESQL = "CAST('5000-01-01 00:00:00+00' AS timestamptz)"
NEVER_ON_SQLITE = "'5000-01-01 00:00:00.000000'"
URGENCY = "((3 - (facet >> 4 & 3)) * 101 + 100 - urgency_score)"
UNSETTLED = "resolved_at IS NULL AND deleted_at IS NULL"
BEFORE = """
CREATE INDEX ticket_waiting ON ticket (waiting_since, id)
WHERE waiting_since IS NOT NULL AND deleted_at IS NULL
"""


def upgrade() -> None:
    """Creates the indexes, and drops that of 0023."""
    never = NEVER_ON_SQLITE if _on_sqlite() else NEVER_ON_POSTGRESQL
    keys = {"waiting": f"coalesce(waiting_since, {never})", "urgency": URGENCY}
    for name, key in (keys | {"change": "updated_at"}).items():
        op.get_bind().exec_driver_sql(
            f"CREATE INDEX ticket_by_{name} ON ticket ({key}, id) WHERE {UNSETTLED}"
        )
    op.execute("DROP INDEX ticket_waiting")


def downgrade() -> None:
    """Drops them, and creates that of 0023."""
    op.execute(BEFORE)
    for name in ("waiting", "urgency", "change"):
        op.execute(f"DROP INDEX ticket_by_{name}")


def _on_sqlite() -> bool:
    return bool(op.get_bind().dialect.name == "sqlite")
