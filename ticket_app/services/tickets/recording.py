"""Writing changes so that the history and the version always tell of them, in the same commit."""

from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from ticket_app.data.tickets.tables import Ticket, TicketEvent
from ticket_app.data.triage.jobs import lock_job, remove_job
from ticket_app.data.triage.tables import Suggestion, TriageJob
from ticket_app.schemas.tickets import TicketPublic
from ticket_app.triage.contract import Triage
from ticket_app.vocabulary import Edge, EventKind, TriageField, TriageScope, TriageStatus

SCORES = frozenset({TriageField.SENTIMENT, TriageField.URGENCY_SCORE})
"""What only an engine sets: whoever changed the text, the triage is named for its scores."""


def record_transition(
    session: Session, ticket: Ticket, kind: EventKind, edge: Edge, now: datetime
) -> None:
    """Count a new version for what happened to the ticket as a whole, and tell of it."""
    _next_version(ticket, now)
    session.add(_event(ticket, now, kind=kind, edge=edge))


def record_changes(
    session: Session, ticket: Ticket, changes: dict[str, Any], edge: Edge, now: datetime
) -> None:
    """Write the changed fields as one new version, with one event for each; nothing for none."""
    if not changes:
        return
    events = events_of(ticket, changes, edge)
    for name, value in changes.items():
        setattr(ticket, name, value)
    _next_version(ticket, now)
    for event in events:
        session.add(_event(ticket, now, **event))


def events_of(
    ticket: Ticket | TicketPublic, changes: dict[str, Any], edge: Edge
) -> list[dict[str, Any]]:
    """What tells of these changes, which are still to be made, as columns of events."""
    return [
        {
            "kind": EventKind.CHANGED,
            "edge": Edge.TRIAGE if name in SCORES else edge,
            "field": name,
            "old_value": _as_told(getattr(ticket, name)),
            "new_value": _as_told(value),
        }
        for name, value in changes.items()
    ]


def moment_of_change(ticket: Ticket | TicketPublic, at: datetime | None = None) -> datetime:
    """Now, or the moment given; but not before the last change, though a clock was set back."""
    return max(at or datetime.now(UTC), ticket.updated_at)


def record_suggestions(session: Session, ticket: Ticket, triage: Triage, now: datetime) -> None:
    """Keep what an engine proposed for every field, apart from what the ticket says."""
    session.add_all(
        Suggestion(ticket_id=id_of(ticket), created_at=now, **proposal)
        for proposal in proposals(triage)
    )


def proposals(triage: Triage) -> list[dict[str, Any]]:
    """What an engine proposed for every field, as columns of a suggestion."""
    return [
        {
            "field": field.value,
            "value": str(finding.value),
            "confidence": finding.confidence,
            "engine": source.engine,
            "model": source.model,
            "prompt_version": triage.prompt_version,
            "latency_ms": triage.latency_ms,
            "evidence": finding.evidence,
        }
        for field in TriageField
        for finding, source in [(getattr(triage, field), triage.source(field))]
    ]


def _record_waiting(session: Session, ticket: Ticket, now: datetime, scope: TriageScope) -> None:
    session.add(
        TriageJob(
            ticket_id=id_of(ticket),
            scope=scope,
            due_at=now,
            attempts=0,
            failures=0,
            bad_answers=0,
            created_at=now,
        )
    )


def await_triage(session: Session, ticket: Ticket, scope: TriageScope, now: datetime) -> None:
    """Mark the ticket, whose text is new, as waiting for a provider's answer; one that waited for
    more still does."""
    ticket.triage_status = TriageStatus.PENDING
    job = lock_job(session, id_of(ticket))
    if job is None:
        _record_waiting(session, ticket, now, scope)
    else:
        job.due_at, job.failures, job.bad_answers = now, 0, 0


def settle_triage(session: Session, ticket: Ticket, status: TriageStatus) -> None:
    """The ticket waits no more."""
    ticket.triage_status = status
    remove_job(session, id_of(ticket))


def differences(ticket: Ticket | TicketPublic, wanted: dict[str, Any]) -> dict[str, Any]:
    """Those of the wanted values that the ticket does not have yet."""
    return {name: value for name, value in wanted.items() if getattr(ticket, name) != value}


def id_of(ticket: Ticket) -> int:
    """The id of a ticket that the database has seen."""
    if ticket.id is None:
        raise RuntimeError("the ticket was not flushed yet")
    return ticket.id


def _next_version(ticket: Ticket, now: datetime) -> None:
    ticket.version += 1
    ticket.updated_at = now


def _event(ticket: Ticket, now: datetime, **told: Any) -> TicketEvent:
    return TicketEvent(
        ticket_id=id_of(ticket), ticket_version=ticket.version, created_at=now, **told
    )


def _as_told(value: Any) -> str | None:
    return None if value is None else str(value)
