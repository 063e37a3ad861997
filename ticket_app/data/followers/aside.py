"""The events that followers have put aside: those at which they have failed, and those behind."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from ticket_app.data.followers.record import COLUMNS, Event, as_events
from ticket_app.data.followers.tables import PutAside
from ticket_app.data.tickets.tables import TicketEvent

_follower, _ticket, _event = (
    col(each) for each in (PutAside.follower, PutAside.ticket_id, PutAside.event_id)
)
_tried = col(PutAside.given_up_at).is_(None)


class Due(NamedTuple):
    """An event to be tried again, and how often it was tried."""

    event: Event
    attempts: int


class Failures(NamedTuple):
    """What a follower has put aside, and the first event that it has given up."""

    waiting: int
    given_up: int
    first_given_up: int | None


def add(session: Session, events: Iterable[PutAside]) -> None:
    """Put these events aside."""
    session.add_all(events)
    session.flush()


def held_up(session: Session, follower: str, ticket_ids: Collection[int]) -> set[int]:
    """Return those of the tickets that have an event which is still to be tried again."""
    asked = select(_ticket).where(_follower == follower, _tried, _ticket.in_(ticket_ids))
    return set(session.scalars(asked.distinct()))


def due(session: Session, follower: str, now: datetime, *, limit: int) -> list[Due]:
    """Return events that are to be tried again by now, of each ticket the first one alone."""
    before = aliased(PutAside)
    earlier = exists().where(
        col(before.follower) == _follower,
        col(before.ticket_id) == _ticket,
        col(before.event_id) < _event,
        col(before.given_up_at).is_(None),
    )
    asked = (
        select(*COLUMNS, col(PutAside.attempts))
        .join(PutAside, _event == col(TicketEvent.id))
        .where(_follower == follower, _tried, col(PutAside.due_at) <= now, ~earlier)
        .order_by(col(PutAside.due_at), _event)
        .limit(limit)
    )
    rows = session.execute(asked).all()
    return [Due(event, row.attempts) for event, row in zip(as_events(rows), rows, strict=True)]


def remove(session: Session, follower: str, event_id: int) -> None:
    """Take the event off the list."""
    session.execute(delete(PutAside).where(_follower == follower, _event == event_id))


def set_failed(
    session: Session,
    follower: str,
    event_id: int,
    *,
    attempts: int,
    failure: str,
    due_at: datetime,
    given_up_at: datetime | None,
) -> None:
    """Write how often the event was tried, and when it is tried again, if ever."""
    failed = update(PutAside).where(_follower == follower, _event == event_id)
    session.execute(
        failed.values(attempts=attempts, failure=failure, due_at=due_at, given_up_at=given_up_at)
    )


def count(session: Session, follower: str) -> Failures:
    """Return how many events the follower has put aside."""
    given_up = col(PutAside.given_up_at)
    asked = select(
        func.count().filter(given_up.is_(None)),
        func.count(given_up),
        func.min(_event).filter(given_up.is_not(None)),
    ).where(_follower == follower)
    return Failures(*session.execute(asked).one())
