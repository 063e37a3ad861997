"""Notifications in the database, and what the events behind them are about."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, col

from ticket_app.data.conversation.tables import Message
from ticket_app.data.followers.record import Event
from ticket_app.data.followers.tables import Notification
from ticket_app.data.tickets.tables import Ticket
from ticket_app.vocabulary import NotificationKind


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
