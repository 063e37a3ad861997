"""The readiness check: the database must accept writes, not only answer.

A disk may be full, or a server may be a read-only replica. So the check writes something, at most
once in PROVED_SECONDS, and leaves nothing behind. On PostgreSQL it rolls back a temporary table. On
SQLite it rolls back some pages, and then rewrites a field of the file's header with its own value.
Another writer at that time is no fault. A user without the right to temporary tables can still file
tickets; the check then does not detect a full disk.
"""

import logging
import os
from time import monotonic
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from ticket_app.data import reasons
from ticket_app.data.engine import get_health_engine, transaction_of
from ticket_app.errors import DatabaseUnavailableError

log = logging.getLogger(__name__)

PROVED_SECONDS = 10.0
FREE_BYTES = 1024 * 1024
"""Free space that SQLite's disk must have: some tickets with their search index."""
WRITE_TEMPORARY_TABLE = """
SET LOCAL temp_tablespaces = '';
CREATE TEMPORARY TABLE desk_probe AS SELECT repeat(md5(i::text), 50) FROM generate_series(1, 100) i
"""
MAY_WRITE_ONE = "SELECT has_database_privilege(current_database(), 'TEMPORARY')"
LOCK_A_ROW = "SELECT FROM learning_turn LIMIT 1 FOR UPDATE SKIP LOCKED"
"""A statement that a read-only server refuses."""
_proved: WeakKeyDictionary[Engine, float] = WeakKeyDictionary()
"""The monotonic time of the last write that succeeded, by engine."""


def find_problem() -> str | None:
    """Return the reason why the database cannot accept tickets, or None if it can."""
    engine = get_health_engine()
    try:
        with transaction_of(engine) as session:
            session.execute(text("SELECT 1 FROM ticket LIMIT 1"))
        proved = _proved.get(engine)
        if proved is None or monotonic() > proved + PROVED_SECONDS:
            _prove()
            _proved[engine] = monotonic()
    except DatabaseUnavailableError as error:
        return None if error.detail == reasons.LOCKED else error.detail
    except DBAPIError as error:
        log.warning("the database is not ready: %s", type(error).__name__)
        return DatabaseUnavailableError().detail
    return None


def _prove() -> None:
    engine = get_health_engine()
    if engine.dialect.name == "sqlite":
        at_once = engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        with transaction_of(at_once) as session:
            _require_space(session)
            session.execute(text("CREATE TABLE desk_probe AS SELECT zeroblob(65536) AS pages"))
            session.rollback()
        with transaction_of(at_once) as session:
            kept = session.scalar(text("PRAGMA user_version"))
            session.execute(text(f"PRAGMA user_version = {int(kept or 0)}"))
        return
    with transaction_of(engine) as session:
        may = session.scalar(text(MAY_WRITE_ONE))
        session.execute(text(WRITE_TEMPORARY_TABLE if may else LOCK_A_ROW))
        session.rollback()


def _require_space(session: Session) -> None:
    """Raise DatabaseUnavailableError if SQLite's disk has less than FREE_BYTES left.

    The file grows in steps, so the disk may be nearly full before a statement fails.
    """
    path = session.connection().info.get("path")
    if path is None:
        return
    disk = os.statvfs(path)
    if disk.f_bavail * disk.f_frsize < FREE_BYTES:
        raise DatabaseUnavailableError(reasons.FULL)
