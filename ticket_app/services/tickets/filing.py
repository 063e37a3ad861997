"""Files tickets. A ticket is stored at once, with the triage that is available without a call."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from types import MappingProxyType
from typing import Any, NamedTuple

from pydantic_core import from_json

from ticket_app.actor import Actor, Identity
from ticket_app.bus import Change, bus
from ticket_app.data.people.requesters import requester_of
from ticket_app.data.tickets.filing import KeyClaim, NewTicket, StoredResponse, file_tickets
from ticket_app.errors import IdempotencyKeyReusedError, NotAllowedError, SignInRequiredError
from ticket_app.schemas.tickets import TicketCreate, TicketPublic
from ticket_app.services.people.permission import Verb, may, require
from ticket_app.services.tickets.listing import as_seen_by
from ticket_app.services.tickets.recording import proposals
from ticket_app.services.tickets.requesters import own_addresses
from ticket_app.settings import get_settings
from ticket_app.triage import engine
from ticket_app.triage.contract import Triage
from ticket_app.triage.offline import triage_offline
from ticket_app.vocabulary import OFFLINE, SETTLED, DecidedBy, EventKind, Role, TriageStatus, Who


class Request(NamedTuple):
    """A ticket to be filed, its actor, and the request's idempotency key.

    `seen` is the triage of the same description that the requester saw. Without it, a provider's
    cached answer is used, or else the offline engine's. A ticket with the offline engine's triage
    waits for a provider if one is configured. `suggested` has the category and priority that the
    requester saw as suggestions and did not change: they are filed as the triage's decisions.
    """

    actor: Actor
    new: TicketCreate
    key: str | None = None
    seen: Triage | None = None
    suggested: Mapping[str, str] = MappingProxyType({})


class Filed(NamedTuple):
    """A ticket as first returned; `replayed` if an earlier request with its key filed it."""

    ticket: TicketPublic
    replayed: bool = False


Outcome = Filed | IdempotencyKeyReusedError | SignInRequiredError | NotAllowedError
"""The outcome of a request of a batch."""


def open_ticket(actor: Actor, new: TicketCreate) -> TicketPublic:
    """Files a ticket. The triage fills in an absent category or priority."""
    return file_once(actor, new).ticket


def file_once(
    actor: Actor,
    new: TicketCreate,
    key: str | None = None,
    seen: Triage | None = None,
    suggested: Mapping[str, str] = MappingProxyType({}),
) -> Filed:
    """Files a ticket unless its idempotency key has filed it before. Takes a Request's fields.

    Raises IdempotencyKeyReusedError if the key has filed a ticket with other values, and
    SignInRequiredError or NotAllowedError for an actor who may not file.
    """
    (outcome,) = file_all_once([Request(actor, new, key, seen, suggested)])
    if not isinstance(outcome, Filed):
        raise outcome
    return outcome


def file_all_once(requests: Sequence[Request]) -> list[Outcome]:
    """Files a batch of tickets, all or none, in a fraction of the time of single ones.

    An actor who may not file, or a key that was used for other values, fails only its own request:
    the error is returned in its place. Each actor is decided on before anything is written.
    A requester who has signed in files with the address of their account.
    """
    refused = {place: error for place, each in enumerate(requests) if (error := _refusal(each))}
    allowed = [each for place, each in enumerate(requests) if place not in refused]
    drafts = [_draft(each) for each in _in_own_name(allowed)]
    stored = file_tickets(drafts) if drafts else []
    bus.publish(*(Change(each, EventKind.CREATED) for each in stored if isinstance(each, int)))
    filed = (
        _filed(draft, outcome)
        if not isinstance(outcome, StoredResponse) or _is_same_request(draft, outcome)
        else IdempotencyKeyReusedError(outcome.ticket_id)
        for draft, outcome in zip(drafts, stored, strict=True)
    )
    return [refused.get(place) or next(filed) for place in range(len(requests))]


def _refusal(request: Request) -> SignInRequiredError | NotAllowedError | None:
    try:
        require(request.actor, Verb.FILE_TICKET)
    except (SignInRequiredError, NotAllowedError) as error:
        return error
    return None


def _in_own_name(requests: Sequence[Request]) -> Sequence[Request]:
    """Returns the requests, each of a requester with the address of their account.

    With another address they would not see their own ticket, and its owner would get it as theirs.
    """
    if all(each.actor.identity.role is not Role.REQUESTER for each in requests):
        return requests
    known = own_addresses(each.actor for each in requests)
    return [
        each._replace(new=each.new.model_copy(update={"requester_email": known[person_id]}))
        if (person_id := each.actor.identity.person_id) in known
        else each
        for each in requests
    ]


def _filed(draft: NewTicket, outcome: int | StoredResponse) -> Filed:
    if isinstance(outcome, StoredResponse):
        fields: dict[str, Any] = from_json(outcome.ticket)
        stored = TicketPublic(id=outcome.ticket_id, **fields)
        return Filed(as_seen_by(draft.actor, stored), replayed=True)
    return Filed(as_seen_by(draft.actor, TicketPublic(id=outcome, **draft.ticket)))


def _is_same_request(draft: NewTicket, stored: StoredResponse) -> bool:
    return draft.claim is not None and draft.claim.fingerprint == stored.fingerprint


def _key_claim(request: Request) -> KeyClaim | None:
    """Returns the key of this person, with a fingerprint of the parsed values.

    Spaces around a title, the order of names in JSON, and explicit defaults do not change it.
    """
    if request.key is None:
        return None
    fingerprint = sha256(request.new.model_dump_json().encode()).hexdigest()
    return KeyClaim(_own_key(request.actor.identity, request.key), fingerprint)


def _own_key(identity: Identity, key: str) -> str:
    """Returns the key as it is stored: the same key of two people is two keys.

    A stored key of a person has a space, which no key of a request has. At an open desk, and for a
    program of the server, it is the request's key.
    """
    if identity.person_id is None and identity.role is not None:
        return key
    owner = "nobody" if identity.person_id is None else f"person {identity.person_id}"
    return f"{owner} {sha256(key.encode()).hexdigest()}"


def _draft(request: Request) -> NewTicket:
    new = request.new
    proposed = (
        request.seen
        or _known_answer(request.actor, new)
        or triage_offline(new.description, new.title)
    )
    awaits = proposed.engine == OFFLINE and may_await_provider(request.actor)
    now = request.actor.at
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
        "waiting_since": None if new.status in SETTLED else now,
        "version": 1,
        "engine": proposed.engine,
        "triage_status": TriageStatus.PENDING if awaits else TriageStatus.DONE,
        "category_by": _decided_by(new.category),
        "priority_by": _decided_by(new.priority),
    }
    requester = requester_of(new.requester_name, new.requester_email)
    claim = _key_claim(request)
    return NewTicket(request.actor, ticket, proposals(proposed), awaits, claim, requester)


def _known_answer(actor: Actor, new: TicketCreate) -> Triage | None:
    """Returns a provider's cached answer. To others than those who may ask for one, it would tell
    that somebody has filed the same text."""
    if not may(actor, Verb.ASK_PROVIDER):
        return None
    return engine.cached_answer(new.description, new.title)


def has_provider() -> bool:
    """Returns True if an AI provider is configured, for which a ticket could wait."""
    return get_settings().provider is not None


def may_await_provider(actor: Actor) -> bool:
    """Returns True if this actor's tickets may wait for a provider.

    A command's do not: a demo of thousands of tickets would pay for a call for each. Those of
    people who may not ask the provider at once do wait: the worker's calls are few at a time and
    within the day's budget, however many tickets wait.
    """
    return actor.who is not Who.COMMAND and has_provider()


def _decided_by(chosen: str | None) -> DecidedBy:
    return DecidedBy.TRIAGE if chosen is None else DecidedBy.PERSON
