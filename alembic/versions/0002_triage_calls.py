"""Creates the ledger: one row for each call to an AI provider, with its cost and outcome.

Revision: 0002.
"""

import sqlalchemy as sa

from alembic import op
from ticket_app.data.types import BigId, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

RULES = {
    "triage_call_purpose_known": "purpose IN ('suggest', 'improve', 'replay', 'evaluate')",
    "triage_call_outcome_known": (
        "outcome IN ('ok', 'timeout', 'auth', 'rate_limited', 'unreachable', 'invalid_answer', "
        "'too_large', 'refused', 'bad_request', 'server_error', 'unexpected', 'cancelled', "
        "'busy', 'circuit_open', 'over_budget', 'no_price', 'ledger_unavailable')"
    ),
    "triage_call_input_hash_length": "length(input_hash) = 64",
    "triage_call_attempt_not_negative": "attempt >= 0",
    "triage_call_latency_not_negative": "latency_ms >= 0",
    "triage_call_input_tokens_not_negative": "input_tokens >= 0",
    "triage_call_output_tokens_not_negative": "output_tokens >= 0",
    "triage_call_cost_not_negative": "cost_nano_usd >= 0",
}
SQLITE_RULES = {
    "triage_call_created_at_time": (
        "datetime(created_at) IS substr(created_at, 1, 19) AND length(created_at) = 26"
    )
}


def upgrade() -> None:
    """Creates the ledger, which is empty at first."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    now = sa.text("(strftime('%Y-%m-%d %H:%M:%f000', 'now'))" if on_sqlite else "now()")
    rules = RULES | (SQLITE_RULES if on_sqlite else {})
    op.create_table(
        "triage_call",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("ticket_id", BigId, sa.ForeignKey("ticket.id"), nullable=True),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("engine", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("prompt_version", sa.Text, nullable=False),
        sa.Column("input_hash", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("latency_ms", sa.REAL, nullable=False),
        sa.Column("input_tokens", sa.Integer, nullable=True),
        sa.Column("output_tokens", sa.Integer, nullable=True),
        sa.Column("cost_nano_usd", BigId, nullable=True),
        sa.Column("created_at", UtcDateTime, nullable=False, server_default=now),
        *(sa.CheckConstraint(rule, name=name) for name, rule in rules.items()),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    op.create_index("triage_call_created", "triage_call", ["created_at"])


def downgrade() -> None:
    """Drops the ledger."""
    op.drop_table("triage_call")
