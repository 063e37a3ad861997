"""Replays the desk's last tickets with another engine, so that people can compare before a switch.

The engine's answers change nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, NamedTuple

from pydantic import BaseModel

from ticket_app.actor import Actor
from ticket_app.errors import TicketNotFoundError
from ticket_app.schemas.tickets import PAGE_MAX, TicketListQuery, TicketPublic
from ticket_app.services.people.permission import Verb, require
from ticket_app.services.tickets.listing import list_tickets, ticket_history, ticket_suggestions
from ticket_app.services.triage.candidates import Answer
from ticket_app.services.triage.report import Share, share
from ticket_app.triage.contract import Triage
from ticket_app.vocabulary import CallOutcome, DecidedBy, Edge, TriageField

REPLAY_MAX = 10_000
FIELDS = (
    TriageField.CATEGORY,
    TriageField.PRIORITY,
    TriageField.SENTIMENT,
    TriageField.URGENCY_SCORE,
)
URGENCY_STEP = 10
"""Urgency scores that differ by at most this count as the same."""


class Difference(BaseModel):
    """A field of a ticket for which the candidate proposes another value.

    `person` is True if a person decided the current value.
    """

    ticket_id: int
    title: str
    field: TriageField
    now: str
    would_be: str
    confidence: float | None
    person: bool


class FieldReplay(BaseModel):
    """Figures of one field.

    `same` is the share of tickets for which the candidate proposes the current value. Of the values
    that people decided, `people` is the share that the candidate proposes and `people_then` the
    share that the engine of that time proposed; both are None if people decided none.
    """

    field: TriageField
    same: Share
    people: Share | None
    people_then: Share | None


class Replay(BaseModel):
    """Result of a replay. Latencies are milliseconds; `cost_usd` is None if unknown."""

    tickets: int
    unanswered: dict[CallOutcome, int]
    fields: list[FieldReplay]
    differences: list[Difference]
    latency_p50: float | None
    latency_p95: float | None
    cost_usd: float | None


class Past(NamedTuple):
    """A ticket, and the proposal for each field at the time of its decision."""

    ticket: TicketPublic
    then: dict[TriageField, str]


class Replayed(NamedTuple):
    """A ticket, the engines' proposals at the time, and the candidate's answer."""

    ticket: TicketPublic
    then: dict[TriageField, str]
    answer: Answer


def last_tickets(actor: Actor, count: int) -> list[Past]:
    """Returns the newest `count` tickets (at most REPLAY_MAX), newest first."""
    require(actor, Verb.OPERATE)
    return list(islice(_with_proposals(actor, _newest(actor)), min(count, REPLAY_MAX)))


def _with_proposals(actor: Actor, tickets: Iterable[TicketPublic]) -> Iterable[Past]:
    for ticket in tickets:
        with suppress(TicketNotFoundError):  # deleted since the page was read
            yield Past(ticket, _proposals_then(actor, ticket))


def _proposals_then(actor: Actor, ticket: TicketPublic) -> dict[TriageField, str]:
    """Returns each field's last proposal before a person decided it, or else before now."""
    decided_at = {
        event.field: event.created_at
        for event in reversed(ticket_history(actor, ticket.id))
        if event.edge is not Edge.TRIAGE
    }
    proposals: dict[TriageField, str] = {}
    for suggestion in ticket_suggestions(actor, ticket.id):  # newest first
        until = decided_at.get(suggestion.field, decided_at.get(None))
        is_later = until is not None and suggestion.created_at > until
        if not (is_later and _by_person(ticket, suggestion.field)):
            proposals.setdefault(suggestion.field, suggestion.value)
    return proposals


def compare(replayed: Sequence[Replayed]) -> Replay:
    """Compares the candidate's answers with the current values; differences are newest first."""
    answered = [(each, each.answer.triage) for each in replayed if each.answer.triage is not None]
    latencies = sorted(triage.latency_ms for _, triage in answered)
    costs = [each.answer.cost_usd for each in replayed if each.answer.cost_usd is not None]
    return Replay(
        tickets=len(replayed),
        unanswered=_counts(each.answer.failure for each in replayed),
        fields=[_field(field, answered) for field in FIELDS] if answered else [],
        differences=[
            difference
            for each, triage in sorted(answered, key=lambda pair: -pair[0].ticket.id)
            for difference in _differences(each.ticket, triage)
        ],
        latency_p50=_percentile(latencies, 50),
        latency_p95=_percentile(latencies, 95),
        cost_usd=sum(costs) if costs else None,
    )


def _newest(actor: Actor) -> Iterable[TicketPublic]:
    query = TicketListQuery(limit=PAGE_MAX)
    while True:
        page = list_tickets(actor, query)
        yield from page.items
        if page.next_cursor is None:
            return
        query = TicketListQuery(limit=PAGE_MAX, cursor=page.next_cursor)


def _field(field: TriageField, answered: Sequence[tuple[Replayed, Triage]]) -> FieldReplay:
    same = [_is_same(field, _current(e.ticket, field), _proposed(t, field)) for e, t in answered]
    decided = [(e, t) for e, t in answered if _by_person(e.ticket, field)]
    return FieldReplay(
        field=field,
        same=share(sum(same), len(same)),
        people=_share(decided, lambda e, t: _proposed(t, field) == _current(e.ticket, field)),
        people_then=_share(
            [(e, t) for e, t in decided if field in e.then],
            lambda e, _: e.then[field] == _current(e.ticket, field),
        ),
    )


def _share(
    pairs: Sequence[tuple[Replayed, Triage]], is_so: Callable[[Replayed, Triage], bool]
) -> Share | None:
    if not pairs:
        return None
    return share(sum(is_so(each, triage) for each, triage in pairs), len(pairs))


def _differences(ticket: TicketPublic, triage: Triage) -> list[Difference]:
    return [
        Difference(
            ticket_id=ticket.id,
            title=ticket.title,
            field=field,
            now=_current(ticket, field),
            would_be=_proposed(triage, field),
            confidence=getattr(triage, field).confidence,
            person=_by_person(ticket, field),
        )
        for field in FIELDS
        if not _is_same(field, _current(ticket, field), _proposed(triage, field))
    ]


def _is_same(field: TriageField, now: str, would_be: str) -> bool:
    if field is TriageField.URGENCY_SCORE:
        return abs(int(now) - int(would_be)) <= URGENCY_STEP
    return now == would_be


def _current(ticket: TicketPublic, field: TriageField) -> str:
    return str(getattr(ticket, field))


def _proposed(triage: Triage, field: TriageField) -> str:
    return str(getattr(triage, field).value)


def _by_person(ticket: TicketPublic, field: TriageField) -> bool:
    return getattr(ticket, f"{field}_by", DecidedBy.TRIAGE) == DecidedBy.PERSON


def _counts(failures: Iterable[CallOutcome | None]) -> dict[CallOutcome, int]:
    counted: dict[CallOutcome, int] = {}
    for failure in failures:
        if failure is not None:
            counted[failure] = counted.get(failure, 0) + 1
    return counted


def _percentile(ordered: Sequence[Any], percent: int) -> float | None:
    """Returns the percentile by nearest rank, or None of an empty sequence."""
    return float(ordered[-(-len(ordered) * percent // 100) - 1]) if ordered else None
