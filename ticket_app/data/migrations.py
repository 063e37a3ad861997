"""Bringing the database to the schema that this code needs."""

import logging
import re
import sqlite3
from collections.abc import Callable

import psycopg2
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import (
    DatabaseError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
)

from alembic import command
from ticket_app.data.engine import be_patient, get_engine
from ticket_app.data.patience import ENDLESS
from ticket_app.data.postgresql import require_sessions
from ticket_app.data.reasons import LOCKED, reason_of
from ticket_app.errors import ConfigurationError, DatabaseUnavailableError, TicketAppError
from ticket_app.settings import ROOT

log = logging.getLogger(__name__)

LOCK_KEY = 7_450_186_233
"""An arbitrary number, the same in every process: the advisory lock under which one migrates."""
LOCK_SECONDS = 3_600
"""A migration of a million tickets takes minutes."""
WAITING = (
    "Another process is bringing the database up to date, or holds its lock: waiting until it is "
    "done, for an hour at most."
)
DEFENSIVE = "sqlite_master may not be modified"
REFUSES_SCHEMA = (
    "The SQLite of this Python is in defensive mode, and refuses a migration that changes the text "
    "of a table's definition; nothing was changed. Run the desk with a Python from python.org, "
    "Docker or a package manager, or use PostgreSQL, for example: "
    "DATABASE_URL=postgresql://desk:password@localhost:5432/desk"
)
FIND_TRIGRAMS = """
SELECT set_config('search_path', concat_ws(', ', current_setting('search_path'),
                                           quote_ident(nspname)), true)
FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'pg_trgm'
"""
"""Its operators are named in migrations, and it may be in a schema of its own, as in clouds."""


def migrate(tell: Callable[[str], None] = log.warning) -> bool:
    """Bring the database to the newest schema; True when there was something to do.

    Safe with several processes starting together: one migrates under a lock, the others `tell` that
    they wait for it, and find nothing left to do. Raises DatabaseUnavailableError, and
    ConfigurationError when the database is newer than this code.
    """
    config = Config(ROOT / "alembic.ini")
    try:
        return _migrate(get_engine(), config, tell)
    except OperationalError as error:
        raise _failure(error) from error
    except ProgrammingError as error:
        if (refusal := _refusal(error)) is None:
            raise
        raise ConfigurationError(refusal) from None
    except NotSupportedError as error:
        raise ConfigurationError(
            "The search needs PostgreSQL's extension pg_trgm. Install the server's contrib "
            "package, or let its superuser run in this database: CREATE EXTENSION pg_trgm"
        ) from error
    except DatabaseError as error:
        if getattr(error.orig, "sqlite_errorcode", None) != sqlite3.SQLITE_NOTADB:
            raise
        raise ConfigurationError(
            f"{get_engine().url.database} is no SQLite database; move it away, or name another "
            "folder, for example: DATA_DIR=.data"
        ) from None
    except CommandError as error:
        raise ConfigurationError(
            f"The database holds a schema that this version does not know ({error}). "
            "Start the version that wrote it, or a newer one."
        ) from error


def _failure(error: OperationalError) -> TicketAppError:
    if DEFENSIVE in str(error.orig):
        return ConfigurationError(REFUSES_SCHEMA)
    return DatabaseUnavailableError(_reason(error))


def _reason(error: OperationalError) -> str | None:
    """Why there is no connection, in the server's own words where it has refused one: they are for
    whoever starts the desk, and hold no password."""
    refused = re.search(r"FATAL:\s*(.+)", str(error.orig)) if error.statement is None else None
    if refused is not None:
        return f"PostgreSQL refuses the connection: {refused[1]}"
    return reason_of(error.orig)


def _refusal(error: ProgrammingError) -> str | None:
    """What to do about what PostgreSQL refuses before the desk has made a mistake."""
    match error.orig:
        case psycopg2.errors.InsufficientPrivilege():
            url = get_engine().url
            with get_engine().connect() as connection:
                schema = connection.exec_driver_sql("SELECT current_schema()").scalar()
            return (
                f"{url.username or 'The user of the database'} has no right to make the desk's "
                f"tables in the database {url.database}; its owner may run there: "
                f"GRANT ALL ON SCHEMA {schema or 'public'} TO {url.username}"
            )
        case psycopg2.errors.InvalidSchemaName():
            return (
                "The database has no schema that the desk could make its tables in: none of its "
                "search_path exists; for example: CREATE SCHEMA desk"
            )
        case psycopg2.ProgrammingError() if error.statement is None:
            return (
                "The address of the database has an option that PostgreSQL does not know; "
                "for example: DATABASE_URL=postgresql://desk:password@localhost:5432/desk"
            )
    return None


def _migrate(engine: Engine, config: Config, tell: Callable[[str], None]) -> bool:
    newest = ScriptDirectory.from_config(config).get_current_head()
    if engine.dialect.name == "postgresql":
        require_sessions(engine)
    with engine.connect() as connection:
        _require_utf8(connection)
        if _revision(connection) == newest:
            return False
    locking = engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
    try:
        with locking.connect() as connection:
            _tell_if_locked(connection, tell)
            _wait_longer(connection)
            with connection.begin():
                return _upgrade(connection, config, newest)
    finally:
        engine.dispose()  # the connection above waits longer than the others may


def _upgrade(connection: Connection, config: Config, newest: str | None) -> bool:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
        connection.execute(text(FIND_TRIGRAMS))
    if _revision(connection) == newest:
        return False
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return True


def _require_utf8(connection: Connection) -> None:
    if connection.dialect.name != "postgresql":
        return
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        raise ConfigurationError(
            f"The database stores its text as {encoding} and could not hold every ticket; "
            "for example: CREATE DATABASE desk TEMPLATE template0 ENCODING 'UTF8'"
        )


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _tell_if_locked(connection: Connection, tell: Callable[[str], None]) -> None:
    """Say so where there is something to wait for."""
    if connection.dialect.name == "postgresql":
        with connection.begin():
            ask = text("SELECT pg_try_advisory_xact_lock(:key)")
            if not connection.scalar(ask, {"key": LOCK_KEY}):
                tell(WAITING)
        return
    driver = connection.connection.cursor()
    try:
        driver.execute("PRAGMA busy_timeout = 0")
        driver.execute("BEGIN IMMEDIATE")
        driver.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if reason_of(error) != LOCKED:
            raise
        tell(WAITING)
    finally:
        driver.close()


def _wait_longer(connection: Connection) -> None:
    """A migration may wait for another one, and take longer than a request may."""
    be_patient(connection.connection, ENDLESS)
    driver = connection.connection.cursor()
    if connection.dialect.name == "sqlite":
        driver.execute(f"PRAGMA busy_timeout = {LOCK_SECONDS * 1000}")
    else:
        driver.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'; SET statement_timeout = 0")
        connection.connection.commit()
    driver.close()
