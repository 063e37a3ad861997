"""Idempotency keys expire after a day, and are deleted in batches."""

from datetime import timedelta

from ticket_app.actor import Actor
from ticket_app.data.engine import write_transaction
from ticket_app.data.tickets.queries import remove_older_keys
from ticket_app.services.people.permission import Verb, require

LIFETIME = timedelta(hours=24)
EXPIRED_AT_ONCE = 500


def expire_idempotency_keys(actor: Actor) -> bool:
    """Deletes up to EXPIRED_AT_ONCE old keys in one transaction; returns True if more may exist."""
    require(actor, Verb.OPERATE)
    with write_transaction() as session:
        before = actor.at - LIFETIME
        return remove_older_keys(session, before, limit=EXPIRED_AT_ONCE) == EXPIRED_AT_ONCE
