"""Deleting a ticket and bringing it back. One call is one transaction, with the event that records
it."""

from ticket_app.bus import Change, bus
from ticket_app.data.engine import reading, writing
from ticket_app.data.patience import QUICK
from ticket_app.data.tickets import queries
from ticket_app.errors import TicketNotFoundError
from ticket_app.schemas.tickets import TicketPublic
from ticket_app.services.tickets.filing import has_provider
from ticket_app.services.tickets.listing import existing
from ticket_app.services.tickets.recording import moment_of_change, record_transition, settle_triage
from ticket_app.vocabulary import Edge, EventKind, TriageStatus


def delete_ticket(ticket_id: int, edge: Edge) -> None:
    """Take the ticket out of every list and figure; `restore_ticket` brings it back."""
    with writing(QUICK) as session:
        ticket = existing(queries.lock_ticket(session, ticket_id), ticket_id)
        now = moment_of_change(ticket)
        ticket.deleted_at = now
        record_transition(session, ticket, EventKind.DELETED, edge, now)
    bus.publish(Change(ticket_id))


def ensure_deleted(ticket_id: int, edge: Edge) -> None:
    """As `delete_ticket`, but a ticket that is deleted already stays so: people click twice."""
    try:
        delete_ticket(ticket_id, edge)
    except TicketNotFoundError:
        with reading(QUICK) as session:
            if queries.find_ticket(session, ticket_id, deleted=True) is None:
                raise


def restore_ticket(ticket_id: int, edge: Edge) -> TicketPublic:
    """Bring a deleted ticket back; TicketNotFoundError when there never was one.

    One that is there stays as it is: whoever asks twice has what they asked for.
    """
    with writing(QUICK) as session:
        deleted = queries.lock_ticket(session, ticket_id, deleted=True)
        if deleted is None:
            there = existing(queries.find_ticket(session, ticket_id), ticket_id)
            return TicketPublic.model_validate(there)
        ticket = deleted
        now = moment_of_change(ticket)
        ticket.deleted_at = None
        awaits = ticket.triage_status == TriageStatus.PENDING
        if awaits and not has_provider():
            settle_triage(session, ticket, TriageStatus.DONE)
            awaits = False
        record_transition(session, ticket, EventKind.RESTORED, edge, now)
        public = TicketPublic.model_validate(ticket)
    bus.publish(Change(ticket_id, awaits_triage=awaits))
    return public
