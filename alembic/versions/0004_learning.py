"""Adds models learned from people's decisions, and the lease on learning each field.

Revision: 0004.
"""

from typing import Any

import sqlalchemy as sa

from alembic import op
from ticket_app.data.types import BigId, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

FIELDS = ("category", "priority")
FIELD_KNOWN = "field IN ('category', 'priority')"
LESSON_RULES = {
    "learned_model_field_known": FIELD_KNOWN,
    "learned_model_verdict_known": "verdict IN ('better', 'not_better')",
    "learned_model_examples_positive": "examples >= 1",
    "learned_model_model_better": "model IS NULL OR verdict = 'better'",
}
TURN_RULES = {
    "learning_turn_field_known": FIELD_KNOWN,
    "learning_turn_decided_not_negative": "decided >= 0",
}


def upgrade() -> None:
    """Creates the lessons, a lease row for each field, and the indexes that find decisions."""
    for field in FIELDS:
        _index(f"ticket_{field}_decided", "ticket", "id", _decided(field))
    op.create_table(
        "learned_model",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False, server_default=_now()),
        sa.Column("examples", sa.Integer, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("comparison", sa.Text, nullable=False),
        sa.Column("model", sa.LargeBinary, nullable=True),
        *_checks(LESSON_RULES, "learned_model", "created_at"),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    _index("learned_model_in_use", "learned_model", "field", "model IS NOT NULL", unique=True)
    op.create_table(
        "learning_turn",
        sa.Column("field", sa.Text, primary_key=True),
        sa.Column("held_until", UtcDateTime, nullable=False, server_default=_now()),
        sa.Column("decided", sa.Integer, nullable=False, server_default=sa.text("0")),
        *_checks(TURN_RULES, "learning_turn", "held_until"),
        sqlite_strict=True,
    )
    op.execute("INSERT INTO learning_turn (field) VALUES ('category'), ('priority')")


def downgrade() -> None:
    """Drops every lesson."""
    op.drop_table("learning_turn")
    op.drop_table("learned_model")
    for field in FIELDS:
        op.drop_index(f"ticket_{field}_decided", "ticket")


def _decided(field: str) -> str:
    return f"{field}_by = 'person' AND deleted_at IS NULL"


def _index(name: str, table: str, column: str, where: str, **options: Any) -> None:
    condition = sa.text(where)
    op.create_index(
        name, table, [column], postgresql_where=condition, sqlite_where=condition, **options
    )


def _on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _now() -> Any:
    return sa.text("(strftime('%Y-%m-%d %H:%M:%f000', 'now'))" if _on_sqlite() else "now()")


def _checks(rules: dict[str, str], table: str, time: str) -> list[sa.CheckConstraint]:
    all_rules = dict(rules)
    if _on_sqlite():
        all_rules[f"{table}_{time}_time"] = (
            f"datetime({time}) IS substr({time}, 1, 19) AND length({time}) = 26"
        )
    return [sa.CheckConstraint(rule, name=name) for name, rule in all_rules.items()]
