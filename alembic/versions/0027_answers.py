"""Adds the counters of first responses and of tickets by assignee, with their triggers.

Revision: 0027.

Writers of tickets wait while the tickets are read, three times. A trigger of `person` drops cached
figures when somebody who has tickets is renamed, because the figures name them.
"""

import sqlalchemy as sa

from alembic import op
from ticket_app.data.figures.answer_triggers import AnswerTriggers
from ticket_app.data.figures.checks import LAST_BUCKET, SLOTS
from ticket_app.data.figures.counters import Counter
from ticket_app.data.types import BigId, UtcDay

revision = "0027"
down_revision = "0024"
branch_labels = None
depends_on = None

RESPONDED = "ms IS NOT NULL"
COUNTERS = (
    Counter("ticket_response", {"bucket": "bucket"}, {"tickets": "sign"}, only_if=RESPONDED),
    Counter(
        "ticket_response_day",
        {"day": "responded_on"},
        {"responded": "sign", "response_ms": "sign * ms"},
        only_if=RESPONDED,
    ),
    Counter(
        "ticket_assignee",
        {"assignee_id": "assignee"},
        {
            "tickets": "CASE WHEN assignee = 0 THEN 0 ELSE sign END",
            "not_waiting": "sign * idle",
        },
        only_if="assignee IS NOT NULL",
    ),
)

OF_NAMED = (
    "SELECT {slot}, 1 WHERE EXISTS (SELECT 1 FROM ticket_assignee WHERE assignee_id = NEW.id)"
)
CHANGED = f"""
INSERT INTO ticket_changes (slot, changes) {OF_NAMED}
ON CONFLICT (slot) DO UPDATE SET changes = ticket_changes.changes + excluded.changes;
"""
RENAMED_ON_SQLITE = f"""
CREATE TRIGGER person_renamed AFTER UPDATE OF name ON person WHEN NEW.name <> OLD.name
BEGIN {CHANGED.format(slot="0")} END
"""
RENAMED = f"""
CREATE FUNCTION person_renamed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  {CHANGED.format(slot="ticket_figures_slot()")}
  RETURN NULL;
END
$$
"""
RENAMED_CALLED = """
CREATE TRIGGER person_renamed AFTER UPDATE OF name ON person
FOR EACH ROW WHEN (NEW.name <> OLD.name) EXECUTE FUNCTION person_renamed()
"""


def upgrade() -> None:
    """Creates the counters, fills them from the existing tickets, and adds the triggers."""
    bucket_range = f"bucket BETWEEN 0 AND {LAST_BUCKET}"
    _create_table(
        "ticket_response",
        sa.Column("bucket", sa.Integer),
        ("tickets",),
        {"ticket_response_bucket_range": bucket_range},
    )
    _create_table(
        "ticket_response_day",
        sa.Column("day", UtcDay),
        ("responded", "response_ms"),
        {"ticket_response_day_day_date": "date(day) IS day"} if _on_sqlite() else {},
    )
    _create_table(
        "ticket_assignee",
        sa.Column("assignee_id", BigId, autoincrement=False),
        ("tickets", "not_waiting"),
        {},
    )
    AnswerTriggers(op.get_bind(), COUNTERS).create()
    if _on_sqlite():
        op.execute(RENAMED_ON_SQLITE)
    else:
        op.execute(RENAMED)
        op.execute(RENAMED_CALLED)


def downgrade() -> None:
    """Drops the counters, which can be computed again from the tickets."""
    if _on_sqlite():
        op.execute("DROP TRIGGER person_renamed")
    else:
        op.execute("DROP TRIGGER person_renamed ON person")
        op.execute("DROP FUNCTION person_renamed()")
    AnswerTriggers(op.get_bind(), COUNTERS).drop()
    for table in AnswerTriggers.tables:
        op.drop_table(table)


def _create_table(
    name: str, key: "sa.Column[object]", figures: tuple[str, ...], rules: dict[str, str]
) -> None:
    rules = rules | {f"{name}_slot_range": f"slot BETWEEN 0 AND {SLOTS - 1}"}
    op.create_table(
        name,
        key,
        sa.Column("slot", sa.Integer, autoincrement=False),
        *(
            sa.Column(figure, BigId, nullable=False, server_default=sa.text("0"))
            for figure in figures
        ),
        sa.PrimaryKeyConstraint(key.name, "slot"),
        *(sa.CheckConstraint(rule, name=rule_name) for rule_name, rule in rules.items()),
        sqlite_strict=True,
        postgresql_with={"fillfactor": 50},
    )


def _on_sqlite() -> bool:
    return bool(op.get_bind().dialect.name == "sqlite")
