"""Named queries over tickets, their history and their suggestions. Every one has a bound."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlmodel import Session, col

from ticket_app.data.tables import Suggestion, Ticket, TicketEvent
from ticket_app.schemas import Position, TicketFilter

HISTORY_MAX = 200
ESCAPE = "\\"


def find_ticket(session: Session, ticket_id: int) -> Ticket | None:
    """The ticket, unless it was deleted."""
    return session.scalar(_by_id(ticket_id).where(_present()))


def lock_ticket(session: Session, ticket_id: int, *, deleted: bool = False) -> Ticket | None:
    """The ticket, or the deleted one, held against other writers until the transaction ends."""
    state = col(Ticket.deleted_at).is_not(None) if deleted else _present()
    return session.scalar(_by_id(ticket_id).where(state).with_for_update())


def newest_tickets(
    session: Session, wanted: TicketFilter, *, limit: int, after: Position | None
) -> Sequence[Ticket]:
    """At most `limit` tickets, newest first, that come behind `after` in that order."""
    statement = (
        select(Ticket)
        .where(*_conditions(wanted))
        .order_by(col(Ticket.created_at).desc(), col(Ticket.id).desc())
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(_behind(after))
    return session.scalars(statement).all()


def count_tickets(session: Session, wanted: TicketFilter, *, at_most: int) -> int:
    """How many tickets match; counting stops at `at_most`."""
    found = select(col(Ticket.id)).where(*_conditions(wanted)).limit(at_most).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


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


def _by_id(ticket_id: int) -> Select[Ticket]:
    return select(Ticket).where(col(Ticket.id) == ticket_id)


def _present() -> ColumnElement[bool]:
    return col(Ticket.deleted_at).is_(None)


def _conditions(wanted: TicketFilter) -> list[ColumnElement[bool]]:
    conditions = [_present()]
    for column, values in (
        (col(Ticket.category), wanted.category),
        (col(Ticket.priority), wanted.priority),
        (col(Ticket.status), wanted.status),
        (col(Ticket.sentiment), wanted.sentiment),
    ):
        if values:
            conditions.append(column.in_(values))
    if wanted.search is not None:
        conditions.append(_contains(wanted.search))
    return conditions


def _contains(search: str) -> ColumnElement[bool]:
    """Anywhere in title or description; the search's own % and _ stand for themselves."""
    escaped = search
    for special in (ESCAPE, "%", "_"):
        escaped = escaped.replace(special, ESCAPE + special)
    pattern = func.ticket_fold(f"%{escaped}%")
    return or_(
        *(
            func.ticket_fold(column).like(pattern, escape=ESCAPE)
            for column in (col(Ticket.title), col(Ticket.description))
        )
    )


def _behind(position: Position) -> ColumnElement[bool]:
    # Spelled out instead of as a row value: the plain bound on created_at lets both engines start
    # their walk through the index at the right place.
    created_at, ticket_id = col(Ticket.created_at), col(Ticket.id)
    return and_(
        created_at <= position.created_at,
        or_(created_at < position.created_at, ticket_id < position.id),
    )
