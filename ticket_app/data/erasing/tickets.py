"""Which tickets are erased or purged, and the call of the function that does it.

No other module inserts into `erasing`.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from pydantic_core import to_json
from sqlalchemy import ColumnElement, Row, Select, func, insert, or_, select, text
from sqlmodel import Session, col

from ticket_app.data.erasing.tables import Erasing
from ticket_app.data.tickets.predicates import deleted, present
from ticket_app.data.tickets.tables import Ticket
from ticket_app.vocabulary import DecidedBy, ErasingKind


def erase(
    session: Session, kind: ErasingKind, ticket_ids: Collection[int], now: datetime
) -> Sequence[Row[int, int, datetime]]:
    """Call the function for these tickets; return id, version and time of change of those that are
    still there."""
    session.flush()
    called = to_json(list(ticket_ids)).decode()
    session.execute(insert(Erasing).values(kind=kind, tickets=called, created_at=now).inline())
    if kind is ErasingKind.TICKETS:
        return []
    return session.execute(
        select(col(Ticket.id), col(Ticket.version), col(Ticket.updated_at))
        .where(col(Ticket.id).in_(ticket_ids))
        .order_by(col(Ticket.id))
    ).all()


def lock_tickets_of(session: Session, person_id: int, *, limit: int) -> Sequence[int]:
    """Lock at most `limit` tickets of this requester, deleted ones last; return their ids."""
    found: list[int] = []
    for state in (present(), deleted()):
        if len(found) < limit:
            asked = _of(person_id, state).order_by(col(Ticket.id)).limit(limit - len(found))
            found += _ids(session, asked.with_for_update())
    return found


def count_tickets_of(session: Session, person_id: int) -> tuple[int, int]:
    """Return the number of the requester's tickets, and how many of them are deleted."""
    shown, gone = (
        session.scalar(select(func.count()).select_from(_of(person_id, state).subquery())) or 0
        for state in (present(), deleted())
    )
    return shown + gone, gone


def decided_in(session: Session, ticket_ids: Collection[int]) -> bool:
    """Return True if a person decided the category or the priority of one of the tickets: the desk
    may have learned from its text."""
    by = (col(Ticket.category_by), col(Ticket.priority_by))
    decided = or_(*(one == DecidedBy.PERSON for one in by))
    asked = select(col(Ticket.id)).where(col(Ticket.id).in_(ticket_ids), decided).limit(1)
    return session.scalar(asked) is not None


def lock_long_deleted(session: Session, before: datetime, *, limit: int) -> Sequence[int]:
    """Lock the tickets that were deleted first, at `before` or earlier; return their ids."""
    asked = select(col(Ticket.id)).where(deleted(), col(Ticket.deleted_at) <= before)
    first = asked.order_by(col(Ticket.deleted_at), col(Ticket.id)).limit(limit)
    return _ids(session, first.with_for_update())


def count_long_deleted(session: Session, before: datetime) -> int:
    """Return the number of tickets that were deleted at `before` or earlier."""
    asked = select(func.count()).where(deleted(), col(Ticket.deleted_at) <= before)
    return session.scalar(asked) or 0


def keep_writers_out(session: Session) -> None:
    """Let no other transaction lock or write a ticket until this one ends. Those that do are waited
    for. SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE ticket IN EXCLUSIVE MODE"))


def _of(person_id: int, state: ColumnElement[bool]) -> Select[int | None]:
    return select(col(Ticket.id)).where(col(Ticket.requester_id) == person_id, state)


def _ids(session: Session, asked: Select[int | None]) -> list[int]:
    return [ticket_id for ticket_id in session.scalars(asked) if ticket_id is not None]
