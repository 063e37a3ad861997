"""Holds a message back for some seconds, in which its author can take it back: see decision 0038.

Nothing comes of a held message: no reader, search, figure or follower finds it in its own table.
When it is due it is written as any other message is.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlmodel import Session

from ticket_app.actor import Actor, Identity
from ticket_app.bus import bus
from ticket_app.data.conversation import held as queries
from ticket_app.data.conversation.attachments.queries import release, unhold
from ticket_app.data.conversation.drafts import Place
from ticket_app.data.conversation.tables import HeldMessage, Message
from ticket_app.data.engine import read_transaction, write_transaction
from ticket_app.data.people.accounts import lock_agent
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.data.tickets.filing import KeyClaim
from ticket_app.data.tickets.queries import find_ticket, lock_ticket
from ticket_app.errors import IdempotencyKeyReusedError
from ticket_app.schemas.conversation import AttachmentPublic, MessageCreate
from ticket_app.schemas.drafts import DraftWrite
from ticket_app.schemas.files_alone import typed_with_files
from ticket_app.services.conversation.attachments.reading import attachments_by_held
from ticket_app.services.conversation.attachments.sending import send_attachments
from ticket_app.services.conversation.drafted import link_message, record_reply, reopen_draft
from ticket_app.services.conversation.drafts.saving import Saved, tell
from ticket_app.services.conversation.drafts.sending import Typed, put_back, remove_sent
from ticket_app.services.conversation.overtaking import stop_if_overtaken
from ticket_app.services.conversation.posting import (
    message_by,
    post_message,
    require_to_post,
)
from ticket_app.services.conversation.posting_once import (
    TAKEN_BACK,
    claim_of,
    keep_claim,
    known_claim,
)
from ticket_app.services.conversation.writing import write_message
from ticket_app.services.people.assignees import own_number_made
from ticket_app.services.people.permission import Verb, require, scope_of
from ticket_app.services.people.tokens import new_token
from ticket_app.services.tickets.listing import existing
from ticket_app.services.tickets.recording import moment_of_change
from ticket_app.settings import get_settings
from ticket_app.vocabulary import Edge, MessageKind, Who

LEASE_SECONDS = 5.0
"""Seconds after which another process tries a message that one has begun to post."""


class Held(NamedTuple):
    """A message that its author can still take back."""

    id: int
    kind: MessageKind
    body: str
    resolves: bool
    sent_at: datetime
    due_at: datetime
    attachments: list[AttachmentPublic]


class TakenBack(NamedTuple):
    """A message that was taken back, and the draft that it has become."""

    held: Held
    draft: Saved


def send_message(
    actor: Actor,
    ticket_id: int,
    new: MessageCreate,
    key: str,
    *,
    resolve: bool = False,
    seen: int | None = None,
    typed: Typed | None = None,
) -> None:
    """Holds a message with its files for UNDO_SEND_SECONDS, after which it is posted. If that is 0
    it is posted at once.

    The same key holds or posts one message, and none after it was taken back. Raises as
    `post_message`.
    """
    require_to_post(new, actor, resolve=resolve)
    seconds = get_settings().undo_send_seconds
    if not seconds:
        post_message(actor, ticket_id, new, resolve=resolve, key=key, seen=seen, typed=typed)
        return
    with write_transaction(QUICK) as session:
        ticket = existing(lock_ticket(session, ticket_id, scope_of(actor)), ticket_id)
        claim = claim_of(key, new, ticket_id, _author(actor), resolve=resolve)
        if known_claim(session, ticket_id, claim) is not None:
            return
        if (before := queries.held_with_key(session, claim.key)) is not None:
            if before.fingerprint != claim.fingerprint:
                raise IdempotencyKeyReusedError(ticket_id)
            return
        stop_if_overtaken(session, actor, ticket_id, seen)
        message = message_by(ticket, new, actor)
        said = message.model_dump(exclude={"id", "created_at"})
        due_at = actor.at + timedelta(seconds=seconds)
        held = HeldMessage(
            **said, **claim._asdict(), resolves=resolve, created_at=actor.at, due_at=due_at
        )
        session.add(held)
        session.flush()
        record_reply(session, held, actor.at)
        send_attachments(session, actor, held, new.attachments)
        was_draft = remove_sent(session, actor, ticket_id, new.kind, new.body, typed)
    if was_draft:
        tell(actor, ticket_id, comes_or_goes=True)


def held_messages(actor: Actor, ticket_id: int) -> list[Held]:
    """Returns the actor's own messages that are held at a ticket, oldest first.

    Raises TicketNotFoundError.
    """
    require(actor, Verb.REPLY)
    with read_transaction(QUICK) as session:
        existing(find_ticket(session, ticket_id, scope_of(actor)), ticket_id)
        found = queries.held_by(session, ticket_id, _author(actor))
        with_files = attachments_by_held(session, [each.id or 0 for each in found])
        return [_held(each, with_files.get(each.id)) for each in found]


def take_back(actor: Actor, held_id: int, since: Sequence[DraftWrite] = ()) -> TakenBack | None:
    """Makes a held message of the actor a draft again, above what was typed `since` in the field of
    its kind, and returns both; None if it was posted meanwhile, or is not theirs.

    Its files wait in its composer again. What its key sends later posts nothing. Raises
    InvalidInputError if the texts are too long together.
    """
    require(actor, Verb.REPLY)
    with write_transaction(QUICK) as session:
        person_id = own_number_made(session, actor)
        found = queries.lock_held(session, held_id)
        if person_id is None or found is None or found.author_id != _author(actor):
            return None
        lock_ticket(session, found.ticket_id, scope_of(actor))  # before the draft, as in sending
        place = Place(person_id, found.ticket_id, MessageKind(found.kind))
        with_files = attachments_by_held(session, [held_id])
        taken = _held(found, with_files.get(held_id))
        typed = typed_with_files(found.body, len(taken.attachments))
        draft = put_back(session, actor, place, typed, _typed_since(since, place.kind))
        keep_claim(session, found.ticket_id, TAKEN_BACK, _claim(found), actor.at)
        _drop(session, found, actor.at)
    tell(actor, place.ticket_id, comes_or_goes=True)
    return TakenBack(taken, draft)


def release_due(actor: Actor) -> bool:
    """Posts the held message that has been due longest; returns True if another may be due.

    A lease of LEASE_SECONDS is the claim on it, so that one that cannot be written holds up no
    other. One whose ticket is deleted waits for its restoration, or goes with it.
    """
    require(actor, Verb.OPERATE)
    with read_transaction(QUICK) as session:
        if not queries.is_due(session, actor.at):
            return False
    with write_transaction(QUICK) as session:
        found = queries.lock_due(session, actor.at)
        if found is None:
            return False
        held_id = found.id or 0
        found.due_at = actor.at + timedelta(seconds=LEASE_SECONDS)
    _release(actor, held_id)
    return True


def _release(actor: Actor, held_id: int) -> None:
    """Posts a held message in the name of its author, unless it was taken back meanwhile, or its
    author has left the team."""
    with write_transaction(QUICK) as session:
        found = queries.lock_held(session, held_id)
        if found is None:
            return
        # Before the ticket, as a deactivation locks the person first.
        if found.author_id is not None and not lock_agent(session, found.author_id):
            _drop(session, found, actor.at)
            return
        ticket = lock_ticket(session, found.ticket_id, scope_of(actor))
        if ticket is None:
            return
        author = Actor(Who.ANYONE, Edge(found.channel), actor.at, Identity(None, found.author_id))
        message = Message(
            ticket_id=found.ticket_id,
            **found.model_dump(include={"author_id", "kind", "side", "body", "channel"}),
            created_at=moment_of_change(ticket, author),
        )
        resolve, claim = found.resolves, _claim(found)
        change = write_message(session, ticket, message, actor=author, resolve=resolve, claim=claim)
        link_message(session, held_id, message.id)
        release(session, held_id, message.id)
        queries.remove_held(session, found)
    bus.publish(change)


def _drop(session: Session, held: HeldMessage, now: datetime) -> None:
    """Deletes a held message, as if it was never sent."""
    unhold(session, held, now)
    reopen_draft(session, held.id or 0)
    queries.remove_held(session, held)


def _typed_since(since: Sequence[DraftWrite], kind: MessageKind) -> DraftWrite:
    """Returns what was typed in the field of this kind: nothing if no page says it."""
    nothing = DraftWrite(kind=kind, body="", key=new_token(), writer="none")
    return next((each for each in since if each.kind is kind), nothing)


def _author(actor: Actor) -> int | None:
    return actor.identity.person_id


def _claim(held: HeldMessage) -> KeyClaim:
    return KeyClaim(held.key, held.fingerprint)


def _held(row: HeldMessage, attachments: list[AttachmentPublic] | None) -> Held:
    return Held(
        row.id or 0,
        MessageKind(row.kind),
        row.body,
        row.resolves,
        row.created_at,
        row.due_at,
        attachments or [],
    )
