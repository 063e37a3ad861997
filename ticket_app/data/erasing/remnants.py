"""What SQLite's file keeps of an erased text: old entries of the search indexes, and the log of
writes.

Freed space needs nothing: PRAGMA secure_delete overwrites it at once (data/sqlite.py). PostgreSQL
has its own VACUUM, which runs by itself.
"""

from sqlalchemy import TextClause, text

from ticket_app.data.engine import get_engine, sqlite_write_lock, write_transaction

PAGES_AT_ONCE = 1_000
"""Pages of the search index that one transaction merges: some 4 MB."""
MERGE = [
    text(f"INSERT INTO {index} ({index}, rank) VALUES ('merge', :pages)")
    for index in ("ticket_text", "message_text")
]
"""For the search index of tickets, and for that of messages."""
WRITTEN = text("SELECT total_changes()")


def merge_search_indexes() -> None:
    """Merge the search indexes, which drops the entries of deleted and replaced texts.

    It takes short transactions, between which others write. Those of PostgreSQL go by themselves.
    """
    if get_engine().dialect.name != "sqlite":
        return
    for merge in MERGE:
        # A negative number of pages first puts all parts of the index in line.
        pages = -PAGES_AT_ONCE
        while _merge_some(merge, pages):
            pages = PAGES_AT_ONCE


def _merge_some(merge: TextClause, pages: int) -> bool:
    with write_transaction() as session:
        before = session.execute(WRITTEN).scalar_one()
        session.execute(merge, {"pages": pages})
        # The command itself counts as one change.
        return bool(session.execute(WRITTEN).scalar_one() - before > 1)


def empty_log() -> bool:
    """Move the log of writes into the file and cut it off. Return False if others still read it."""
    if get_engine().dialect.name != "sqlite":
        return True
    with sqlite_write_lock():
        connection = get_engine().raw_connection()
        try:
            ((busy, *_),) = (
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            )
        finally:
            connection.close()
    return not busy
