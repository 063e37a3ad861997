"""Posts messages. A message is one transaction with what it changes of its ticket."""

from datetime import datetime
from typing import Any

from ticket_app.actor import OPEN_DESK, Actor
from ticket_app.bus import Change, bus
from ticket_app.data.conversation.tables import Message
from ticket_app.data.engine import write_transaction
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.data.tickets import queries
from ticket_app.data.tickets.events import message_row
from ticket_app.data.tickets.tables import Ticket
from ticket_app.errors import FieldProblem, InvalidInputError
from ticket_app.schemas.conversation import MessageCreate, MessagePublic
from ticket_app.services.conversation.attachments.sending import send_attachments
from ticket_app.services.conversation.posting_once import claim_of, keep_claim, posted_before
from ticket_app.services.conversation.reading import shown
from ticket_app.services.people.permission import Verb, require, scope_of
from ticket_app.services.tickets.listing import existing
from ticket_app.services.tickets.recording import (
    differences,
    moment_of_change,
    record_message,
)
from ticket_app.vocabulary import SETTLED, EventKind, MessageKind, Role, Side, Status

WRONG_SIDE = "Only a desk without accounts records the words of others. Leave `from` out."


def post_message(
    actor: Actor,
    ticket_id: int,
    new: MessageCreate,
    *,
    resolve: bool = False,
    key: str | None = None,
) -> MessagePublic:
    """Adds a message to a ticket, and resolves it with the same change if asked to.

    A reply of the team answers the requester: the ticket waits no longer. One of the requester
    makes it wait, and reopens it if it was settled. A note changes neither. A message with an
    idempotency key is posted once: later ones are answered with it, and refused with
    IdempotencyKeyReusedError if they say something else. Raises TicketNotFoundError, and
    InvalidInputError for words of others at a desk with accounts and for attachments that do not
    wait for the actor.
    """
    require(actor, Verb.REPLY)
    if new.kind is MessageKind.NOTE:
        require(actor, Verb.USE_NOTES)
    if resolve:
        require(actor, Verb.CHANGE_TICKETS)
    with write_transaction(QUICK) as session:
        ticket = existing(queries.lock_ticket(session, ticket_id, scope_of(actor)), ticket_id)
        claim = key and claim_of(
            key,
            ticket_id=ticket_id,
            author_id=actor.identity.person_id,
            new=new,
            resolve=resolve,
        )
        if claim and (posted := posted_before(session, ticket_id, claim)):
            return shown(session, actor, posted)
        now = moment_of_change(ticket, actor)
        side = _side(actor, ticket, new)
        message = Message(
            ticket_id=ticket_id,
            author_id=_author(actor, ticket, side),
            kind=new.kind,
            side=side,
            body=new.body,
            channel=actor.edge,
            created_at=now,
        )
        session.add(message)
        session.flush()
        send_attachments(session, actor, message, new.attachments)
        if claim:
            keep_claim(session, message, claim)
        changes = _consequences(ticket, message, now, resolve=resolve)
        kind = EventKind.NOTED if new.kind is MessageKind.NOTE else EventKind.REPLIED
        event = message_row(kind, actor, message.id)
        record_message(session, ticket, event, changes, actor=actor, now=now)
        public = shown(session, actor, message)
    bus.publish(Change(ticket_id, kind, frozenset(changes)))
    return public


def _side(actor: Actor, ticket: Ticket, new: MessageCreate) -> Side:
    """Returns for whom the actor speaks: the requester of a ticket for themselves, even an agent
    who has filed it; whoever else may write, for the team."""
    identity = actor.identity
    if new.side is not None and identity != OPEN_DESK:
        raise InvalidInputError([FieldProblem("from", WRONG_SIDE)])
    if new.kind is MessageKind.NOTE:
        return Side.TEAM
    if new.side is not None:
        return new.side
    is_own = identity.person_id is not None and identity.person_id == ticket.requester_id
    speaks_for_self = is_own or identity.role in (None, Role.REQUESTER)
    return Side.REQUESTER if speaks_for_self else Side.TEAM


def _author(actor: Actor, ticket: Ticket, side: Side) -> int | None:
    """Returns the id of the person who speaks. The holder of a signed link is the requester."""
    if side is Side.REQUESTER and actor.identity.person_id is None:
        return ticket.requester_id
    return actor.identity.person_id


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
