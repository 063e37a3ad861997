"""Allows suggestions without a confidence, and adds the outcomes `quota` and `too_long`.

Revision: 0011.

No stored row changes. SQLite has no statement for this change. Its manual describes the way (ALTER
TABLE, "Making Other Kinds Of Table Schema Changes"): the migration edits the text of the table's
definition, which takes constant time.
"""

import sqlalchemy as sa

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

OUTCOME_RULE = "triage_call_outcome_known"
OLD_OUTCOMES = (
    "outcome IN ('ok', 'timeout', 'auth', 'rate_limited', 'unreachable', 'invalid_answer', "
    "'too_large', 'refused', 'bad_request', 'server_error', 'unexpected', 'cancelled', "
    "'busy', 'circuit_open', 'over_budget', 'no_price', 'ledger_unavailable')"
)
OUTCOMES = (
    "outcome IN ('ok', 'timeout', 'auth', 'quota', 'rate_limited', 'unreachable', "
    "'invalid_answer', 'too_large', 'refused', 'too_long', 'bad_request', 'server_error', "
    "'unexpected', 'cancelled', 'busy', 'circuit_open', 'over_budget', 'no_price', "
    "'ledger_unavailable')"
)
SURE, MAY_BE_UNSURE = "confidence REAL NOT NULL", "confidence REAL"


def upgrade() -> None:
    """Makes a suggestion's confidence nullable, and adds two outcomes to the ledger."""
    if op.get_bind().dialect.name == "sqlite":
        _rewrite("suggestion", SURE, MAY_BE_UNSURE)
        _rewrite("triage_call", OLD_OUTCOMES, OUTCOMES)
    else:
        op.alter_column("suggestion", "confidence", nullable=True)
        _replace_rule(OUTCOMES)


def downgrade() -> None:
    """Reverts both; a missing confidence becomes 0."""
    op.execute("UPDATE suggestion SET confidence = 0 WHERE confidence IS NULL")
    op.execute("UPDATE triage_call SET outcome = 'auth' WHERE outcome = 'quota'")
    op.execute("UPDATE triage_call SET outcome = 'refused' WHERE outcome = 'too_long'")
    if op.get_bind().dialect.name == "sqlite":
        _rewrite("suggestion", MAY_BE_UNSURE, SURE)
        _rewrite("triage_call", OUTCOMES, OLD_OUTCOMES)
    else:
        op.alter_column("suggestion", "confidence", nullable=False)
        _replace_rule(OLD_OUTCOMES)


def _replace_rule(rule: str) -> None:
    op.drop_constraint(OUTCOME_RULE, "triage_call", type_="check")
    op.create_check_constraint(OUTCOME_RULE, "triage_call", rule)


def _rewrite(table: str, old: str, new: str) -> None:
    connection = op.get_bind()
    place = {"table": table}
    select = sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table")
    sql = connection.execute(select, place).scalar_one()
    if sql.count(old) != 1:
        raise RuntimeError(f"the table {table} is not as the migrations before left it")
    op.execute("PRAGMA writable_schema = ON")
    connection.execute(
        sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :table"),
        place | {"sql": sql.replace(old, new)},
    )
    cookie = connection.execute(sa.text("PRAGMA schema_version")).scalar_one()
    op.execute(f"PRAGMA schema_version = {cookie + 1}")  # every connection reads the schema again
    op.execute("PRAGMA writable_schema = RESET")
