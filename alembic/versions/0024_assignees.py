"""Adds the assignee and the participants of a ticket, and what becomes of the tickets of people who
leave the team.

Revision: 0024.

No ticket is written: each is unassigned. PostgreSQL adds the column without a rewrite and without
a check of the rows, and reads the tickets four times for the indexes. Meanwhile readers and
writers of tickets wait, some seconds at a million.
"""

import re
from typing import Any

import sqlalchemy as sa

from alembic import op
from ticket_app.data.types import BigId, UtcDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

ADD = "ALTER TABLE {table} ADD COLUMN {column} {type} REFERENCES person (id)"
COLUMNS = {"ticket": "assignee_id", "desk_fact": "agent_id"}
INDEXES = {
    "ticket_of_assignee": """
CREATE INDEX ticket_of_assignee ON ticket (assignee_id, created_at, id)
WHERE assignee_id IS NOT NULL AND deleted_at IS NULL
""",
    "ticket_unsettled_of_assignee": """
CREATE INDEX ticket_unsettled_of_assignee ON ticket (assignee_id, created_at, id)
WHERE assignee_id IS NOT NULL AND resolved_at IS NULL AND deleted_at IS NULL
""",
    "ticket_unassigned": """
CREATE INDEX ticket_unassigned ON ticket (created_at, id)
WHERE assignee_id IS NULL AND deleted_at IS NULL
""",
    "ticket_unsettled_unassigned": """
CREATE INDEX ticket_unsettled_unassigned ON ticket (created_at, id)
WHERE assignee_id IS NULL AND resolved_at IS NULL AND deleted_at IS NULL
""",
}
TIME = "datetime({column}) IS substr({column}, 1, 19) AND length({column}) = 26"
HANDOVER_RULES = {
    "handover_edge_known": "edge IN ('browser', 'rest', 'cli', 'triage')",
    "handover_who_known": "who IN ('anyone', 'command', 'triage')",
    "handover_to_another": "to_id <> person_id",
}
PURGED = r"DELETE FROM message WHERE ([^;]*);"
"""The statement for messages of the function that erases, as migration 0023 has it."""
OF_PARTICIPANTS = re.compile(r"\s*DELETE FROM ticket_participant[^;]*;")


def upgrade() -> None:
    """Creates the columns, the indexes of the tickets of one assignee and of none, and the tables.
    The function that erases learns of the participants."""
    kind = "INTEGER" if _on_sqlite() else "BIGINT"
    for table, column in COLUMNS.items():
        op.execute(ADD.format(table=table, column=column, type=kind))
    for index in INDEXES.values():
        op.execute(index)
    _create_handover()
    _create_participants()
    program, found = re.subn(
        PURGED, r"DELETE FROM ticket_participant WHERE \1;\n  \g<0>", _read_erasing()
    )
    if found != 1:
        raise RuntimeError("the function that erases is not that of migration 0023")
    _replace_erasing(program)


def downgrade() -> None:
    """Drops them. The history keeps who was assigned."""
    _replace_erasing(OF_PARTICIPANTS.sub("", _read_erasing()))
    op.drop_table("ticket_participant")
    op.drop_table("handover")
    for name in INDEXES:
        op.execute(f"DROP INDEX {name}")
    for table, column in COLUMNS.items():
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")


def _create_handover() -> None:
    times = {"handover_created_at_time": TIME.format(column="created_at")} if _on_sqlite() else {}
    op.create_table(
        "handover",
        sa.Column("person_id", BigId, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("to_id", BigId, sa.ForeignKey("person.id")),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("edge", sa.Text, nullable=False),
        sa.Column("actor_id", BigId, sa.ForeignKey("person.id")),
        sa.Column("created_at", UtcDateTime, nullable=False, server_default=_now()),
        *_checks(HANDOVER_RULES | times),
        sqlite_strict=True,
    )


def _create_participants() -> None:
    columns = ("ticket_created_at", "added_at") if _on_sqlite() else ()
    times = {f"ticket_participant_{each}_time": TIME.format(column=each) for each in columns}
    op.create_table(
        "ticket_participant",
        sa.Column("ticket_id", BigId, sa.ForeignKey("ticket.id"), primary_key=True),
        sa.Column("person_id", BigId, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("ticket_created_at", UtcDateTime, nullable=False, server_default=_now()),
        sa.Column("added_at", UtcDateTime, nullable=False, server_default=_now()),
        *_checks(times),
        sqlite_strict=True,
    )
    op.create_index(
        "ticket_participant_person",
        "ticket_participant",
        ["person_id", "ticket_created_at", "ticket_id"],
    )


def _checks(rules: dict[str, str]) -> list[sa.CheckConstraint]:
    return [sa.CheckConstraint(rule, name=name) for name, rule in rules.items()]


def _now() -> sa.TextClause:
    return sa.text("(strftime('%Y-%m-%d %H:%M:%f000', 'now'))" if _on_sqlite() else "now()")


def _read_erasing() -> str:
    found = (
        "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = 'erase'"
        if _on_sqlite()
        else "SELECT pg_get_functiondef('erase'::regproc)"
    )
    return str(_run(found).scalar_one())


def _replace_erasing(program: str) -> None:
    if _on_sqlite():
        op.execute("DROP TRIGGER erase")
    _run(program)


def _run(statement: str) -> "sa.CursorResult[Any]":
    """Runs a statement as it is: op.execute would take a colon for a parameter."""
    return op.get_bind().exec_driver_sql(statement)


def _on_sqlite() -> bool:
    return bool(op.get_bind().dialect.name == "sqlite")
