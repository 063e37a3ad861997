"""Changes a ticket's fields. One change is one transaction, with the events that record it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.bus import Change, bus
from ticket_app.data.direct import driver_write
from ticket_app.data.engine import write_transaction
from ticket_app.data.people.requesters import person_ids, requester_of
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.data.tickets import queries
from ticket_app.data.tickets.changing import (
    TicketChange,
    change_ticket,
    change_tickets,
    current_ticket,
    current_tickets,
)
from ticket_app.data.tickets.events import change_rows
from ticket_app.data.tickets.tables import Ticket
from ticket_app.errors import TicketAppError, TicketPreconditionError
from ticket_app.schemas.assignees import ASSIGNEE
from ticket_app.schemas.tickets import TicketPublic, TicketUpdate
from ticket_app.services.people.assignees import lock_assignee
from ticket_app.services.people.permission import Verb, require, scope_of
from ticket_app.services.tickets.filing import may_await_provider
from ticket_app.services.tickets.listing import as_seen_by, existing, get_ticket
from ticket_app.services.tickets.recording import (
    Precomputed,
    await_triage,
    by_rules,
    differences,
    moment_of_change,
    record_changes,
    require_unchanged,
    rescore,
    scope_of_new_text,
)
from ticket_app.vocabulary import SETTLED, TEXT, DecidedBy, EventKind

UNDER_LOCK = TEXT | {"requester_email", ASSIGNEE}
"""The fields whose change needs the lock of the ticket's row."""


def update_ticket(
    actor: Actor,
    ticket_id: int,
    update: TicketUpdate,
    *,
    seen_version: int | None = None,
    if_match: frozenset[str] | None = None,
) -> TicketPublic:
    """Changes the given fields. A new title or description recomputes sentiment and urgency, and a
    new address of the requester links the ticket to another person. Only an active agent or
    administrator can be assigned; for anyone else InvalidInputError is raised.

    Values that the ticket already has change and record nothing, but a given category or priority
    counts as a person's decision from now on. `seen_version` is an optimistic lock of the given
    fields: if one of them has another value than in that version, nothing is changed and
    TicketChangedError is raised. `if_match` is a stricter one, see `require_match`. Raises
    TicketNotFoundError if there is no such ticket.
    """
    require(actor, Verb.CHANGE_TICKETS)
    if if_match is None and needs_no_lock(update):
        changed = _update_with_optimistic_lock(actor, ticket_id, update, seen_version)
        if changed is not None:
            return changed
    return _update_with_row_lock(actor, ticket_id, update, seen_version, if_match)


def require_match(actor: Actor, ticket: Ticket, if_match: frozenset[str] | None) -> None:
    """Raises TicketPreconditionError if the ticket, as its actor sees it, has none of these entity
    tags. None is no condition.

    The row is locked, so that what is compared is what is changed.
    """
    if if_match is None:
        return
    seen = as_seen_by(actor, TicketPublic.model_validate(ticket))
    if seen.entity_tag not in if_match:
        raise TicketPreconditionError(seen.model_dump(mode="json"), seen.entity_tag)


class Request(NamedTuple):
    """A change of a ticket, and who makes it."""

    actor: Actor
    ticket_id: int
    update: TicketUpdate


Outcome = TicketPublic | TicketAppError | None
"""The outcome of a request of a batch; None if `update_ticket` has to make the change."""


def needs_no_lock(update: TicketUpdate) -> bool:
    """Returns True for a change that `update_all_at_once` can make."""
    return not update.model_fields_set & UNDER_LOCK


def update_all_at_once(requests: Sequence[Request]) -> list[Outcome]:
    """Makes changes that need no lock, all or none, in a fraction of the time of single ones.

    An actor who may not change tickets, or a ticket that does not exist, fails only its own
    request: the error is returned in its place. The outcome is None, and nothing is changed, where
    another change of the ticket came first, has locked it, or is in the same batch.
    """
    outcomes: dict[int, Outcome] = {}
    planned: dict[int, tuple[int, TicketChange]] = {}
    with driver_write() as connection:
        tickets = current_tickets(connection, {each.ticket_id for each in requests})
        for place, (actor, ticket_id, update) in enumerate(requests):
            try:
                require(actor, Verb.CHANGE_TICKETS)
                ticket = existing(tickets.get(ticket_id), ticket_id)
            except TicketAppError as error:
                outcomes[place] = error
                continue
            change = _planned(actor, ticket, update)
            if change is None:
                outcomes[place] = ticket
            else:
                planned.setdefault(ticket_id, (place, change))
        changed = change_tickets(connection, [each for _, each in planned.values()])
    for ticket_id, ticket in changed.items():
        outcomes[planned[ticket_id][0]] = ticket
    bus.publish(*(_news(planned[ticket_id][1]) for ticket_id in changed))
    return [outcomes.get(place) for place in range(len(requests))]


