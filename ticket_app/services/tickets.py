"""What the desk does with tickets. One call is one transaction, with the events that record it."""

from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from ticket_app.data import ticket_queries as queries
from ticket_app.data.engine import reading, writing
from ticket_app.data.tables import Ticket
from ticket_app.errors import TicketNotFoundError
from ticket_app.live.bus import Change, bus
from ticket_app.schemas import (
    Position,
    SuggestionPublic,
    TicketCreate,
    TicketEventPublic,
    TicketFilter,
    TicketListQuery,
    TicketPage,
    TicketPublic,
    TicketUpdate,
)
from ticket_app.services.recording import (
    SCORES,
    differences,
    record_changes,
    record_creation,
    record_suggestions,
    record_transition,
)
from ticket_app.triage.contract import Triage
from ticket_app.triage.offline import ENGINE, triage_offline
from ticket_app.vocabulary import SETTLED, Edge, EventKind, TriageField

COUNT_MAX = 1_000
"""Matching tickets are counted up to here; a page shows more as "1,000+"."""


def open_ticket(
    new: TicketCreate, edge: Edge, *, seen: Triage | None = None, at: datetime | None = None
) -> TicketPublic:
    """File a ticket. What is absent of category and priority is filled by the triage.

    `seen` is the triage of this very description that the requester was shown; without it the
    offline engine answers. What the offline engine filled is left to be improved by a provider.
    `at` backdates the ticket (default: now).
    """
    proposed = seen or triage_offline(new.description, new.title)
    now = at or datetime.now(UTC)
    ticket = Ticket(
        title=new.title,
        description=new.description,
        category=new.category or proposed.category.value,
        priority=new.priority or proposed.priority.value,
        status=new.status,
        sentiment=proposed.sentiment.value,
        urgency_score=proposed.urgency_score.value,
        requester_name=new.requester_name,
        requester_email=new.requester_email,
        created_at=now,
        updated_at=now,
        resolved_at=now if new.status in SETTLED else None,
        version=1,
    )
    with writing() as session:
        record_creation(session, ticket, edge, now)
        record_suggestions(session, ticket, proposed, now)
        public = TicketPublic.model_validate(ticket)
    left = SCORES | _left_to_triage(new) if proposed.engine == ENGINE else frozenset()
    bus.publish(Change(public.id, left))
    return public


def get_ticket(ticket_id: int) -> TicketPublic:
    """The ticket; TicketNotFoundError when there is none."""
    with reading() as session:
        return TicketPublic.model_validate(
            _found(queries.find_ticket(session, ticket_id), ticket_id)
        )


def list_tickets(query: TicketListQuery) -> TicketPage:
    """One page, newest first (created_at, then id)."""
    after = None if query.cursor is None else Position.decode(query.cursor)
    with reading() as session:
        rows = queries.newest_tickets(session, query, limit=query.limit + 1, after=after)
        items = [TicketPublic.model_validate(row) for row in rows[: query.limit]]
    more = len(rows) > query.limit
    last = items[-1] if more else None
    return TicketPage(
        items=items, next_cursor=Position(last.created_at, last.id).encode() if last else None
    )


def count_tickets(wanted: TicketFilter) -> int:
    """How many tickets match; COUNT_MAX + 1 stands for more than COUNT_MAX."""
    with reading() as session:
        return queries.count_tickets(session, wanted, at_most=COUNT_MAX + 1)


def update_ticket(
    ticket_id: int, update: TicketUpdate, edge: Edge, *, at: datetime | None = None
) -> TicketPublic:
    """Change the fields given. A new title or description recomputes sentiment and urgency.

    Giving the values that the ticket already has changes nothing, and records nothing.
    TicketNotFoundError when there is no such ticket.
    """
    with writing() as session:
        ticket = _found(queries.lock_ticket(session, ticket_id), ticket_id)
        now = at or datetime.now(UTC)  # once it is our turn: versions and times go the same way
        changes = differences(ticket, update.changes)
        rescored = bool(changes.keys() & {"title", "description"})
        if rescored:
            changes |= _rescore(session, ticket, changes, now)
        if "status" in changes:
            ticket.resolved_at = _resolved_at(ticket, changes["status"], now)
        record_changes(session, ticket, changes, edge, now)
        public = TicketPublic.model_validate(ticket)
    if changes:
        bus.publish(Change(ticket_id, SCORES if rescored else frozenset()))
    return public


def delete_ticket(ticket_id: int, edge: Edge) -> None:
    """Take the ticket out of every list and figure; `restore_ticket` brings it back."""
    with writing() as session:
        ticket = _found(queries.lock_ticket(session, ticket_id), ticket_id)
        now = datetime.now(UTC)
        ticket.deleted_at = now
        record_transition(session, ticket, EventKind.DELETED, edge, now)
    bus.publish(Change(ticket_id))


def restore_ticket(ticket_id: int, edge: Edge) -> TicketPublic:
    """Bring a deleted ticket back; TicketNotFoundError when there is none to bring back."""
    with writing() as session:
        ticket = _found(queries.lock_ticket(session, ticket_id, deleted=True), ticket_id)
        now = datetime.now(UTC)
        ticket.deleted_at = None
        record_transition(session, ticket, EventKind.RESTORED, edge, now)
        public = TicketPublic.model_validate(ticket)
    bus.publish(Change(ticket_id))
    return public


def ticket_history(ticket_id: int) -> list[TicketEventPublic]:
    """What happened to a ticket, newest first."""
    with reading() as session:
        return [
            TicketEventPublic.model_validate(row) for row in queries.history_of(session, ticket_id)
        ]


def ticket_suggestions(ticket_id: int) -> list[SuggestionPublic]:
    """What the engines proposed for a ticket, newest first."""
    with reading() as session:
        return [
            SuggestionPublic.model_validate(row)
            for row in queries.suggestions_for(session, ticket_id)
        ]


def _rescore(
    session: Session, ticket: Ticket, changes: dict[str, Any], now: datetime
) -> dict[str, Any]:
    """The offline engine's scores for the new text, as further changes."""
    proposed = triage_offline(
        changes.get("description", ticket.description), changes.get("title", ticket.title)
    )
    record_suggestions(session, ticket, proposed, now)
    return differences(
        ticket,
        {
            "sentiment": proposed.sentiment.value,
            "urgency_score": proposed.urgency_score.value,
        },
    )


def _resolved_at(ticket: Ticket, status: str, now: datetime) -> datetime | None:
    """Set on entering resolved or closed, kept between the two, cleared on reopening."""
    if status not in SETTLED:
        return None
    return ticket.resolved_at or now


def _left_to_triage(new: TicketCreate) -> frozenset[TriageField]:
    left = {TriageField.CATEGORY: new.category, TriageField.PRIORITY: new.priority}
    return frozenset(field for field, chosen in left.items() if chosen is None)


def _found(ticket: Ticket | None, ticket_id: int) -> Ticket:
    if ticket is None:
        raise TicketNotFoundError(ticket_id)
    return ticket
