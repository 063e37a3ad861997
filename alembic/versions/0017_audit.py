"""Adds the audit: what people did to accounts, and to tickets as a whole.

Revision: 0017.

Triggers make it append-only. The values of `action` are not listed, so that a new one needs no
migration.
"""

import sqlalchemy as sa

from alembic import op
from ticket_app.data.types import BigId, UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

RULES = {
    "audit_entry_who_known": "who IN ('anyone', 'command', 'triage')",
    "audit_entry_edge_known": "edge IN ('browser', 'rest', 'cli', 'triage')",
    "audit_entry_action_length": "length(action) BETWEEN 1 AND 40",
    "audit_entry_client_length": "length(client_address) <= 64",
    "audit_entry_detail_length": "length(detail) <= 200",
}
RULES_ON_SQLITE = {
    "audit_entry_action_word": "action NOT GLOB '*[^a-z_]*'",
    "audit_entry_created_at_time": "datetime(created_at) IS substr(created_at, 1, 19) "
    "AND length(created_at) = 26",
    **{
        f"audit_entry_{column}_no_nul": f"instr({column}, char(0)) = 0"
        for column in ("action", "client_address", "detail")
    },
}
RULES_ON_POSTGRESQL = {"audit_entry_action_word": "action !~ '[^a-z_]'"}
ON_SQLITE = (
    *(
        f"CREATE TRIGGER audit_entry_append_only_{change.lower()} BEFORE {change} ON audit_entry "
        "BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END"
        for change in ("UPDATE", "DELETE")
    ),
    # INSERT OR REPLACE removes the old row without firing the DELETE trigger.
    (
        "CREATE TRIGGER audit_entry_append_only_replace BEFORE INSERT ON audit_entry "
        "WHEN EXISTS (SELECT 1 FROM audit_entry WHERE id = NEW.id) "
        "BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END"
    ),
)
ON_POSTGRESQL = (
    """
CREATE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit_entry is append-only' USING ERRCODE = 'restrict_violation';
END
$$
""",
    """
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse()
""",
)


def upgrade() -> None:
    """Creates the table with its indexes and triggers."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    now = sa.text("(strftime('%Y-%m-%d %H:%M:%f000', 'now'))" if on_sqlite else "now()")
    rules = RULES | (RULES_ON_SQLITE if on_sqlite else RULES_ON_POSTGRESQL)
    op.create_table(
        "audit_entry",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("created_at", UtcDateTime, nullable=False, server_default=now),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("edge", sa.Text, nullable=False),
        sa.Column("actor_id", BigId, sa.ForeignKey("person.id")),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("person_id", BigId, sa.ForeignKey("person.id")),
        sa.Column("ticket_id", BigId),
        sa.Column("client_address", sa.Text, nullable=False, server_default=""),
        sa.Column("detail", sa.Text, nullable=False, server_default=""),
        *(sa.CheckConstraint(rule, name=name) for name, rule in rules.items()),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    op.create_index("audit_entry_newest", "audit_entry", ["created_at", "id"])
    for of, column in (("action", "action"), ("actor", "actor_id"), ("person", "person_id")):
        op.create_index(f"audit_entry_{of}", "audit_entry", [column, "created_at", "id"])
    for statement in ON_SQLITE if on_sqlite else ON_POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    """Drops it, and what it records with it."""
    op.drop_table("audit_entry")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_entry_refuse()")
