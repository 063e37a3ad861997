"""Idempotency keys of messages: the same key posts one message, in any process and after a kill.

The keys are kept in the table of those that file tickets, and expire with them. The caller holds
the lock of the ticket, so that two messages with one key come one after the other.
"""

from datetime import datetime
from hashlib import sha256

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.data.conversation import held
from ticket_app.data.conversation import queries as messages
from ticket_app.data.conversation.tables import Message
from ticket_app.data.tickets.filing import KeyClaim
from ticket_app.data.tickets.queries import find_key
from ticket_app.data.tickets.tables import IdempotencyKey
from ticket_app.errors import IdempotencyKeyReusedError
from ticket_app.schemas.conversation import MessageCreate

TAKEN_BACK = 0
"""The number that a key has whose message was taken back before anybody else saw it."""


def claim_of(
    key: str, new: MessageCreate, ticket_id: int, author_id: int | None, *, resolve: bool
) -> KeyClaim:
    """Returns the key as it is stored, and a fingerprint of what is posted.

    Those of two people, or of two tickets, are two keys. None is that of a request that files a
    ticket, which has no such beginning.
    """
    said = f"{new.model_dump_json()} {resolve}"
    return KeyClaim(_stored(key, ticket_id, author_id), sha256(said.encode()).hexdigest())


def sent_with_key(session: Session, actor: Actor, ticket_id: int, key: str) -> str | None:
    """Returns what the actor has sent to the ticket with this key; "" if it was taken back since,
    and None for a key that sent nothing."""
    stored = _stored(key, ticket_id, actor.identity.person_id)
    if (waiting := held.held_with_key(session, stored)) is not None:
        return waiting.body
    if (known := find_key(session, stored)) is None:
        return None
    message = messages.message_of(session, ticket_id, int(known.ticket))
    return "" if message is None else message.body


def _stored(key: str, ticket_id: int, author_id: int | None) -> str:
    return f"message {ticket_id} {author_id or 'nobody'} {sha256(key.encode()).hexdigest()}"


def known_claim(session: Session, ticket_id: int, claim: KeyClaim) -> int | None:
    """Returns the number of the message that the key has posted, TAKEN_BACK, or None for a new
    key. Raises IdempotencyKeyReusedError."""
    known = find_key(session, claim.key)
    if known is None:
        return None
    if known.fingerprint != claim.fingerprint:
        raise IdempotencyKeyReusedError(ticket_id)
    return int(known.ticket)


def posted(session: Session, ticket_id: int, number: int) -> Message:
    """Returns the message that a key has posted. Raises IdempotencyKeyReusedError for one that was
    taken back."""
    message = messages.message_of(session, ticket_id, number)
    if message is None:
        raise IdempotencyKeyReusedError(ticket_id)
    return message


def keep_claim(
    session: Session, ticket_id: int, message_id: int | None, claim: KeyClaim, now: datetime
) -> None:
    """Stores the key with the number of its message, which has been flushed, or TAKEN_BACK."""
    session.add(
        IdempotencyKey(
            **claim._asdict(), ticket_id=ticket_id, ticket=str(message_id), created_at=now
        )
    )
