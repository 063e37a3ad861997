"""Named queries over one ticket, its history and its suggestions, and over idempotency keys. Every
one has a bound."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, delete, select
from sqlmodel import Session, col

from ticket_app.data.tickets.predicates import deleted as is_deleted
from ticket_app.data.tickets.predicates import present
from ticket_app.data.tickets.tables import IdempotencyKey, Ticket, TicketEvent
from ticket_app.data.triage.tables import Suggestion

HISTORY_MAX = 200


def find_ticket(session: Session, ticket_id: int, *, deleted: bool = False) -> Ticket | None:
    """The ticket, unless it was deleted; or the deleted one."""
    return session.scalar(_by_id(ticket_id).where(is_deleted() if deleted else present()))


def find_tickets(session: Session, ticket_ids: Collection[int]) -> dict[int, Ticket]:
    """Those of the tickets that exist and were not deleted, by id."""
    found = select(col(Ticket.id), Ticket).where(col(Ticket.id).in_(ticket_ids), present())
    return {ticket_id: ticket for ticket_id, ticket in session.execute(found) if ticket_id}


def lock_ticket(session: Session, ticket_id: int, *, deleted: bool = False) -> Ticket | None:
    """The ticket, or the deleted one, held against other writers until the transaction ends."""
    state = is_deleted() if deleted else present()
    return session.scalar(_by_id(ticket_id).where(state).with_for_update())


def history_of(session: Session, ticket_id: int) -> Sequence[TicketEvent]:
    """The newest HISTORY_MAX events of a ticket, newest first."""
    return session.scalars(
        select(TicketEvent)
        .where(col(TicketEvent.ticket_id) == ticket_id)
        .order_by(col(TicketEvent.id).desc())
        .limit(HISTORY_MAX)
    ).all()


def suggestions_for(session: Session, ticket_id: int) -> Sequence[Suggestion]:
    """The newest HISTORY_MAX suggestions for a ticket, newest first."""
    return session.scalars(
        select(Suggestion)
        .where(col(Suggestion.ticket_id) == ticket_id)
        .order_by(col(Suggestion.id).desc())
        .limit(HISTORY_MAX)
    ).all()


def remove_older_keys(session: Session, than: datetime, *, limit: int) -> int:
    """Remove `limit` keys at most that were made before; how many. What another process removes at
    this moment is passed over (SQLite has one writer, and needs no word for it)."""
    oldest = (
        select(col(IdempotencyKey.key))
        .where(col(IdempotencyKey.created_at) < than)
        .order_by(col(IdempotencyKey.created_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    keys = session.scalars(oldest).all()
    if keys:
        session.execute(delete(IdempotencyKey).where(col(IdempotencyKey.key).in_(keys)))
    return len(keys)


def _by_id(ticket_id: int) -> Select[Ticket]:
    return select(Ticket).where(col(Ticket.id) == ticket_id)
