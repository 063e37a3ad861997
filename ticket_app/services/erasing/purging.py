"""Purges tickets that were deleted long ago, with all that belongs to them.

A deleted ticket is in no figure, so no figure changes. Calls to the AI provider stay in the ledger
without their ticket, because they were paid for.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from ticket_app.actor import Actor
from ticket_app.data.engine import read_transaction, write_transaction
from ticket_app.data.erasing import tickets
from ticket_app.services.conversation.attachments.cleaning import remove_all_loose_files
from ticket_app.services.erasing.words import in_words
from ticket_app.services.people.audit import audit
from ticket_app.services.people.permission import Verb, require
from ticket_app.vocabulary import AuditAction, ErasingKind

DAYS_DEFAULT, DAYS_MIN, DAYS_MAX = 30, 1, 36_500
AT_ONCE = 1_000
"""Tickets in one transaction."""


def count_purgeable(actor: Actor, days: int) -> int:
    """Returns the number of tickets that were deleted so many days ago or earlier."""
    require(actor, Verb.OPERATE)
    with read_transaction() as session:
        return tickets.count_long_deleted(session, _moment(actor, days))


def purge_tickets(actor: Actor, days: int) -> Iterator[int]:
    """Purges these tickets; yields the number of each batch, which is a transaction of its own.

    It may be interrupted, and run again.
    """
    require(actor, Verb.OPERATE)
    return _batches(actor, _moment(actor, days))


def _batches(actor: Actor, before: datetime) -> Iterator[int]:
    while done := _purge_some(actor, before):
        remove_all_loose_files(actor)
        yield done


def _purge_some(actor: Actor, before: datetime) -> int:
    with write_transaction() as session:
        ids = tickets.lock_long_deleted(session, before, limit=AT_ONCE)
        if ids:
            tickets.erase(session, ErasingKind.TICKETS, ids, actor.at)
            detail = f"{in_words(len(ids))}, deleted by {before:%Y-%m-%d %H:%M} UTC"
            audit(session, actor, AuditAction.TICKETS_PURGED, detail=detail)
    return len(ids)


def _moment(actor: Actor, days: int) -> datetime:
    return actor.at - timedelta(days=days)
