"""Filing tickets: a ticket is stored at once, with what the engines say of it by then."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

from pydantic_core import from_json

from ticket_app.bus import Change, bus
from ticket_app.data.tickets.filing import Claim, Earlier, NewTicket, file_tickets
from ticket_app.errors import IdempotencyKeyReusedError
from ticket_app.schemas.tickets import TicketCreate, TicketPublic
from ticket_app.services.tickets.recording import proposals
from ticket_app.settings import get_settings
from ticket_app.triage import engine
from ticket_app.triage.contract import Triage
from ticket_app.triage.offline import triage_offline
from ticket_app.vocabulary import OFFLINE, SETTLED, DecidedBy, Edge, TriageStatus


class Request(NamedTuple):
    """A ticket to be filed, and the idempotency key that it came with.

    `seen` is the triage of this very description that the requester was shown; without it a
    provider's answer that is remembered counts, or else the offline engine's. With the latter the
    ticket waits for a provider, where one is configured. `suggested` are the values of category and
    priority that the requester was shown as suggestions, and left: they are filed as the triage's.
    """

    new: TicketCreate
    key: str | None = None
    seen: Triage | None = None
    suggested: Mapping[str, str] = {}


class Filed(NamedTuple):
    """The ticket as it was first answered; `replayed` if an earlier request has filed it."""

    ticket: TicketPublic
    replayed: bool = False


def open_ticket(new: TicketCreate, edge: Edge, *, at: datetime | None = None) -> TicketPublic:
    """File a ticket. What is absent of category and priority is filled by the triage.

    `at` backdates the ticket (default: now), and lets it wait for no provider.
    """
    draft = _drafted(Request(new), at)
    (outcome,) = file_tickets([draft], edge)
    return _filed(draft, outcome).ticket


def file_once(request: Request, edge: Edge) -> Filed:
    """File a ticket, unless its key has filed it before.

    IdempotencyKeyReusedError where the key has filed a ticket of other values.
    """
    (outcome,) = file_all_once([request], edge)
    if isinstance(outcome, IdempotencyKeyReusedError):
        raise outcome
    return outcome


def file_all_once(
    requests: Sequence[Request], edge: Edge
) -> list[Filed | IdempotencyKeyReusedError]:
    """File tickets together: for each it takes a fraction of the time. All or none are stored;
    a key that was used for other values is the fault of its request alone, and stands in its place.
    """
    drafts = [_drafted(each, None) for each in requests]
    return [
        _filed(draft, outcome)
        if not isinstance(outcome, Earlier) or _is_same(draft, outcome)
        else IdempotencyKeyReusedError(outcome.ticket_id)
        for draft, outcome in zip(drafts, file_tickets(drafts, edge), strict=True)
    ]


def _filed(draft: NewTicket, outcome: int | Earlier) -> Filed:
    if isinstance(outcome, Earlier):
        kept: dict[str, Any] = from_json(outcome.ticket)
        return Filed(TicketPublic(id=outcome.ticket_id, **kept), replayed=True)
    bus.publish(Change(outcome, awaits_triage=draft.waits))
    return Filed(TicketPublic(id=outcome, **draft.ticket))


def _is_same(draft: NewTicket, earlier: Earlier) -> bool:
    return draft.claim is not None and draft.claim.fingerprint == earlier.fingerprint


def _claim(request: Request) -> Claim | None:
    """The fingerprint is of the values that were read: spaces around a title, the order of JSON's
    names, and a default that is spelled out make no other request."""
    if request.key is None:
        return None
    return Claim(request.key, sha256(request.new.model_dump_json().encode()).hexdigest())


def _drafted(request: Request, at: datetime | None) -> NewTicket:
    new = request.new
    proposed = (
        request.seen
        or engine.remembered(new.description, new.title)
        or triage_offline(new.description, new.title)
    )
    awaits = proposed.engine == OFFLINE and at is None and has_provider()
    now = at or datetime.now(UTC)
    ticket = {
        "title": new.title,
        "description": new.description,
        "category": new.category or request.suggested.get("category", proposed.category.value),
        "priority": new.priority or request.suggested.get("priority", proposed.priority.value),
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
    return NewTicket(ticket, proposals(proposed), awaits, _claim(request))


def has_provider() -> bool:
    """Whether an AI is configured, for whom a ticket could wait."""
    return get_settings().provider is not None


def _decided_by(chosen: str | None) -> DecidedBy:
    return DecidedBy.TRIAGE if chosen is None else DecidedBy.PERSON
