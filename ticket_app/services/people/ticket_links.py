"""Signed links: whoever has the link of a ticket may read that one ticket, without an account.

A key is an HMAC-SHA256 of the ticket's id under a secret of the desk, which is in the database and
so the same in every process. Nothing is stored for a link.
"""

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256

from ticket_app.actor import NOBODY, Actor, Identity
from ticket_app.services.people.desk_secret import desk_secret
from ticket_app.services.people.permission import Verb, require

PURPOSE = b"link to a ticket"
"""Part of what is signed, so that a signature of another kind is no key of a ticket."""


def sign(actor: Actor, ticket_id: int) -> str:
    """Returns the key of a ticket, 43 characters that need no escaping in an address.

    For those who may change tickets, and for the holder of a link to this one. Raises
    SignInRequiredError or NotAllowedError.
    """
    if actor.identity.ticket_id != ticket_id:
        require(actor, Verb.CHANGE_TICKETS)
    return _key(ticket_id)


def holder_of(actor: Actor, ticket_id: int, key: str) -> Identity:
    """Returns the identity of whoever has this key of the ticket; NOBODY if it is not its key.

    Does not tell if the ticket exists.
    """
    is_key = hmac.compare_digest(_key(ticket_id).encode(), key.encode("utf-8", "replace"))
    return Identity(None, ticket_id=ticket_id) if is_key else NOBODY


def _key(ticket_id: int) -> str:
    signed = hmac.digest(desk_secret(), b"%s\0%d" % (PURPOSE, ticket_id), sha256)
    return urlsafe_b64encode(signed).rstrip(b"=").decode()