def _update_with_optimistic_lock(
    actor: Actor, ticket_id: int, update: TicketUpdate, seen: int | None
) -> TicketPublic | None:
    """Changes the ticket in the fewest statements; returns None if another change came first,
    before this one or before it was made."""
    with driver_write() as connection:
        ticket = existing(current_ticket(connection, ticket_id, scope_of(actor)), ticket_id)
        change = _planned(actor, ticket, update)
        if change is None:
            return ticket
        if seen not in (None, ticket.version):
            return None  # under the row lock it is known whether these fields have changed
        changed = change_ticket(connection, change)
    if changed is not None:
        bus.publish(_news(change))
    return changed


def _planned(actor: Actor, ticket: TicketPublic, update: TicketUpdate) -> TicketChange | None:
    """Returns the change of the ticket as it was read; None if it has these values already."""
    now = moment_of_change(ticket, actor)
    changes = differences(ticket, update.changes)
    columns = changes | _decisions(ticket, update) | _settled(ticket, changes, now)
    if changes:
        columns |= {"version": ticket.version + 1, "updated_at": now}
    return TicketChange(ticket, columns, change_rows(ticket, changes, actor)) if columns else None


def _news(change: TicketChange) -> Change:
    fields = frozenset(change.columns.keys() - {"version", "updated_at"})
    return Change(change.ticket.id, EventKind.CHANGED, fields)


def _update_with_row_lock(
    actor: Actor,
    ticket_id: int,
    update: TicketUpdate,
    seen: int | None,
    if_match: frozenset[str] | None,
) -> TicketPublic:
    """Changes the ticket under a row lock, which serialises it with other changes."""
    precomputed = _precompute(actor, ticket_id, update)
    with write_transaction(QUICK) as session:
        given = update.changes
        if ASSIGNEE in given:
            given |= {ASSIGNEE: lock_assignee(session, actor, given[ASSIGNEE])}
        ticket = existing(queries.lock_ticket(session, ticket_id, scope_of(actor)), ticket_id)
        require_match(actor, ticket, if_match)
        now = moment_of_change(ticket, actor)
        changes = differences(ticket, given)
        beside = _decisions(ticket, update) | _settled(ticket, changes, now)
        require_unchanged(session, ticket, changes.keys(), seen)
        if "requester_email" in changes:
            ticket.requester_id = _requester_id(session, ticket, changes, now)
        rescored = bool(changes.keys() & TEXT)
        if rescored:
            changes |= rescore(session, ticket, changes, precomputed, now)
        awaits = rescored and may_await_provider(actor)
        if awaits:
            await_triage(session, ticket, scope_of_new_text(ticket), now)
        for name, value in beside.items():
            setattr(ticket, name, value)
        record_changes(session, ticket, changes, actor, now)
        public = TicketPublic.model_validate(ticket)
    if changes or beside:
        fields = changes.keys() | beside.keys() | ({"triage_status"} if awaits else set())
        bus.publish(Change(ticket_id, EventKind.CHANGED, frozenset(fields)))
    return public


def _decisions(ticket: Ticket | TicketPublic, update: TicketUpdate) -> dict[str, Any]:
    """Returns the changes of `category_by` and `priority_by`.

    A given category or priority is a person's decision, even if the value is the current one.
    """
    given = {f"{field}_by" for field in ("category", "priority") if field in update.changes}
    return differences(ticket, dict.fromkeys(sorted(given), DecidedBy.PERSON))


def _settled(
    ticket: Ticket | TicketPublic, changes: dict[str, Any], now: datetime
) -> dict[str, Any]:
    """Returns the changes of the resolution and of the waiting that go with a status.

    `resolved_at` is set on entering resolved or closed, kept between the two, and cleared on
    reopening. A settled ticket waits for nobody, and nor does a reopened one until the requester
    writes again.
    """
    if "status" not in changes:
        return {}
    if changes["status"] not in SETTLED:
        return differences(ticket, {"resolved_at": None})
    return differences(ticket, {"resolved_at": ticket.resolved_at or now, "waiting_since": None})


def _requester_id(
    session: Session, ticket: Ticket, changes: dict[str, Any], now: datetime
) -> int | None:
    """Returns the id of the person of the new address, or None if there is no address any more."""
    name = changes.get("requester_name", ticket.requester_name)
    requester = requester_of(name, changes["requester_email"])
    if requester is None:
        return None
    return person_ids(session, [requester], now)[requester.email]


def _precompute(actor: Actor, ticket_id: int, update: TicketUpdate) -> Precomputed | None:
    """Returns the answer for the ticket's new text, or None if the update has no text."""
    if not update.changes.keys() & TEXT:
        return None
    ticket = get_ticket(actor, ticket_id)
    return by_rules(
        update.changes.get("description", ticket.description),
        update.changes.get("title", ticket.title),
    )
