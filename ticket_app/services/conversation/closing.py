"""Closes a ticket for its requester, who needs no help any more."""

from ticket_app.actor import Actor
from ticket_app.bus import Change, bus
from ticket_app.data.engine import write_transaction
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.data.tickets import queries
from ticket_app.services.people.permission import Verb, require, scope_of
from ticket_app.services.tickets.listing import existing
from ticket_app.services.tickets.recording import moment_of_change, record_changes
from ticket_app.vocabulary import SETTLED, EventKind, Status


def close_ticket(actor: Actor, ticket_id: int) -> None:
    """Closes a ticket, for those who may write in it. One that is settled stays as it is.

    Raises TicketNotFoundError.
    """
    require(actor, Verb.REPLY)
    with write_transaction(QUICK) as session:
        ticket = existing(queries.lock_ticket(session, ticket_id, scope_of(actor)), ticket_id)
        if ticket.status in SETTLED:
            return
        now = moment_of_change(ticket, actor)
        ticket.resolved_at, ticket.waiting_since = now, None
        record_changes(session, ticket, {"status": Status.CLOSED}, actor, now)
    fields = frozenset({"status", "resolved_at", "waiting_since"})
    bus.publish(Change(ticket_id, EventKind.CHANGED, fields))
