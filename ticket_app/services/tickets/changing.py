"""Changing a ticket's fields. One change is one transaction, with the events that record it."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel import Session

from ticket_app.bus import Change, bus
from ticket_app.data.direct import telling
from ticket_app.data.engine import writing
from ticket_app.data.patience import QUICK
from ticket_app.data.tickets import queries
from ticket_app.data.tickets.changing import change_ticket, current_ticket
from ticket_app.data.tickets.tables import Ticket
from ticket_app.errors import TicketChangedError
from ticket_app.schemas.tickets import TicketPublic, TicketUpdate
from ticket_app.services.tickets.filing import has_provider
from ticket_app.services.tickets.listing import existing, get_ticket
from ticket_app.services.tickets.recording import (
    await_triage,
    differences,
    events_of,
    moment_of_change,
    record_changes,
    record_suggestions,
)
from ticket_app.triage.contract import Triage
from ticket_app.triage.offline import triage_offline
from ticket_app.vocabulary import SETTLED, DecidedBy, Edge, TriageScope, TriageStatus

TEXT = frozenset({"title", "description"})


def update_ticket(
    ticket_id: int,
    update: TicketUpdate,
    edge: Edge,
    *,
    at: datetime | None = None,
    seen_version: int | None = None,
) -> TicketPublic:
    """Change the fields given. A new title or description recomputes sentiment and urgency.

    Giving the values that the ticket already has changes nothing, and records nothing; but a
    category or priority that is given is a person's from now on. `at` backdates the change
    (default: now). `seen_version` is an optimistic lock: TicketChangedError, with nothing changed,
    when the ticket has another version by now. TicketNotFoundError when there is no such ticket.
    """
    if update.changes.keys() & TEXT:
        return _update_locked(ticket_id, update, edge, at, seen_version)
    return _update_unless_changed(ticket_id, update, edge, at, seen_version) or _update_locked(
        ticket_id, update, edge, at, seen_version
    )


def _update_unless_changed(
    ticket_id: int, update: TicketUpdate, edge: Edge, at: datetime | None, seen: int | None
) -> TicketPublic | None:
    """What takes the least time, of most changes: None if somebody else came between."""
    with telling() as tell:
        ticket = existing(current_ticket(tell, ticket_id), ticket_id)
        now = moment_of_change(ticket, at)
        changes = differences(ticket, update.changes)
        columns = changes | _decisions(ticket, update) | _settled(ticket, changes, now)
        if not columns:
            return ticket
        _check_seen(ticket_id, ticket, seen)
        if changes:
            columns |= {"version": ticket.version + 1, "updated_at": now}
        changed = change_ticket(tell, ticket, columns, events_of(ticket, changes, edge))
    if changed is not None:
        bus.publish(Change(ticket_id))
    return changed


def _update_locked(
    ticket_id: int, update: TicketUpdate, edge: Edge, at: datetime | None, seen: int | None
) -> TicketPublic:
    """The ticket is held against others meanwhile."""
    foreseen = _foreseen(ticket_id, update)
    with writing(QUICK) as session:
        ticket = existing(queries.lock_ticket(session, ticket_id), ticket_id)
        now = moment_of_change(
            ticket, at
        )  # once it is our turn: versions and times go the same way
        changes = differences(ticket, update.changes)
        beside = _decisions(ticket, update) | _settled(ticket, changes, now)
        if changes or beside:
            _check_seen(ticket_id, ticket, seen)
        rescored = bool(changes.keys() & TEXT)
        if rescored:
            changes |= _rescore(session, ticket, changes, foreseen, now)
        awaits = rescored and at is None and has_provider()
        if awaits:
            await_triage(session, ticket, _scope_of_new_text(ticket), now)
        for name, value in beside.items():
            setattr(ticket, name, value)
        record_changes(session, ticket, changes, edge, now)
        public = TicketPublic.model_validate(ticket)
    if changes or beside:
        bus.publish(Change(ticket_id, awaits_triage=awaits))
    return public


def _check_seen(ticket_id: int, ticket: Ticket | TicketPublic, seen: int | None) -> None:
    if seen is not None and ticket.version != seen:
        raise TicketChangedError(ticket_id)


def _decisions(ticket: Ticket | TicketPublic, update: TicketUpdate) -> dict[str, Any]:
    """A category or priority that is given is a person's, even if it is the one that stands."""
    given = {f"{field}_by" for field in ("category", "priority") if field in update.changes}
    return differences(ticket, dict.fromkeys(sorted(given), DecidedBy.PERSON))


def _settled(
    ticket: Ticket | TicketPublic, changes: dict[str, Any], now: datetime
) -> dict[str, Any]:
    """`resolved_at`: set on entering resolved or closed, kept between the two, cleared on
    reopening."""
    if "status" not in changes:
        return {}
    settled = changes["status"] in SETTLED
    return differences(ticket, {"resolved_at": (ticket.resolved_at or now) if settled else None})


class _Foreseen(NamedTuple):
    """The offline engine's answer for a text, made before any transaction is open."""

    description: str
    title: str
    triage: Triage


def _foreseen(ticket_id: int, update: TicketUpdate) -> _Foreseen | None:
    """What the ticket's new text will be, if nobody else changes it meanwhile."""
    if not update.changes.keys() & TEXT:
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
