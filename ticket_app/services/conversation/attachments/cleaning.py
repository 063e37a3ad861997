"""Removes attachments that were never sent, and the files that no attachment needs any more.

Which file is needed is derived from the rows: nothing is counted. A deleted attachment lists its
content in `loose_file`, by a trigger. The lock of a content lets nobody attach it while its file is
removed. Each step is a short transaction, so that of several processes each does a part, and a
killed one leaves its part to the next.
"""

from datetime import timedelta
from itertools import islice

from ticket_app.actor import Actor
from ticket_app.data.conversation.attachments import files, queries
from ticket_app.data.engine import write_transaction
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.services.people.permission import Verb, require

UNSENT_LIFETIME = timedelta(hours=24)
STRAY_AGE = timedelta(hours=24)
"""Age from which a file without an attachment was left by a killed process, and is not on its way.
The slowest upload takes less."""
EXPIRED_AT_ONCE, REMOVED_AT_ONCE, LISTED_AT_ONCE = 500, 100, 500
FOLDERS = files.PREFIXES
"""The folders that `list_stray_files` looks through, one at a time."""


def expire_unsent(actor: Actor) -> bool:
    """Deletes up to EXPIRED_AT_ONCE attachments that have waited to be sent for UNSENT_LIFETIME;
    returns True if more may exist."""
    require(actor, Verb.OPERATE)
    before = actor.at - UNSENT_LIFETIME
    with write_transaction(QUICK) as session:
        removed = queries.remove_unsent_before(session, before, limit=EXPIRED_AT_ONCE)
    return removed == EXPIRED_AT_ONCE


def remove_loose_files(actor: Actor) -> bool:
    """Removes up to REMOVED_AT_ONCE files whose attachments were deleted; returns True if more may
    exist.

    Raises StorageUnavailableError if the folder cannot be used: the files stay listed.
    """
    require(actor, Verb.OPERATE)
    return all(_remove_one() for _ in range(REMOVED_AT_ONCE))


def remove_all_loose_files(actor: Actor) -> None:
    """Removes every file whose attachments were deleted, for commands that promise that."""
    while remove_loose_files(actor):
        pass


def list_stray_files(actor: Actor, folder: str) -> int:
    """Lists the files in one of FOLDERS that no attachment has, for `remove_loose_files`, and
    removes uploads that were never finished; returns the number of listed files.

    Only files older than STRAY_AGE count.
    """
    require(actor, Verb.OPERATE)
    before = (actor.at - STRAY_AGE).timestamp()
    files.remove_incoming_before(before)
    found, listed = files.stored_before(folder, before), 0
    while digests := list(islice(found, LISTED_AT_ONCE)):
        with write_transaction(QUICK) as session:
            listed += queries.list_loose_files(session, digests)
    return listed


def _remove_one() -> bool:
    """Removes a loose file, unless it is attached again; returns False if there is none."""
    with write_transaction(QUICK) as session:
        digest = queries.lock_loose_file(session)
        if digest is None:
            return False
        if not queries.is_attached(session, digest):
            files.remove(digest)
        queries.forget_loose_file(session, digest)
    return True
