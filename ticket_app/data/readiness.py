"""Whether the database can take tickets now, which is more than that it answers.

A disk may be full, or a server a copy that is only read. So something is written, at most once in
PROVED_SECONDS, and nothing of it stays: on PostgreSQL a temporary table that is rolled back; on
SQLite some pages that are, and then the file's own header with what it held before. Somebody else
who is writing just then is no fault. A user who may make no temporary table files tickets all the
same; then a full disk is not foreseen.
"""

import logging
import os
from time import monotonic

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from ticket_app.data import reasons
from ticket_app.data.engine import get_health_engine, transaction_of
from ticket_app.errors import DatabaseUnavailableError

log = logging.getLogger(__name__)

PROVED_SECONDS = 10.0
FREE_BYTES = 1024 * 1024
"""Of SQLite's disk: some tickets, with all that is kept for searching them."""
ON_POSTGRESQL = """
SET LOCAL temp_tablespaces = '';
CREATE TEMPORARY TABLE desk_probe AS SELECT repeat(md5(i::text), 50) FROM generate_series(1, 100) i
"""
MAY_MAKE_ONE = "SELECT has_database_privilege(current_database(), 'TEMPORARY')"
LOCK_SOMETHING = "SELECT FROM learning_turn LIMIT 1 FOR UPDATE SKIP LOCKED"
"""What a server that is only read refuses."""
_proved = {"by": 0, "at": 0.0}
"""By which engine, and when."""


def find_problem() -> str | None:
    """Why the database cannot take tickets; None when it can."""
    engine = get_health_engine()
    try:
        with transaction_of(engine) as session:
            session.execute(text("SELECT 1 FROM ticket LIMIT 1"))
        if _proved["by"] != id(engine) or monotonic() > _proved["at"] + PROVED_SECONDS:
            _prove()
            _proved.update(by=id(engine), at=monotonic())
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
        may = session.scalar(text(MAY_MAKE_ONE))
        session.execute(text(ON_POSTGRESQL if may else LOCK_SOMETHING))
        session.rollback()


def _require_space(session: Session) -> None:
    """The file grows in steps, so its disk may be all but full before a statement fails."""
    path = session.connection().info.get("path")
    if path is None:
        return
    disk = os.statvfs(path)
    if disk.f_bavail * disk.f_frsize < FREE_BYTES:
        raise DatabaseUnavailableError(reasons.FULL)
