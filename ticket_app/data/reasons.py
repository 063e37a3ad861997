"""What went wrong with the database, as a sentence that says what to do about it.

Sentences are shown to whoever asked: they name no path, no address and no statement.
"""

import re
import sqlite3

import psycopg2

LOCKED = (
    "Somebody else is writing and does not end, maybe another program that holds the database's "
    "lock (a backup, a second desk). Try again in 5 seconds."
)
FULL = "The disk of the database is full. Free some space: until then nothing can be saved."
READ_ONLY = (
    "The database can be read but not written. Let the desk's user write its file and its folder, "
    "or name a server that is no copy of another."
)
CLOSED = (
    "The file of the database cannot be opened. Look whether its folder is there, and let the "
    "desk's user write in it."
)
DAMAGED = "The file of the database is damaged. Stop the desk and put a backup in its place."
FAULTY = "The disk of the database fails. Look into the log of its machine."
TOO_LONG = "The database took too long. Ask for less, or try again in 5 seconds."
CROWDED = "The database takes no more connections. Try again in 5 seconds."
NO_RIGHT = "The database refuses the desk what it needs. Give its user the rights to the tables."
EMPTY = (
    "The database has none of the desk's tables. Restart the desk, which makes them, or put a "
    "backup in its place."
)
POOLED = (
    "The pooler in front of PostgreSQL gave the desk another server. Let it keep one for each "
    "connection, for example in pgbouncer.ini: pool_mode=session"
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
    "26000": POOLED,  # what was prepared is not there
    "42P05": POOLED,  # and this is there already
    "42501": NO_RIGHT,
    "53100": FULL,
    "53300": CROWDED,
    "55P03": LOCKED,
    "57014": TOO_LONG,
}
"""By PostgreSQL's codes."""
UNDEFINED_TABLE = "42P01"
"""A relation is also named by PostgreSQL where a row of it breaks a rule."""
PRIMARY = 0xFF
"""Of SQLite's codes; the rest of a code says more of the same."""
NO_TABLE = re.compile(r"(no such table: |relation .)(ticket|suggestion|triage_|learn)")


def reason_of(error: BaseException | None) -> str | None:
    """The sentence for a driver's error; None for what is none of these."""
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
