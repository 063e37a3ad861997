"""Posts messages. A message is one transaction with what it changes of its ticket."""

from ticket_app.actor import OPEN_DESK, Actor
from ticket_app.bus import bus
from ticket_app.data.conversation.tables import Message
from ticket_app.data.engine import write_transaction
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.data.tickets import queries
from ticket_app.data.tickets.tables import Ticket
from ticket_app.errors import FieldProblem, InvalidInputError
from ticket_app.schemas.conversation import MessageCreate, MessagePublic
from ticket_app.services.conversation.attachments.sending import send_attachments
from ticket_app.services.conversation.drafted import record_reply
from ticket_app.services.conversation.drafts.saving import tell
from ticket_app.services.conversation.drafts.sending import Typed, remove_sent
from ticket_app.services.conversation.overtaking import stop_if_overtaken
from ticket_app.services.conversation.posting_once import claim_of, known_claim, posted
from ticket_app.services.conversation.reading import shown
from ticket_app.services.conversation.writing import write_message
from ticket_app.services.people.permission import Verb, require, scope_of
from ticket_app.services.tickets.listing import existing
from ticket_app.services.tickets.recording import id_of, moment_of_change
from ticket_app.vocabulary import MessageKind, Role, Side

WRONG_SIDE = "Only a desk without accounts records the words of others. Leave `from` out."


def post_message(
    actor: Actor,
    ticket_id: int,
    new: MessageCreate,
    *,
    resolve: bool = False,
    key: str | None = None,
    seen: int | None = None,
    typed: Typed | None = None,
) -> MessagePublic:
    """Adds a message to a ticket, and resolves it with the same change if asked to.

    A reply of the team answers the requester: the ticket waits no longer. One of the requester
    makes it wait, and reopens it if it was settled. A note changes neither. A message with an
    idempotency key is posted once: later ones are answered with it, and refused with
    IdempotencyKeyReusedError if they say something else. `seen` is the newest message that its
    author has seen: NewerMessagesError if others wrote since. `typed` is the page in whose field it
    was typed: its draft is removed. Raises TicketNotFoundError, and InvalidInputError for words of
    others at a desk with accounts and for attachments that do not wait for the actor.
    """
    require_to_post(new, actor, resolve=resolve)
    with write_transaction(QUICK) as session:
        ticket = existing(queries.lock_ticket(session, ticket_id, scope_of(actor)), ticket_id)
        author_id = actor.identity.person_id
        claim = claim_of(key, new, ticket_id, author_id, resolve=resolve) if key else None
        known = known_claim(session, ticket_id, claim) if claim else None
        if known is not None:
            message = posted(session, ticket_id, known)
            return shown(session, actor, message, has_files=bool(new.attachments))
        stop_if_overtaken(session, actor, ticket_id, seen)
        message = message_by(ticket, new, actor)
        change = write_message(session, ticket, message, actor=actor, resolve=resolve, claim=claim)
        record_reply(session, message, actor.at)
        was_draft = remove_sent(session, actor, ticket_id, new.kind, new.body, typed)
        send_attachments(session, actor, message, new.attachments)
        public = shown(session, actor, message, has_files=bool(new.attachments))
    bus.publish(change)
    if was_draft:
        tell(actor, ticket_id, comes_or_goes=True)
    return public


def require_to_post(new: MessageCreate, actor: Actor, *, resolve: bool) -> None:
    """Raises SignInRequiredError or NotAllowedError if the actor may not post this."""
    require(actor, Verb.REPLY)
    if new.kind is MessageKind.NOTE:
        require(actor, Verb.USE_NOTES)
    if resolve:
        require(actor, Verb.CHANGE_TICKETS)


def message_by(ticket: Ticket, new: MessageCreate, actor: Actor) -> Message:
    """Returns the actor's message, which is not stored yet. Raises InvalidInputError."""
    side = _side(actor, ticket, new)
    return Message(
        ticket_id=id_of(ticket),
        author_id=_author(actor, ticket, side),
        kind=new.kind,
        side=side,
        body=new.body,
        channel=actor.edge,
        created_at=moment_of_change(ticket, actor),
    )


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
