"""Filing tickets: a ticket is stored at once, with what the engines say of it by then."""

from collections.abc import Sequence
from datetime import UTC, datetime

from ticket_app.data.filing import NewTicket, file_tickets
from ticket_app.live.bus import Change, bus
from ticket_app.schemas import TicketCreate, TicketPublic
from ticket_app.services.recording import proposals
from ticket_app.settings import get_settings
from ticket_app.triage import engine
from ticket_app.triage.contract import Triage
from ticket_app.triage.offline import triage_offline
from ticket_app.vocabulary import OFFLINE, SETTLED, DecidedBy, Edge, TriageStatus


def open_ticket(
    new: TicketCreate, edge: Edge, *, seen: Triage | None = None, at: datetime | None = None
) -> TicketPublic:
    """File a ticket. What is absent of category and priority is filled by the triage.

    `seen` is the triage of this very description that the requester was shown; without it a
    provider's answer that is remembered counts, or else the offline engine's. With the latter the
    ticket waits for a provider, where one is configured. `at` backdates the ticket (default: now),
    and lets it wait for nobody.
    """
    (ticket,) = _file([_drafted(new, seen, at)], edge)
    return ticket


def open_tickets(new: Sequence[TicketCreate], edge: Edge) -> list[TicketPublic]:
    """File tickets together, all or none: for each it takes a fraction of the time."""
    return _file([_drafted(each, None, None) for each in new], edge)


def _file(drafts: Sequence[NewTicket], edge: Edge) -> list[TicketPublic]:
    ids = file_tickets(drafts, edge)
    tickets = []
    for ticket_id, draft in zip(ids, drafts, strict=True):
        bus.publish(Change(ticket_id, awaits_triage=draft.waits))
        tickets.append(TicketPublic(id=ticket_id, **draft.ticket))
    return tickets


def _drafted(new: TicketCreate, seen: Triage | None, at: datetime | None) -> NewTicket:
    proposed = (
        seen
        or engine.remembered(new.description, new.title)
        or triage_offline(new.description, new.title)
    )
    awaits = proposed.engine == OFFLINE and at is None and has_provider()
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
    return NewTicket(ticket, proposals(proposed), awaits)


def has_provider() -> bool:
    """Whether an AI is configured, for whom a ticket could wait."""
    return get_settings().provider is not None


def _decided_by(chosen: str | None) -> DecidedBy:
    return DecidedBy.TRIAGE if chosen is None else DecidedBy.PERSON
