"""Sentences for errors of the database, each with what to do about it.

Users see these sentences, so they name no path, no address and no statement.
"""

import re
import sqlite3

import psycopg2

LOCKED = (
    "Another program holds the database's write lock, for example a backup or a second desk. "
    "Try again in 5 seconds."
)
FULL = "The database's disk is full. Free some space; nothing can be saved until then."
READ_ONLY = (
    "The database is read-only. Give the desk's user write access to its file and its folder, or "
    "use a server that is not a replica."
)
CLOSED = (
    "The database file cannot be opened. Check that its folder exists and that the desk's user "
    "can write to it."
)
DAMAGED = "The database file is damaged. Stop the desk and restore a backup."
FAULTY = "The database's disk reports errors. Check the log of its machine."
TOO_LONG = "The database took too long. Ask for less, or try again in 5 seconds."
CROWDED = "The database has no free connections. Try again in 5 seconds."
NO_RIGHT = "The database denies the desk access. Grant its user the rights to the tables."
EMPTY = (
    "The database has no tables of the desk. Restart the desk to create them, or restore a backup."
)
POOLED = (
    "The pooler in front of PostgreSQL switched the desk to another server connection. "
    "Set pool_mode=session in pgbouncer.ini."
)

OF_SQLITE = {
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_LOCKED: LOCKED,
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_PERM: READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: CLOSED,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
    sqlite3.SQLITE_IOERR: FAULTY,
    sqlite3.SQLITE_INTERRUPT: TOO_LONG,
}
OF_POSTGRESQL = {
    "25006": READ_ONLY,
    "26000": POOLED,  # the prepared statement does not exist
    "42P05": POOLED,  # the prepared statement exists already
    "42501": NO_RIGHT,
    "53100": FULL,
    "53300": CROWDED,
    "55P03": LOCKED,
    "57014": TOO_LONG,
}
"""Keyed by SQLSTATE."""
UNDEFINED_TABLE = "42P01"
"""SQLSTATE of a missing table. Messages of violated constraints name a relation, too."""
PRIMARY = 0xFF
"""Mask of SQLite's primary result code; the higher bits are the extended code."""
NO_TABLE = re.compile(r"(no such table: |relation .)(ticket|suggestion|triage_|learn|idempotency_)")


def reason_of(error: BaseException | None) -> str | None:
    """Return the sentence for a driver's error; None for an error without one."""
    unknown = getattr(error, "pgcode", None) in (None, UNDEFINED_TABLE)
    if (
        isinstance(error, sqlite3.Error | psycopg2.Error)
        and unknown
        and NO_TABLE.search(str(error))
    ):
        return EMPTY
    if isinstance(error, psycopg2.Error):
        return OF_POSTGRESQL.get(error.pgcode or "")
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else OF_SQLITE.get(code & PRIMARY)
