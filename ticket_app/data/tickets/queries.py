"""Named queries of one ticket, its history and suggestions, and of idempotency keys; all have a
bound."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Row, Select, delete, exists, func, or_, select
from sqlmodel import Session, col

from ticket_app.data.people.scope import Scope
from ticket_app.data.people.tables import Handover, Person
from ticket_app.data.tickets.predicates import deleted as is_deleted
from ticket_app.data.tickets.predicates import in_scope, present
from ticket_app.data.tickets.tables import (
    OF_ADDRESS,
    OF_ERASING,
    IdempotencyKey,
    Ticket,
    TicketEvent,
)
from ticket_app.data.triage.tables import Suggestion
from ticket_app.schemas.tickets import (
    CHANGES_FOR_REQUESTER,
    EVENTS_FOR_REQUESTER,
    HISTORY_MAX,
)
from ticket_app.vocabulary import EventKind

OF_FIELDS = (EventKind.CHANGED, EventKind.DELETED, EventKind.RESTORED, EventKind.ERASED)
"""Events that tell of the ticket itself. The others tell of what was said."""


def find_ticket(
    session: Session, ticket_id: int, scope: Scope, *, deleted: bool = False
) -> Ticket | None:
    """Return the ticket of the scope if it was not deleted; with `deleted`, only if it was."""
    return session.scalar(_by_id(ticket_id, scope, deleted=deleted))


def find_tickets(session: Session, ticket_ids: Collection[int], scope: Scope) -> dict[int, Ticket]:
    """Return the tickets of the scope by id, without those that do not exist or were deleted."""
    wanted = select(col(Ticket.id), Ticket).where(col(Ticket.id).in_(ticket_ids), present())
    found = session.execute(wanted.where(*in_scope(scope)))
    return {ticket_id: ticket for ticket_id, ticket in found if ticket_id}


def lock_ticket(
    session: Session, ticket_id: int, scope: Scope, *, deleted: bool = False
) -> Ticket | None:
    """As `find_ticket`, with a row lock until the transaction ends."""
    return session.scalar(_by_id(ticket_id, scope, deleted=deleted).with_for_update())


def erased_at(session: Session, ticket_id: int) -> datetime | None:
    """Return when somebody's data was last erased at a ticket; None if it never was."""
    kind, number = col(TicketEvent.kind), col(TicketEvent.id)
    of_ticket = select(col(TicketEvent.created_at)).where(
        col(TicketEvent.ticket_id) == ticket_id, kind == EventKind.ERASED
    )
    return session.scalar(of_ticket.order_by(number.desc()).limit(1))


def leaver_with_tickets(session: Session) -> int | None:
    """Return a person who has left the team and still has an open ticket."""
    left = col(Handover.person_id)
    has_ticket = exists().where(*_unsettled_of(left))
    return session.scalar(select(left).where(has_ticket).limit(1))


def lock_unsettled_of(session: Session, person_id: int, *, limit: int) -> Sequence[Ticket]:
    """Lock the first unsettled tickets of this assignee and return them, by id."""
    wanted = select(Ticket).where(*_unsettled_of(person_id)).order_by(col(Ticket.id))
    return session.scalars(wanted.limit(limit).with_for_update()).all()


def history_of(
    session: Session, ticket_id: int, scope: Scope, *, before: int | None, limit: int
) -> Sequence[Row[TicketEvent, str | None]]:
    """Return the newest `limit` events of a ticket with smaller ids than `before`, newest first,
    each with the name of the person who acted, if known.

    The ticket was found within the scope. A restricted scope gets the events for a requester alone.
    """
    wanted = (
        select(TicketEvent, col(Person.name))
        .outerjoin(Person, col(Person.id) == col(TicketEvent.actor_id))
        .where(col(TicketEvent.ticket_id) == ticket_id)
    )
    if before is not None:
        wanted = wanted.where(col(TicketEvent.id) < before)
    if scope.restriction:
        wanted = wanted.where(
            or_(
                col(TicketEvent.kind).in_(EVENTS_FOR_REQUESTER),
                col(TicketEvent.field).in_(CHANGES_FOR_REQUESTER),
            )
        )
    return session.execute(wanted.order_by(col(TicketEvent.id).desc()).limit(limit)).all()


