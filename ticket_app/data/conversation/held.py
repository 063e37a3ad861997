"""Named queries of messages that are held back; all have a bound."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select
from sqlmodel import Session, col

from ticket_app.data.conversation.tables import HeldMessage

HELD_MAX = 20
"""Held messages of one author that a page of a ticket shows."""


def held_by(session: Session, ticket_id: int, author_id: int | None) -> Sequence[HeldMessage]:
    """Return the messages of an author that are held at a ticket, oldest first. None is whoever
    writes at an open desk."""
    wanted = select(HeldMessage).where(col(HeldMessage.ticket_id) == ticket_id)
    wanted = wanted.where(_of(author_id)).order_by(col(HeldMessage.id)).limit(HELD_MAX)
    return session.scalars(wanted).all()


def held_with_key(session: Session, key: str) -> HeldMessage | None:
    """Return the held message with this idempotency key."""
    return session.scalar(select(HeldMessage).where(col(HeldMessage.key) == key))


def lock_held(session: Session, held_id: int) -> HeldMessage | None:
    """Lock a held message until the transaction ends; None if there is none."""
    wanted = select(HeldMessage).where(col(HeldMessage.id) == held_id)
    return session.scalar(wanted.with_for_update())


def is_due(session: Session, now: datetime) -> bool:
    """Return True if a held message is due."""
    return session.scalar(_due(now).limit(1)) is not None


def lock_due(session: Session, now: datetime) -> HeldMessage | None:
    """Lock the message that has been due longest, of those that no other transaction has locked
    (SQLite has one writer and ignores the clause)."""
    first = _due(now).order_by(col(HeldMessage.due_at), col(HeldMessage.id)).limit(1)
    return session.scalar(first.with_for_update(skip_locked=True))


def remove_held(session: Session, held: HeldMessage) -> None:
    """Delete a held message that was locked."""
    session.delete(held)
    session.flush()


def _due(now: datetime) -> Select[HeldMessage]:
    return select(HeldMessage).where(col(HeldMessage.due_at) <= now)


def _of(author_id: int | None) -> ColumnElement[bool]:
    author = col(HeldMessage.author_id)
    return author.is_(None) if author_id is None else author == author_id
