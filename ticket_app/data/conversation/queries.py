"""Named queries of the messages of a ticket; all have a bound."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import Session, col

from ticket_app.data.conversation.tables import Message
from ticket_app.data.people.tables import Person
from ticket_app.vocabulary import ERASED, MessageKind, Side

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


def newer_of_others(
    session: Session,
    ticket_id: int,
    *,
    seen: int,
    author_id: int | None,
    notes: bool,
    limit: int,
) -> Sequence[Message]:
    """Return the newest `limit` messages of a ticket with larger ids than `seen` that somebody else
    than the author wrote, newest first. None is whoever writes for the team at an open desk.

    Without `notes`, replies only.
    """
    wanted = select(Message).where(col(Message.ticket_id) == ticket_id, col(Message.id) > seen)
    wanted = wanted.where(_of_others(author_id))
    if not notes:
        wanted = wanted.where(col(Message.kind) == MessageKind.REPLY)
    return session.scalars(wanted.order_by(col(Message.id).desc()).limit(limit)).all()


def replies_of_team(session: Session, ticket_id: int, *, limit: int) -> Sequence[str]:
    """Return the newest `limit` replies of the team to the requester of a ticket, newest first.

    Those that were erased are left out.
    """
    wanted = select(col(Message.body)).where(col(Message.ticket_id) == ticket_id)
    wanted = wanted.where(col(Message.kind) == MessageKind.REPLY, col(Message.side) == Side.TEAM)
    wanted = wanted.where(col(Message.body) != ERASED)
    return session.scalars(wanted.order_by(col(Message.id).desc()).limit(limit)).all()


def _of_others(author_id: int | None) -> ColumnElement[bool]:
    author = col(Message.author_id)
    if author_id is None:
        return or_(author.is_not(None), col(Message.side) == Side.REQUESTER)
    return author.is_distinct_from(author_id)
