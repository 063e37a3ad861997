"""Notifications in the database, and what the events behind them are about."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, col

from ticket_app.data.conversation.tables import Message
from ticket_app.data.followers.record import Event
from ticket_app.data.followers.tables import Notification
from ticket_app.data.people.scope import Scope
from ticket_app.data.people.tables import Person
from ticket_app.data.tickets.predicates import in_scope, present
from ticket_app.data.tickets.tables import Ticket
from ticket_app.vocabulary import NotificationKind

_person, _event = col(Notification.person_id), col(Notification.event_id)
_read_at, _ticket = col(Notification.read_at), col(Notification.ticket_id)


def message_of(session: Session, message_id: int) -> Message | None:
    """Return a message by its number."""
    return session.get(Message, message_id)


def assignee_of(session: Session, ticket_id: int) -> int | None:
    """Return the assignee of a ticket at present."""
    return session.scalar(select(col(Ticket.assignee_id)).where(col(Ticket.id) == ticket_id))


def add(session: Session, event: Event, wanted: Mapping[int, NotificationKind]) -> None:
    """Add a notification of the event for each person, unless it is there."""
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    rows = [
        {
            "person_id": person_id,
            "ticket_id": event.ticket_id,
            "event_id": event.id,
            "kind": kind,
            "actor_id": event.actor_id,
            "created_at": event.created_at,
        }
        for person_id, kind in wanted.items()
    ]
    session.execute(insert(Notification).values(rows).on_conflict_do_nothing())


def told_of(session: Session, ticket_id: int, *, limit: int) -> Sequence[int]:
    """Return the people who have notifications of a ticket, `limit` at most."""
    asked = select(_person).where(_ticket == ticket_id).distinct().limit(limit)
    return session.scalars(asked).all()


def newest(
    session: Session, person_id: int, scope: Scope, *, before: int | None, unread: bool, limit: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the person's notifications of events before this one, newest first, with the title of
    the ticket and the name of who acted; only of tickets in the scope that are not deleted."""
    wanted = [_person == person_id, *_of_tickets(scope)]
    if before is not None:
        wanted.append(_event < before)
    if unread:
        wanted.append(_read_at.is_(None))
    asked: Select[*tuple[Any, ...]] = (
        select(
            _event,
            _ticket,
            col(Ticket.title),
            col(Notification.kind),
            col(Notification.actor_id),
            col(Person.name).label("actor"),
            col(Notification.created_at),
            _read_at,
        )
        .join(Ticket, col(Ticket.id) == _ticket)
        .outerjoin(Person, col(Person.id) == col(Notification.actor_id))
        .where(*wanted)
    )
    return session.execute(asked.order_by(_event.desc()).limit(limit)).all()


def count_unread(session: Session, person_id: int, scope: Scope, *, limit: int) -> int:
    """Return how many of these the person has not read, `limit` at most."""
    few = (
        select(_event)
        .join(Ticket, col(Ticket.id) == _ticket)
        .where(_person == person_id, _read_at.is_(None), *_of_tickets(scope))
        .limit(limit)
    )
    return session.scalar(select(func.count()).select_from(few.subquery())) or 0


def mark_read(session: Session, person_id: int, event_ids: Collection[int], now: datetime) -> None:
    """Mark the person's notifications of these events as read now, unless they are already."""
    unread = (_person == person_id, _event.in_(event_ids), _read_at.is_(None))
    session.execute(update(Notification).where(*unread).values(read_at=now))


def unread_of_ticket(
    session: Session, person_id: int, ticket_id: int, *, limit: int
) -> Sequence[int]:
    """Return the events of the person's unread notifications of a ticket, the newest first."""
    asked = select(_event).where(_person == person_id, _ticket == ticket_id, _read_at.is_(None))
    return session.scalars(asked.order_by(_event.desc()).limit(limit)).all()


def unread_upto(session: Session, person_id: int, upto: int, *, limit: int) -> Sequence[int]:
    """Return the events of the person's unread notifications up to this event, the oldest first."""
    asked = select(_event).where(_person == person_id, _event <= upto, _read_at.is_(None))
    return session.scalars(asked.order_by(_event).limit(limit)).all()


def remove_old(
    session: Session, after: int, *, created_before: datetime, read_before: datetime, limit: int
) -> int | None:
    """Look at `limit` notifications whose number is greater than `after`; delete those that are
    older than `created_before`, or were read before `read_before`.

    Return the last number; None at the end of those that may be old. Rows that another process has
    locked are left to it.
    """
    number, created_at = col(Notification.id), col(Notification.created_at)
    some = select(number, created_at, _read_at).where(number > after).order_by(number).limit(limit)
    found = session.execute(some).all()
    old = [
        each.id
        for each in found
        if each.created_at < created_before or (each.read_at and each.read_at < read_before)
    ]
    if old:
        free = select(number).where(number.in_(old)).with_for_update(skip_locked=True)
        ids = session.scalars(free).all()
        session.execute(delete(Notification).where(number.in_(ids)))
    is_end = len(found) < limit or found[-1].created_at >= read_before
    return None if is_end else found[-1].id


def _of_tickets(scope: Scope) -> list[ColumnElement[bool]]:
    return [present(), *in_scope(scope)]
