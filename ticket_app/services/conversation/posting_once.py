"""Idempotency keys of messages: the same key posts one message, in any process and after a kill.

The keys are kept in the table of those that file tickets, and expire with them. The caller holds
the lock of the ticket, so that two messages with one key come one after the other.
"""

from hashlib import sha256

from sqlmodel import Session

from ticket_app.data.conversation import queries as messages
from ticket_app.data.conversation.tables import Message
from ticket_app.data.tickets.filing import KeyClaim
from ticket_app.data.tickets.queries import find_key
from ticket_app.data.tickets.tables import IdempotencyKey
from ticket_app.errors import IdempotencyKeyReusedError
from ticket_app.schemas.conversation import MessageCreate


def claim_of(
    key: str, *, ticket_id: int, author_id: int | None, new: MessageCreate, resolve: bool
) -> KeyClaim:
    """Returns the key as it is stored, and a fingerprint of what is posted.

    Those of two people, or of two tickets, are two keys. None is that of a request that files a
    ticket, which has no such beginning.
    """
    own = f"message {ticket_id} {author_id or 'nobody'} {sha256(key.encode()).hexdigest()}"
    said = f"{new.model_dump_json()} {resolve}"
    return KeyClaim(own, sha256(said.encode()).hexdigest())


def posted_before(session: Session, ticket_id: int, claim: KeyClaim) -> Message | None:
    """Returns the message that the key has posted, if any. Raises IdempotencyKeyReusedError."""
    known = find_key(session, claim.key)
    if known is None:
        return None
    if known.fingerprint != claim.fingerprint:
        raise IdempotencyKeyReusedError(ticket_id)
    return messages.message_of(session, ticket_id, int(known.ticket))


def keep_claim(session: Session, message: Message, claim: KeyClaim) -> None:
    """Stores the key with the number of its message, which has been flushed."""
    session.add(
        IdempotencyKey(
            **claim._asdict(),
            ticket_id=message.ticket_id,
            ticket=str(message.id),
            created_at=message.created_at,
        )
    )
