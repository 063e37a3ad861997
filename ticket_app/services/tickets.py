"""What the desk does with tickets. One call is one transaction, with the events that record it."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlmodel import Session

from ticket_app.data import figure_queries, list_queries
from ticket_app.data import ticket_queries as queries
from ticket_app.data.direct import asking
from ticket_app.data.engine import reading, writing
from ticket_app.data.filing import file_ticket
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
    await_triage,
    differences,
    proposals,
    record_changes,
    record_suggestions,
    record_transition,
    settle_triage,
)
from ticket_app.settings import get_settings
from ticket_app.triage import engine
from ticket_app.triage.contract import Triage
from ticket_app.triage.offline import triage_offline
from ticket_app.vocabulary import (
    OFFLINE,
    SETTLED,
    DecidedBy,
    Edge,
    EventKind,
    TriageScope,
    TriageStatus,
)

SEARCH_COUNT_MAX = 1_000
"""Tickets that a search finds are counted up to here; a page shows more as "1,000+"."""


def open_ticket(
    new: TicketCreate, edge: Edge, *, seen: Triage | None = None, at: datetime | None = None
) -> TicketPublic:
    """File a ticket. What is absent of category and priority is filled by the triage.

    `seen` is the triage of this very description that the requester was shown; without it a
    provider's answer that is remembered counts, or else the offline engine's. With the latter the
    ticket waits for a provider, where one is configured. `at` backdates the ticket (default: now),
    and lets it wait for nobody.
    """
    proposed = (
        seen
        or engine.remembered(new.description, new.title)
        or triage_offline(new.description, new.title)
    )
    awaits = proposed.engine == OFFLINE and at is None and _has_provider()
    now = at or datetime.now(UTC)
    ticket = {
        "title": new.title,
        "description": new.description,
        "category": new.category or proposed.category.value,
        "priority": new.priority or proposed.priority.value,
        "status": new.status,
        "sentiment": proposed.sentiment.value,
        "urgency_score": proposed.urgency_score.value,
        "requester_name": new.requester_name,
        "requester_email": new.requester_email,
        "created_at": now,
        "updated_at": now,
        "resolved_at": now if new.status in SETTLED else None,
        "version": 1,
        "engine": proposed.engine,
        "triage_status": TriageStatus.PENDING if awaits else TriageStatus.DONE,
        "category_by": _decided_by(new.category),
        "priority_by": _decided_by(new.priority),
    }
    ticket_id = file_ticket(ticket, proposals(proposed), edge, waits=awaits)
    bus.publish(Change(ticket_id, awaits_triage=awaits))
    return TicketPublic(id=ticket_id, **ticket)


def get_ticket(ticket_id: int) -> TicketPublic:
    """The ticket; TicketNotFoundError when there is none."""
    with reading() as session:
        return TicketPublic.model_validate(
            _found(queries.find_ticket(session, ticket_id), ticket_id)
        )


def list_tickets(query: TicketListQuery) -> TicketPage:
    """One page, newest first (created_at, then id)."""
    after = None if query.cursor is None else Position.decode(query.cursor)
    with asking() as ask:
        found = list_queries.newest_tickets(ask, query, limit=query.limit + 1, after=after)
    shown = found[: query.limit]
    last = shown[-1] if len(found) > query.limit else None
    return TicketPage(
        json_array=f"[{','.join(ticket.json for ticket in shown)}]",
        next_cursor=Position(last.created_at, last.id).encode() if last else None,
    )


class Matching(NamedTuple):
    """How many tickets match: so many, `or_more`."""

    tickets: int
    or_more: bool = False


def count_tickets(wanted: TicketFilter) -> Matching:
    """How many tickets match. Only a search is counted no further than SEARCH_COUNT_MAX."""
    if wanted.search is None:
        with reading() as session:
            return Matching(figure_queries.count_by(session, wanted))
    with asking() as ask:
        found = list_queries.count_found(ask, wanted, at_most=SEARCH_COUNT_MAX + 1)
    return Matching(min(found, SEARCH_COUNT_MAX), or_more=found > SEARCH_COUNT_MAX)


def update_ticket(
    ticket_id: int, update: TicketUpdate, edge: Edge, *, at: datetime | None = None
) -> TicketPublic:
    """Change the fields given. A new title or description recomputes sentiment and urgency.

    Giving the values that the ticket already has changes nothing, and records nothing; but a
    category or priority that is given is a person's from now on. TicketNotFoundError when there is
    no such ticket.
    """
    foreseen = _foreseen(ticket_id, update)
    with writing() as session:
        ticket = _found(queries.lock_ticket(session, ticket_id), ticket_id)
        now = at or datetime.now(UTC)  # once it is our turn: versions and times go the same way
        changes = differences(ticket, update.changes)
        rescored = bool(changes.keys() & {"title", "description"})
        decided = _note_decisions(ticket, update)
        if rescored:
            changes |= _rescore(session, ticket, changes, foreseen, now)
        awaits = rescored and at is None and _has_provider()
        if awaits:
            await_triage(session, ticket, _scope_of_new_text(ticket), now)
        if "status" in changes:
            ticket.resolved_at = _resolved_at(ticket, changes["status"], now)
        record_changes(session, ticket, changes, edge, now)
        public = TicketPublic.model_validate(ticket)
    if changes or decided:
        bus.publish(Change(ticket_id, awaits_triage=awaits))
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
        awaits = ticket.triage_status == TriageStatus.PENDING
        if awaits and not _has_provider():
            settle_triage(session, ticket, TriageStatus.DONE)
            awaits = False
        record_transition(session, ticket, EventKind.RESTORED, edge, now)
        public = TicketPublic.model_validate(ticket)
    bus.publish(Change(ticket_id, awaits_triage=awaits))
    return public


def ticket_history(ticket_id: int) -> list[TicketEventPublic]:
    """What happened to a ticket, newest first."""
    with reading() as session:
        return [
            TicketEventPublic.model_validate(row) for row in queries.history_of(session, ticket_id)
        ]


def ticket_suggestions(ticket_id: int) -> list[SuggestionPublic]:
    """What the engines proposed for a ticket, newest first. Raises TicketNotFoundError."""
    with reading() as session:
        _found(queries.find_ticket(session, ticket_id), ticket_id)
        return [
            SuggestionPublic.model_validate(row)
            for row in queries.suggestions_for(session, ticket_id)
        ]


class _Foreseen(NamedTuple):
    """The offline engine's answer for a text, made before any transaction is open."""

    description: str
    title: str
    triage: Triage


