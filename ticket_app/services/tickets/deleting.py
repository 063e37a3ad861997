"""Deletes and restores tickets. One call is one transaction, with the event that records it."""

from ticket_app.actor import Actor
from ticket_app.bus import Change, bus
from ticket_app.data.engine import read_transaction, write_transaction
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.data.tickets import queries
from ticket_app.errors import TicketNotFoundError
from ticket_app.schemas.tickets import TicketPublic
from ticket_app.services.people.audit import audit
from ticket_app.services.people.permission import Verb, require, scope_of
from ticket_app.services.tickets.changing import require_match
from ticket_app.services.tickets.filing import has_provider
from ticket_app.services.tickets.listing import existing
from ticket_app.services.tickets.recording import moment_of_change, record_transition, settle_triage
from ticket_app.vocabulary import AuditAction, EventKind, TriageStatus


def delete_ticket(actor: Actor, ticket_id: int, *, if_match: frozenset[str] | None = None) -> None:
    """Removes the ticket from every list and figure; `restore_ticket` undoes it.

    Raises TicketNotFoundError if there is no such ticket or it is deleted already, and
    TicketPreconditionError if it has none of these entity tags.
    """
    require(actor, Verb.CHANGE_TICKETS)
    with write_transaction(QUICK) as session:
        ticket = existing(queries.lock_ticket(session, ticket_id, scope_of(actor)), ticket_id)
        require_match(actor, ticket, if_match)
        now = moment_of_change(ticket, actor)
        ticket.deleted_at = now
        record_transition(session, ticket, EventKind.DELETED, actor, now)
        audit(session, actor, AuditAction.TICKET_DELETED, ticket_id=ticket_id)
    bus.publish(Change(ticket_id, EventKind.DELETED))


def ensure_deleted(actor: Actor, ticket_id: int) -> None:
    """As `delete_ticket`, but accepts a ticket that is deleted already: people click twice."""
    try:
        delete_ticket(actor, ticket_id)
    except TicketNotFoundError:
        with read_transaction(QUICK) as session:
            if queries.find_ticket(session, ticket_id, scope_of(actor), deleted=True) is None:
                raise


def restore_ticket(actor: Actor, ticket_id: int) -> TicketPublic:
    """Restores a deleted ticket. Raises TicketNotFoundError if there never was one.

    A ticket that is not deleted stays as it is, so that a repeated call succeeds.
    """
    require(actor, Verb.CHANGE_TICKETS)
    with write_transaction(QUICK) as session:
        deleted = queries.lock_ticket(session, ticket_id, scope_of(actor), deleted=True)
        if deleted is None:
            present = existing(queries.find_ticket(session, ticket_id, scope_of(actor)), ticket_id)
            return TicketPublic.model_validate(present)
        ticket = deleted
        now = moment_of_change(ticket, actor)
        ticket.deleted_at = None
        if ticket.triage_status == TriageStatus.PENDING and not has_provider():
            settle_triage(session, ticket, TriageStatus.DONE)
        record_transition(session, ticket, EventKind.RESTORED, actor, now)
        audit(session, actor, AuditAction.TICKET_RESTORED, ticket_id=ticket_id)
        public = TicketPublic.model_validate(ticket)
    bus.publish(Change(ticket_id, EventKind.RESTORED))
    return public