def changes_since(
    session: Session, ticket_id: int, version: int, fields: Collection[str], *, limit: int
) -> Sequence[Row[TicketEvent, str | None]]:
    """Return the newest `limit` changes of these fields after a version of the ticket, newest
    first, each with the name of the person who acted, if known."""
    return session.execute(
        select(TicketEvent, col(Person.name))
        .outerjoin(Person, col(Person.id) == col(TicketEvent.actor_id))
        .where(col(TicketEvent.ticket_id) == ticket_id)
        .where(col(TicketEvent.ticket_version) > version, col(TicketEvent.field).in_(fields))
        .order_by(col(TicketEvent.id).desc())
        .limit(limit)
    ).all()


def changes_between(
    session: Session, ticket_id: int, *, since: datetime | None, until: datetime | None
) -> Sequence[Row[TicketEvent, str | None]]:
    """Return the newest HISTORY_MAX events of a ticket from `since` and before `until`, oldest
    first, each with the name of the person who acted; without filing and messages."""
    wanted = [col(TicketEvent.ticket_id) == ticket_id, col(TicketEvent.kind).in_(OF_FIELDS)]
    if since is not None:
        wanted.append(col(TicketEvent.created_at) >= since)
    if until is not None:
        wanted.append(col(TicketEvent.created_at) < until)
    newest = (
        select(TicketEvent, col(Person.name))
        .outerjoin(Person, col(Person.id) == col(TicketEvent.actor_id))
        .where(*wanted)
        .order_by(col(TicketEvent.id).desc())
        .limit(HISTORY_MAX)
    )
    return session.execute(newest).all()[::-1]


def suggestions_for(session: Session, ticket_id: int) -> Sequence[Suggestion]:
    """Return the newest HISTORY_MAX suggestions for a ticket, newest first."""
    return session.scalars(
        select(Suggestion)
        .where(col(Suggestion.ticket_id) == ticket_id)
        .order_by(col(Suggestion.id).desc())
        .limit(HISTORY_MAX)
    ).all()


def address_changes_after(
    session: Session, event_id: int, *, limit: int
) -> Sequence[Row[int, int, str | None, int | None]]:
    """Return event, ticket, former address, and the ticket's present requester, by event.

    These are the events above `event_id` in which a ticket got another requester's address.
    """
    return session.execute(
        select(
            col(TicketEvent.id),
            col(TicketEvent.ticket_id),
            col(TicketEvent.old_value),
            col(Ticket.requester_id),
        )
        .join(Ticket, col(Ticket.id) == col(TicketEvent.ticket_id))
        .where(OF_ADDRESS, col(TicketEvent.id) > event_id)
        .order_by(col(TicketEvent.id))
        .limit(limit)
    ).all()


def erasings_after(session: Session, event_id: int, *, limit: int) -> Sequence[Row[int, int]]:
    """Return event and ticket of the erasings with an event above `event_id`, by event."""
    return session.execute(
        select(col(TicketEvent.id), col(TicketEvent.ticket_id))
        .where(OF_ERASING, col(TicketEvent.id) > event_id)
        .order_by(col(TicketEvent.id))
        .limit(limit)
    ).all()


def last_erasing(session: Session) -> int:
    """Return the event of the last erasing; 0 if there was none."""
    return session.scalar(select(func.max(col(TicketEvent.id))).where(OF_ERASING)) or 0


def was_erased_after(session: Session, event_id: int, ticket_ids: Collection[int]) -> bool:
    """Return True if one of the tickets has an erasing with an event above `event_id`."""
    wanted = select(col(TicketEvent.id)).where(OF_ERASING, col(TicketEvent.id) > event_id)
    of_these = wanted.where(col(TicketEvent.ticket_id).in_(ticket_ids))
    return session.scalar(of_these.limit(1)) is not None


def find_key(session: Session, key: str) -> IdempotencyKey | None:
    """Return an idempotency key as it is stored."""
    return session.scalar(select(IdempotencyKey).where(col(IdempotencyKey.key) == key))


def remove_older_keys(session: Session, than: datetime, *, limit: int) -> int:
    """Delete at most `limit` keys older than `than`; return their number.

    Keys that another process has locked are skipped (SQLite has one writer and ignores the clause).
    """
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


def _unsettled_of(assignee: object) -> list[ColumnElement[bool]]:
    return [col(Ticket.assignee_id) == assignee, col(Ticket.resolved_at).is_(None), present()]


def _by_id(ticket_id: int, scope: Scope, *, deleted: bool) -> Select[Ticket]:
    state = is_deleted() if deleted else present()
    return select(Ticket).where(col(Ticket.id) == ticket_id, state, *in_scope(scope))
