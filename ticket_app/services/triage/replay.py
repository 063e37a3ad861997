"""What another engine would have said of the desk's last tickets, before anyone switches to it."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, NamedTuple

from pydantic import BaseModel

from ticket_app.errors import TicketNotFoundError
from ticket_app.schemas.tickets import PAGE_MAX, TicketListQuery, TicketPublic
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
"""Urgency scores no further apart than this are the same."""


class Difference(BaseModel):
    """A field of a ticket that would have been another; `person` decided the value that stands."""

    ticket_id: int
    title: str
    field: TriageField
    now: str
    would_be: str
    confidence: float | None
    person: bool


class FieldReplay(BaseModel):
    """One field. `people` and `people_then` are the shares of the values that people decided which
    the candidate, and the engine at the time, proposed as well; None where nobody decided any."""

    field: TriageField
    same: Share
    people: Share | None
    people_then: Share | None


class Replay(BaseModel):
    """The last tickets again. Latencies are milliseconds, `cost_usd` is None where unknown."""

    tickets: int
    unanswered: dict[CallOutcome, int]
    fields: list[FieldReplay]
    differences: list[Difference]
    latency_p50: float | None
    latency_p95: float | None
    cost_usd: float | None


class Past(NamedTuple):
    """A ticket, and what had been proposed for each field when it was decided."""

    ticket: TicketPublic
    then: dict[TriageField, str]


class Replayed(NamedTuple):
    """A ticket, what the engines had proposed for it, and the candidate's answer."""

    ticket: TicketPublic
    then: dict[TriageField, str]
    answer: Answer


def last_tickets(count: int) -> list[Past]:
    """The newest tickets, `count` (at most REPLAY_MAX) of them, newest first."""
    return list(islice(_with_proposals(_newest()), min(count, REPLAY_MAX)))


def _with_proposals(tickets: Iterable[TicketPublic]) -> Iterable[Past]:
    for ticket in tickets:
        with suppress(TicketNotFoundError):  # deleted since the page was read
            yield Past(ticket, _proposed_then(ticket))


def _proposed_then(ticket: TicketPublic) -> dict[TriageField, str]:
    """The last proposal for each field before a person decided it, or before now."""
    decided_at = {
        event.field: event.created_at
        for event in reversed(ticket_history(ticket.id))
        if event.edge is not Edge.TRIAGE
    }
    proposals: dict[TriageField, str] = {}
    for suggestion in ticket_suggestions(ticket.id):  # newest first
        until = decided_at.get(suggestion.field, decided_at.get(None))
        is_later = until is not None and suggestion.created_at > until
        if not (is_later and _by_person(ticket, suggestion.field)):
            proposals.setdefault(suggestion.field, suggestion.value)
    return proposals


def compare(replayed: Sequence[Replayed]) -> Replay:
    """How the candidate's answers differ from what stands; differences by ticket, newest first."""
    answered = [(each, each.answer.triage) for each in replayed if each.answer.triage is not None]
    latencies = sorted(triage.latency_ms for _, triage in answered)
    costs = [each.answer.cost_usd for each in replayed if each.answer.cost_usd is not None]
    return Replay(
        tickets=len(replayed),
        unanswered=_counted(each.answer.failure for each in replayed),
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


def _newest() -> Iterable[TicketPublic]:
    query = TicketListQuery(limit=PAGE_MAX)
    while True:
        page = list_tickets(query)
        yield from page.items
        if page.next_cursor is None:
            return
        query = TicketListQuery(limit=PAGE_MAX, cursor=page.next_cursor)


def _field(field: TriageField, answered: Sequence[tuple[Replayed, Triage]]) -> FieldReplay:
    same = [_is_same(field, _stands(e.ticket, field), _says(t, field)) for e, t in answered]
    decided = [(e, t) for e, t in answered if _by_person(e.ticket, field)]
    return FieldReplay(
        field=field,
        same=share(sum(same), len(same)),
        people=_share(decided, lambda e, t: _says(t, field) == _stands(e.ticket, field)),
        people_then=_share(
            [(e, t) for e, t in decided if field in e.then],
            lambda e, _: e.then[field] == _stands(e.ticket, field),
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
            now=_stands(ticket, field),
            would_be=_says(triage, field),
            confidence=getattr(triage, field).confidence,
            person=_by_person(ticket, field),
        )
        for field in FIELDS
        if not _is_same(field, _stands(ticket, field), _says(triage, field))
    ]


def _is_same(field: TriageField, now: str, would_be: str) -> bool:
    if field is TriageField.URGENCY_SCORE:
        return abs(int(now) - int(would_be)) <= URGENCY_STEP
    return now == would_be


def _stands(ticket: TicketPublic, field: TriageField) -> str:
    return str(getattr(ticket, field))


def _says(triage: Triage, field: TriageField) -> str:
    return str(getattr(triage, field).value)


def _by_person(ticket: TicketPublic, field: TriageField) -> bool:
    return getattr(ticket, f"{field}_by", DecidedBy.TRIAGE) == DecidedBy.PERSON


def _counted(failures: Iterable[CallOutcome | None]) -> dict[CallOutcome, int]:
    counted: dict[CallOutcome, int] = {}
    for failure in failures:
        if failure is not None:
            counted[failure] = counted.get(failure, 0) + 1
    return counted


def _percentile(ordered: Sequence[Any], percent: int) -> float | None:
    """Nearest rank: the smallest that so many percent do not exceed."""
    return float(ordered[-(-len(ordered) * percent // 100) - 1]) if ordered else None
