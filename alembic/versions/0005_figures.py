"""Adds the counters behind the figures, and the triggers that update them.

Revision: 0005.
"""

import sqlalchemy as sa

from alembic import op
from ticket_app.data.figures.checks import LAST_BUCKET, SLOTS
from ticket_app.data.figures.counters import (
    KEYS,
    Counter,
    hour_figures,
    of_those,
    urgency_figures,
    value_figures,
)
from ticket_app.data.figures.triggers import FigureTriggers
from ticket_app.data.types import BigId, UtcDay

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

VALUES = {
    "category": ("billing", "technical", "account", "general"),
    "priority": ("low", "medium", "high", "critical"),
    "status": ("open", "in_progress", "resolved", "closed"),
    "sentiment": ("calm", "neutral", "frustrated", "angry"),
}
RESOLVED = of_those({"resolved": "ms IS NOT NULL"}) | {"resolve_ms": "sign * coalesce(ms, 0)"}
COUNT_FIGURES = {"tickets": "sign", "urgency_sum": "sign * urgency"} | RESOLVED
DAY_FIGURES = (
    {"created": "sign"} | value_figures(VALUES) | urgency_figures() | hour_figures() | RESOLVED
)
FIGURES = {
    "ticket_count": tuple(COUNT_FIGURES),
    "ticket_day": (*DAY_FIGURES, "resolved_on"),
    "ticket_resolution": ("tickets",),
    "ticket_changes": ("changes",),
}
COUNTERS = (
    Counter("ticket_count", {field: field for field in VALUES}, COUNT_FIGURES),
    Counter("ticket_day", {"day": "created_on"}, DAY_FIGURES),
    Counter("ticket_day", {"day": "settled_on"}, {"resolved_on": "sign"}, only_resolved=True),
    Counter("ticket_resolution", {"bucket": "bucket"}, {"tickets": "sign"}, only_resolved=True),
)


def upgrade() -> None:
    """Creates the counters, fills them from the existing tickets, and adds the triggers."""
    known = {
        f"ticket_count_{field}_known": f"{field} IN ({', '.join(map(repr, values))})"
        for field, values in VALUES.items()
    }
    _create_table("ticket_count", [sa.Column(field, sa.Text) for field in VALUES], known)
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    day_rules = {"ticket_day_day_date": "date(day) IS day"} if on_sqlite else {}
    _create_table("ticket_day", [sa.Column("day", UtcDay)], day_rules)
    _create_table(
        "ticket_resolution",
        [sa.Column("bucket", sa.Integer)],
        {"ticket_resolution_bucket_range": f"bucket BETWEEN 0 AND {LAST_BUCKET}"},
    )
    _create_table("ticket_changes", [], {})
    FigureTriggers(op.get_bind(), COUNTERS).create()


def downgrade() -> None:
    """Drops the counters, which can be computed again from the tickets."""
    FigureTriggers(op.get_bind(), COUNTERS).drop()
    for table in KEYS:
        op.drop_table(table)


def _create_table(name: str, keys: list[sa.Column[object]], rules: dict[str, str]) -> None:
    rules = rules | {f"{name}_slot_range": f"slot BETWEEN 0 AND {SLOTS - 1}"}
    op.create_table(
        name,
        *keys,
        sa.Column("slot", sa.Integer, autoincrement=False),
        *(
            sa.Column(figure, BigId, nullable=False, server_default=sa.text("0"))
            for figure in FIGURES[name]
        ),
        sa.PrimaryKeyConstraint(*KEYS[name]),
        *(sa.CheckConstraint(rule, name=rule_name) for rule_name, rule in rules.items()),
        sqlite_strict=True,
        postgresql_with={"fillfactor": 50},
    )
