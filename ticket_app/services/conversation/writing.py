"""Writes a message with what it changes of its ticket, in the transaction of the caller.

Messages that are posted at once and those that were held come this one way.
"""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.bus import Change
from ticket_app.data.conversation.tables import Message
from ticket_app.data.tickets.events import message_row
from ticket_app.data.tickets.filing import KeyClaim
from ticket_app.data.tickets.tables import Ticket
from ticket_app.services.conversation.posting_once import keep_claim
from ticket_app.services.tickets.recording import differences, id_of, record_message
from ticket_app.vocabulary import SETTLED, EventKind, MessageKind, Side, Status


def write_message(
    session: Session,
    ticket: Ticket,
    message: Message,
    *,
    actor: Actor,
    resolve: bool,
    claim: KeyClaim | None,
) -> Change:
    """Adds the message to its ticket, which the caller has locked, with one event.

    Returns the change, to be published after the commit.
    """
    session.add(message)
    session.flush()
    if claim:
        keep_claim(session, message.ticket_id, message.id, claim, message.created_at)
    changes = _consequences(ticket, message, message.created_at, resolve=resolve)
    kind = EventKind.NOTED if message.kind == MessageKind.NOTE else EventKind.REPLIED
    event = message_row(kind, actor, message.id)
    record_message(session, ticket, event, changes, actor=actor, now=message.created_at)
    return Change(id_of(ticket), kind, frozenset(changes))


def _consequences(
    ticket: Ticket, message: Message, now: datetime, *, resolve: bool
) -> dict[str, Any]:
    """Returns the columns of the ticket that change with a message."""
    wanted: dict[str, Any] = {}
    if message.side == Side.REQUESTER:
        wanted = {"waiting_since": ticket.waiting_since or now}
        if ticket.status in SETTLED:
            wanted |= {"status": Status.OPEN, "resolved_at": None}
    elif message.kind != MessageKind.NOTE:
        first = ticket.first_responded_at or now
        wanted = {"waiting_since": None, "first_responded_at": first}
    if resolve and ticket.status not in SETTLED:
        wanted |= {"status": Status.RESOLVED, "resolved_at": now, "waiting_since": None}
    return differences(ticket, wanted)
