"""Records changes of tickets: the new version, its events and suggestions, in one transaction."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.data.plain_sql import Row
from ticket_app.data.tickets.events import add_events, change_rows, event_row, participant_row
from ticket_app.data.tickets.queries import changes_since
from ticket_app.data.tickets.tables import Ticket
from ticket_app.data.triage.jobs import lock_job, remove_job
from ticket_app.data.triage.tables import Suggestion, TriageJob
from ticket_app.errors import FieldChange, TicketChangedError
from ticket_app.schemas.tickets import TicketPublic
from ticket_app.triage.contract import Triage
from ticket_app.triage.offline import triage_offline
from ticket_app.vocabulary import EventKind, TriageField, TriageScope, TriageStatus, Who

LOOKED_AT = 200
"""Changes of some fields since a version. With more of them nobody knows what was seen."""


def record_transition(
    session: Session, ticket: Ticket, kind: EventKind, actor: Actor, now: datetime
) -> None:
    """Records a deletion or restoration as a new version with one event."""
    _next_version(ticket, now)
    add_events(session, [event_row(kind, actor)], id_of(ticket), ticket.version, now)


def record_changes(
    session: Session, ticket: Ticket, changes: dict[str, Any], actor: Actor, now: datetime
) -> None:
    """Writes the changed fields as one new version, with an event for each; does nothing for {}."""
    if not changes:
        return
    events = change_rows(ticket, changes, actor)
    for name, value in changes.items():
        setattr(ticket, name, value)
    _next_version(ticket, now)
    add_events(session, events, id_of(ticket), ticket.version, now)


def record_message(
    session: Session,
    ticket: Ticket,
    message: Row,
    changes: dict[str, Any],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Records a message and the changes that go with it as one new version.

    Of these, the history names the status alone: the others are times that follow from it and from
    the message.
    """
    status = {name: value for name, value in changes.items() if name == "status"}
    events = [message, *change_rows(ticket, status, actor)]
    for name, value in changes.items():
        setattr(ticket, name, value)
    _next_version(ticket, now)
    add_events(session, events, id_of(ticket), ticket.version, now)


def record_participant(
    session: Session,
    ticket: Ticket,
    actor: Actor,
    now: datetime,
    *,
    added: int | None = None,
    removed: int | None = None,
) -> None:
    """Records a person who is copied on the ticket, or taken off it, as one new version."""
    event = participant_row(actor, added=added, removed=removed)
    _next_version(ticket, now)
    add_events(session, [event], id_of(ticket), ticket.version, now)


def moment_of_change(ticket: Ticket | TicketPublic, actor: Actor) -> datetime:
    """Returns the time of the actor's change, which is not before the ticket's last change.

    The actor may have waited for that change, and a clock may have been set back. So the times of
    versions never decrease.
    """
    return max(actor.at, ticket.updated_at)


def require_unchanged(
    session: Session, ticket: Ticket, fields: Collection[str], seen: int | None
) -> None:
    """Raises TicketChangedError if one of the fields has another value than in version `seen`, and
    for a version that the ticket never had.

    None is no condition. The row is locked. What else was changed meanwhile is in nobody's way, and
    neither is a change that was taken back.
    """
    if seen is None or seen == ticket.version or not fields:
        return
    if not 0 < seen < ticket.version:
        raise TicketChangedError(id_of(ticket))
    since = changes_since(session, id_of(ticket), seen, fields, limit=LOOKED_AT)
    if len(since) == LOOKED_AT:
        raise TicketChangedError(id_of(ticket))
    for field in fields:
        changes = [(event, name) for event, name in since if event.field == field]
        if changes and changes[0][0].new_value != changes[-1][0].old_value:
            last, name = changes[0]
            theirs = FieldChange(
                field, last.new_value, Who(last.actor), name, last.created_at, ticket.version
            )
            raise TicketChangedError(id_of(ticket), theirs)


def record_suggestions(session: Session, ticket: Ticket, triage: Triage, now: datetime) -> None:
    """Stores an engine's suggestions for every field, independent of the ticket's values."""
    session.add_all(
        Suggestion(ticket_id=id_of(ticket), created_at=now, **proposal)
        for proposal in proposals(triage)
    )


def proposals(triage: Triage) -> list[dict[str, Any]]:
    """Returns an engine's suggestions, one for every field, as columns of Suggestion."""
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


def _add_job(session: Session, ticket: Ticket, now: datetime, scope: TriageScope) -> None:
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
    """Marks the ticket with its new text as waiting for a provider's answer.

    A ticket that is waiting already keeps its scope, and its failures are reset.
    """
    ticket.triage_status = TriageStatus.PENDING
    job = lock_job(session, id_of(ticket))
    if job is None:
        _add_job(session, ticket, now, scope)
    else:
        job.due_at, job.failures, job.bad_answers = now, 0, 0


def settle_triage(session: Session, ticket: Ticket, status: TriageStatus) -> None:
    """Ends the ticket's waiting for a provider with this status."""
    ticket.triage_status = status
    remove_job(session, id_of(ticket))


def differences(ticket: Ticket | TicketPublic, wanted: dict[str, Any]) -> dict[str, Any]:
    """Returns the wanted values that differ from the ticket's."""
    return {name: value for name, value in wanted.items() if getattr(ticket, name) != value}


def id_of(ticket: Ticket) -> int:
    """Returns the id of a ticket. Raises RuntimeError if it was not flushed yet."""
    if ticket.id is None:
        raise RuntimeError("the ticket was not flushed yet")
    return ticket.id


class Precomputed(NamedTuple):
    """The offline engine's answer for a text, computed before any transaction is open."""

    description: str
    title: str
    triage: Triage


def by_rules(description: str, title: str) -> Precomputed:
    """Returns the offline engine's answer for a text."""
    return Precomputed(description, title, triage_offline(description, title))


def rescore(
    session: Session,
    ticket: Ticket,
    changes: dict[str, Any],
    precomputed: Precomputed | None,
    now: datetime,
) -> dict[str, Any]:
    """Records the offline engine's suggestions for the new text; returns its scores as changes."""
    description = changes.get("description", ticket.description)
    title = changes.get("title", ticket.title)
    if precomputed is None or precomputed[:2] != (description, title):
        precomputed = by_rules(description, title)  # another request has changed the text since
    proposed = precomputed.triage
    record_suggestions(session, ticket, proposed, now)
    ticket.engine = proposed.engine
    return differences(
        ticket,
        {
            "sentiment": proposed.sentiment.value,
            "urgency_score": proposed.urgency_score.value,
        },
    )


def scope_of_new_text(ticket: Ticket) -> TriageScope:
    """Returns ALL if the provider had no answer to the old text, and so set no value; or SCORES."""
    failed = ticket.triage_status == TriageStatus.FAILED
    return TriageScope.ALL if failed else TriageScope.SCORES


def _next_version(ticket: Ticket, now: datetime) -> None:
    ticket.version += 1
    ticket.updated_at = now