def _foreseen(ticket_id: int, update: TicketUpdate) -> _Foreseen | None:
    """What the ticket's new text will be, if nobody else changes it meanwhile."""
    if not update.changes.keys() & {"title", "description"}:
        return None
    ticket = get_ticket(ticket_id)
    return _by_rules(
        update.changes.get("description", ticket.description),
        update.changes.get("title", ticket.title),
    )


def _by_rules(description: str, title: str) -> _Foreseen:
    return _Foreseen(description, title, triage_offline(description, title))


def _rescore(
    session: Session,
    ticket: Ticket,
    changes: dict[str, Any],
    foreseen: _Foreseen | None,
    now: datetime,
) -> dict[str, Any]:
    """The offline engine's scores for the new text, as further changes."""
    description = changes.get("description", ticket.description)
    title = changes.get("title", ticket.title)
    if foreseen is None or foreseen[:2] != (description, title):
        foreseen = _by_rules(description, title)  # another change of the text came between
    proposed = foreseen.triage
    record_suggestions(session, ticket, proposed, now)
    ticket.engine = proposed.engine
    return differences(
        ticket,
        {
            "sentiment": proposed.sentiment.value,
            "urgency_score": proposed.urgency_score.value,
        },
    )


def _scope_of_new_text(ticket: Ticket) -> TriageScope:
    """A provider that had no answer to the old text has set nothing that a new one could spoil."""
    failed = ticket.triage_status == TriageStatus.FAILED
    return TriageScope.ALL if failed else TriageScope.SCORES


def _resolved_at(ticket: Ticket, status: str, now: datetime) -> datetime | None:
    """Set on entering resolved or closed, kept between the two, cleared on reopening."""
    if status not in SETTLED:
        return None
    return ticket.resolved_at or now


def _has_provider() -> bool:
    return get_settings().provider is not None


def _decided_by(chosen: str | None) -> DecidedBy:
    return DecidedBy.TRIAGE if chosen is None else DecidedBy.PERSON


def _note_decisions(ticket: Ticket, update: TicketUpdate) -> bool:
    """A category or priority that is given is a person's, even if it is the one that stands.

    Whether anything was triage's until now.
    """
    before = ticket.category_by, ticket.priority_by
    if "category" in update.changes:
        ticket.category_by = DecidedBy.PERSON
    if "priority" in update.changes:
        ticket.priority_by = DecidedBy.PERSON
    return before != (ticket.category_by, ticket.priority_by)


def _found(ticket: Ticket | None, ticket_id: int) -> Ticket:
    if ticket is None:
        raise TicketNotFoundError(ticket_id)
    return ticket
