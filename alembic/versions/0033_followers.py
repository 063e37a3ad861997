"""Adds followers of the record of events, the events that they put aside, and notifications.

Revision: 0033.

The function that erases removes what is about its tickets when it purges them. Nothing here has a
text of a customer. No table that is there already is locked.
"""

import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from alembic import op
from ticket_app.data.types import BigId, UtcDateTime

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

TIME = "datetime({column}) IS substr({column}, 1, 19) AND length({column}) = 26"
INDEXES = (
    "INDEX put_aside_ticket ON put_aside (ticket_id)",
    "INDEX put_aside_tried ON put_aside (follower, ticket_id, event_id) WHERE given_up_at IS NULL",
    "UNIQUE INDEX notification_of_person ON notification (person_id, event_id)",
    "INDEX notification_unread ON notification (person_id, event_id) WHERE read_at IS NULL",
    "INDEX notification_ticket ON notification (ticket_id)",
)
PURGES = re.compile(r"DELETE FROM message WHERE ([^;]*);")
OF_FOLLOWERS = re.compile(r"\s*DELETE FROM (put_aside|notification)[^;]*;")


def upgrade() -> None:
    """Creates the tables, and lets the function that erases know them."""
    _create_followers()
    _create_notifications()
    for index in INDEXES:
        op.execute(f"CREATE {index}")
    _redefine_erasing(_with_followers)


def downgrade() -> None:
    """Drops them: a follower that comes back begins at the end of the record."""
    _redefine_erasing(lambda program: OF_FOLLOWERS.sub("", program))
    for table in ("notification", "put_aside", "follower"):
        op.drop_table(table)


def _create_followers() -> None:
    op.create_table(
        "follower",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("position", BigId, nullable=False),
        sa.Column("holder", sa.Text),
        sa.Column("leased_until", UtcDateTime),
        sa.Column("moved_at", UtcDateTime, nullable=False, server_default=_now()),
        sa.CheckConstraint("position >= 0", name="follower_position_range"),
        sa.CheckConstraint(
            "(holder IS NULL) = (leased_until IS NULL)", name="follower_lease_whole"
        ),
        *_times("follower", "moved_at", "leased_until"),
        sqlite_strict=True,
    )
    op.create_table(
        "put_aside",
        sa.Column("follower", sa.Text, sa.ForeignKey("follower.name"), primary_key=True),
        sa.Column("event_id", BigId, primary_key=True),
        sa.Column("ticket_id", BigId, sa.ForeignKey("ticket.id"), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("failure", sa.Text),
        sa.Column("due_at", UtcDateTime, nullable=False, server_default=_now()),
        sa.Column("given_up_at", UtcDateTime),
        sa.CheckConstraint("attempts >= 0", name="put_aside_attempts_range"),
        *_times("put_aside", "due_at", "given_up_at"),
        sqlite_strict=True,
    )


def _create_notifications() -> None:
    op.create_table(
        "notification",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("person_id", BigId, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("ticket_id", BigId, sa.ForeignKey("ticket.id"), nullable=False),
        sa.Column("event_id", BigId, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("actor_id", BigId, sa.ForeignKey("person.id")),
        sa.Column("created_at", UtcDateTime, nullable=False, server_default=_now()),
        sa.Column("read_at", UtcDateTime),
        sa.CheckConstraint(
            "kind IN ('assigned', 'replied', 'mentioned')", name="notification_kind_known"
        ),
        *_times("notification", "created_at", "read_at"),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )


def _now() -> sa.TextClause:
    return sa.text("(strftime('%Y-%m-%d %H:%M:%f000', 'now'))" if _on_sqlite() else "now()")


def _times(table: str, *columns: str) -> list[sa.CheckConstraint]:
    if not _on_sqlite():
        return []
    return [
        sa.CheckConstraint(TIME.format(column=column), name=f"{table}_{column}_time")
        for column in columns
    ]


def _with_followers(program: str) -> str:
    added = r"DELETE FROM put_aside WHERE \1;\n  DELETE FROM notification WHERE \1;\n  \g<0>"
    program, found = PURGES.subn(added, program)
    if found != 1:
        raise RuntimeError("the function that erases is not that of migration 0032")
    return program


def _redefine_erasing(change: Callable[[str], str]) -> None:
    if _on_sqlite():
        found = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = 'erase'"
        program = _run(found).scalar_one()
        op.execute("DROP TRIGGER erase")
    else:
        program = _run("SELECT pg_get_functiondef('erase'::regproc)").scalar_one()
    _run(change(program))


def _run(statement: str) -> "sa.CursorResult[Any]":
    """Runs a statement as it is: op.execute would take a colon for a parameter."""
    return op.get_bind().exec_driver_sql(statement)


def _on_sqlite() -> bool:
    return bool(op.get_bind().dialect.name == "sqlite")
