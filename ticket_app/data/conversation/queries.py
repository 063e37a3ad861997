"""Named queries of the messages of a ticket; all have a bound."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from ticket_app.data.conversation.tables import Message
from ticket_app.data.people.tables import Person
from ticket_app.vocabulary import MessageKind

Said = tuple[Message, str | None]
"""A message and the name of its author, if the author is a person."""


def message_of(session: Session, ticket_id: int, message_id: int) -> Message | None:
    """Return a message of the ticket; None if it has no such message."""
    wanted = select(Message).where(col(Message.id) == message_id)
    return session.scalar(wanted.where(col(Message.ticket_id) == ticket_id))


def said_at(session: Session, ticket_id: int, message_id: int) -> datetime | None:
    """Return when a message of the ticket was posted; None if it has no such message."""
    wanted = select(col(Message.created_at)).where(col(Message.id) == message_id)
    return session.scalar(wanted.where(col(Message.ticket_id) == ticket_id))


def messages_before(
    session: Session, ticket_id: int, *, before: int | None, notes: bool, limit: int
) -> Sequence[Said]:
    """Return the newest `limit` messages of a ticket with smaller ids than `before`, newest first.

    Without `notes`, replies only.
    """
    author = col(Message.author_id) == col(Person.id)
    wanted = select(Message, col(Person.name)).outerjoin(Person, author)
    wanted = wanted.where(col(Message.ticket_id) == ticket_id)
    if before is not None:
        wanted = wanted.where(col(Message.id) < before)
    if not notes:
        wanted = wanted.where(col(Message.kind) == MessageKind.REPLY)
    found = session.execute(wanted.order_by(col(Message.id).desc()).limit(limit))
    return [(message, name) for message, name in found]
