"""Adds who decided category and priority, the engine of the values, and the work queue.

Revision: 0003.

Older tickets do not record who chose their category and priority. A person did if the history names
one, or if no engine ever proposed the current value.
"""

from typing import Any

import sqlalchemy as sa

from alembic import op
from ticket_app.data.types import BigId, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TICKET_COLUMNS = {
    "triage_status": ("done", "triage_status IN ('pending', 'done', 'failed')"),
    "engine": ("offline", "engine <> ''"),
    "category_by": ("triage", "category_by IN ('person', 'triage')"),
    "priority_by": ("triage", "priority_by IN ('person', 'triage')"),
}
JOB_RULES = {
    "triage_job_scope_known": "scope IN ('all', 'scores')",
    "triage_job_attempts_not_negative": "attempts >= 0",
    "triage_job_failures_not_negative": "failures >= 0",
    "triage_job_bad_answers_not_negative": "bad_answers >= 0",
}
ENGINE_THAT_STANDS = """
UPDATE ticket SET engine = coalesce(
  (SELECT s.engine FROM suggestion s WHERE s.ticket_id = ticket.id ORDER BY s.id DESC LIMIT 1),
  'offline')
WHERE EXISTS (SELECT 1 FROM suggestion s WHERE s.ticket_id = ticket.id AND s.engine <> 'offline')
"""
WHO_DECIDED = """
UPDATE ticket SET {field}_by = 'person' WHERE
  EXISTS (SELECT 1 FROM ticket_event e WHERE e.ticket_id = ticket.id
          AND e.field = '{field}' AND e.edge <> 'triage')
  OR NOT EXISTS (SELECT 1 FROM suggestion s WHERE s.ticket_id = ticket.id
                 AND s.field = '{field}' AND s.value = ticket.{field})
"""


def upgrade() -> None:
    """Adds the state of each ticket's triage, the evidence of suggestions, and the jobs."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for name, (default, rule) in TICKET_COLUMNS.items():
        check = sa.CheckConstraint(rule, name=f"ticket_{name}_known")
        column: sa.Column[Any] = sa.Column(
            name, sa.Text, check, nullable=False, server_default=default
        )
        op.add_column("ticket", column)
    op.add_column("suggestion", sa.Column("evidence", sa.Text, nullable=False, server_default="[]"))
    op.execute(ENGINE_THAT_STANDS)
    for field in ("category", "priority"):
        op.execute(WHO_DECIDED.format(field=field))
    _create_jobs(on_sqlite=on_sqlite)


def downgrade() -> None:
    """Drops these columns and the jobs."""
    op.drop_table("triage_job")
    op.drop_column("suggestion", "evidence")
    for name in TICKET_COLUMNS:
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f"ALTER TABLE ticket DROP COLUMN {name}")
        else:
            op.drop_column("ticket", name)


def _create_jobs(*, on_sqlite: bool) -> None:
    now = sa.text("(strftime('%Y-%m-%d %H:%M:%f000', 'now'))" if on_sqlite else "now()")
    rules = dict(JOB_RULES)
    if on_sqlite:
        rules |= {
            f"triage_job_{column}_time": (
                f"datetime({column}) IS substr({column}, 1, 19) AND length({column}) = 26"
            )
            for column in ("due_at", "created_at")
        }
    op.create_table(
        "triage_job",
        sa.Column("ticket_id", BigId, sa.ForeignKey("ticket.id"), primary_key=True),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("due_at", UtcDateTime, nullable=False, server_default=now),
        *(
            sa.Column(name, sa.Integer, nullable=False, server_default=sa.text("0"))
            for name in ("attempts", "failures", "bad_answers")
        ),
        sa.Column("created_at", UtcDateTime, nullable=False, server_default=now),
        *(sa.CheckConstraint(rule, name=name) for name, rule in rules.items()),
        sqlite_strict=True,
    )
    op.create_index("triage_job_due", "triage_job", ["due_at", "ticket_id"])
