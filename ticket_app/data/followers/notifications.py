"""Notifications in the database, and what the events behind them are about."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select, update
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
_read_at = col(Notification.read_at)


def message_of(session: Session, message_id: int) -> Message | None:
    """Return a message by its number."""
    return session.get(Message, message_id)


def assignee_of(session: Session, ticket_id: int) -> int | None:
    """Return the assignee of a ticket at present."""
    return session.scalar(select(col(Ticket.assignee_id)).where(col(Ticket.id) == ticket_id))


def add(session: Session, event: Event, wanted: Mapping[int | None, NotificationKind]) -> None:
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
            col(Notification.ticket_id),
            col(Ticket.title),
            col(Notification.kind),
            col(Notification.actor_id),
            col(Person.name).label("actor"),
            col(Notification.created_at),
            _read_at,
        )
        .join(Ticket, col(Ticket.id) == col(Notification.ticket_id))
        .outerjoin(Person, col(Person.id) == col(Notification.actor_id))
        .where(*wanted)
    )
    return session.execute(asked.order_by(_event.desc()).limit(limit)).all()


def count_unread(session: Session, person_id: int, scope: Scope, *, limit: int) -> int:
    """Return how many of these the person has not read, `limit` at most."""
    few = (
        select(_event)
        .join(Ticket, col(Ticket.id) == col(Notification.ticket_id))
        .where(_person == person_id, _read_at.is_(None), *_of_tickets(scope))
        .limit(limit)
    )
    return session.scalar(select(func.count()).select_from(few.subquery())) or 0


def mark_read(session: Session, person_id: int, event_ids: Collection[int], now: datetime) -> None:
    """Mark the person's notifications of these events as read now, unless they are already."""
    unread = (_person == person_id, _event.in_(event_ids), _read_at.is_(None))
    session.execute(update(Notification).where(*unread).values(read_at=now))


def _of_tickets(scope: Scope) -> list[ColumnElement[bool]]:
    return [present(), *in_scope(scope)]
