"""The record of events in the order in which followers read it.

Ids of PostgreSQL are drawn before a commit, so that a smaller id can appear after a greater one. An
insert holds its table lock from before it draws an id until its transaction has ended. So once the
transactions are gone that held one when an id was the newest, no smaller id can appear. SQLite has
one writer, and its ids appear in their order.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Row, func, or_, select, text
from sqlmodel import Session, col

from ticket_app.data.tickets.tables import TicketEvent

_id = col(TicketEvent.id)
COLUMNS = (
    _id,
    *(col(each) for each in (TicketEvent.ticket_id, TicketEvent.kind, TicketEvent.field)),
    *(col(each) for each in (TicketEvent.old_value, TicketEvent.new_value)),
    *(col(each) for each in (TicketEvent.edge, TicketEvent.actor, TicketEvent.actor_id)),
    col(TicketEvent.created_at),
)
WRITERS = text("""
    SELECT virtualtransaction FROM pg_locks
    WHERE relation = 'ticket_event'::regclass AND mode = 'RowExclusiveLock' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
""")


class Event(NamedTuple):
    """An event as a follower gets it. `actor_id` is the person who acted, if signed in."""

    id: int
    ticket_id: int
    kind: str
    field: str | None
    old_value: str | None
    new_value: str | None
    edge: str
    actor: str
    actor_id: int | None
    created_at: datetime


class Concerns(NamedTuple):
    """The events that a follower acts on: those of these kinds, and changes of these fields."""

    kinds: frozenset[str]
    fields: frozenset[str]


EVERYTHING = Concerns(frozenset(), frozenset())
"""All events."""


def as_events(rows: Sequence[Row[*tuple[object, ...]]]) -> list[Event]:
    """Return rows that begin with COLUMNS as events."""
    return [Event._make(row[: len(COLUMNS)]) for row in rows]


def newest_event(session: Session) -> int:
    """Return the newest id; 0 for an empty record."""
    return session.scalar(select(func.max(_id))) or 0


def end_of_batch(session: Session, after: int, *, limit: int) -> int | None:
    """Return the id of the `limit`th event after this one, or of the last; None if none is."""
    ids = select(_id).where(_id > after).order_by(_id).limit(limit).subquery()
    found: int | None = session.scalar(select(func.max(ids.c.id)))
    return found


def writers(session: Session) -> frozenset[str]:
    """Return the transactions that may have written events and have not ended. Read it after the
    id whose predecessors it may hide, in a transaction of its own."""
    if session.get_bind().dialect.name != "postgresql":
        return frozenset()
    return frozenset(session.scalars(WRITERS))


def events_between(
    session: Session, after: int, upto: int, *, concerns: Concerns, limit: int
) -> list[Event]:
    """Return the first `limit` events after `after` and up to `upto` that concern a follower, by
    id."""
    asked = select(*COLUMNS).where(_id > after, _id <= upto)
    if concerns is not EVERYTHING:
        kind, field = col(TicketEvent.kind), col(TicketEvent.field)
        asked = asked.where(or_(kind.in_(concerns.kinds), field.in_(concerns.fields)))
    return as_events(session.execute(asked.order_by(_id).limit(limit)).all())


def count_after(session: Session, after: int, *, limit: int) -> int:
    """Return the number of events after this one, `limit` at most."""
    few = select(_id).where(_id > after).limit(limit).subquery()
    return session.scalar(select(func.count()).select_from(few)) or 0


def time_after(session: Session, after: int) -> datetime | None:
    """Return the time of the first event after this one."""
    asked = select(col(TicketEvent.created_at)).where(_id > after).order_by(_id).limit(1)
    return session.scalar(asked)
