"""Times to resolve are counted on the day of resolving, and none is below nothing.

Revision: 0009.

All figures are counted anew from the tickets: for 1,000,000 about 5 s on PostgreSQL, and 40 s on
SQLite (seen on two busy cores).
"""

import sqlalchemy as sa

from alembic import op
from ticket_app.data.figures.counters import (
    Counter,
    hour_figures,
    of_those,
    urgency_figures,
    value_figures,
)
from ticket_app.data.figures.triggers import FigureTriggers
from ticket_app.data.types import BigId

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

VALUES = {
    "category": ("billing", "technical", "account", "general"),
    "priority": ("low", "medium", "high", "critical"),
    "status": ("open", "in_progress", "resolved", "closed"),
    "sentiment": ("calm", "neutral", "frustrated", "angry"),
}
RESOLVED = of_those({"resolved": "ms IS NOT NULL"}) | {"resolve_ms": "sign * coalesce(ms, 0)"}
OF_ALL = Counter(
    "ticket_count",
    {field: field for field in VALUES},
    {"tickets": "sign", "urgency_sum": "sign * urgency"} | RESOLVED,
)
OF_A_DAY = {"created": "sign"} | value_figures(VALUES) | urgency_figures()
BUCKETS = Counter(
    "ticket_resolution", {"bucket": "bucket"}, {"tickets": "sign"}, only_resolved=True
)
COUNTERS = (
    OF_ALL,
    Counter("ticket_day", {"day": "created_on"}, OF_A_DAY),
    Counter(
        "ticket_day",
        {"day": "settled_on"},
        hour_figures() | {"resolve_ms": "sign * ms", "resolved_on": "sign"},
        only_resolved=True,
    ),
    BUCKETS,
)
COUNTERS_BEFORE = (
    OF_ALL,
    Counter("ticket_day", {"day": "created_on"}, OF_A_DAY | hour_figures() | RESOLVED),
    Counter("ticket_day", {"day": "settled_on"}, {"resolved_on": "sign"}, only_resolved=True),
    BUCKETS,
)


def upgrade() -> None:
    """Nobody asks any more how many of a day's tickets are resolved by now."""
    FigureTriggers(op.get_bind(), COUNTERS).replace()
    op.drop_column("ticket_day", "resolved")


def downgrade() -> None:
    """Count times to resolve on the day of filing again."""
    column = sa.Column("resolved", BigId, nullable=False, server_default=sa.text("0"))
    op.add_column("ticket_day", column)
    FigureTriggers(op.get_bind(), COUNTERS_BEFORE).replace()
