"""Applies migrations: brings the database to the schema that this code needs."""

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
from ticket_app.data.engine import get_engine, set_connection_timeouts
from ticket_app.data.postgresql.engine import require_sessions
from ticket_app.data.postgresql.timeouts import ENDLESS
from ticket_app.data.reasons import LOCKED, reason_of
from ticket_app.errors import ConfigurationError, DatabaseUnavailableError, TicketAppError
from ticket_app.settings import ROOT

log = logging.getLogger(__name__)

LOCK_KEY = 7_450_186_233
"""Key of the advisory lock for migrations: an arbitrary number, the same in every process."""
LOCK_SECONDS = 3_600
"""Wait for another process's migration, which takes minutes for a million tickets."""
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
"""Adds the schema of pg_trgm to the search path. Migrations name its operators, and in some clouds
it has a schema of its own."""


def migrate(notify: Callable[[str], None] = log.warning) -> bool:
    """Bring the database to the newest schema. Return True if a migration was applied.

    Several processes may call it together: one migrates under a lock, and the others tell the
    operator by `notify` that they wait for it. DatabaseUnavailableError; ConfigurationError if the
    database is newer than this code or cannot be migrated.
    """
    config = Config(ROOT / "alembic.ini")
    try:
        return _migrate(get_engine(), config, notify)
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
    """Return why there is no connection, if possible in the server's own words.

    The operator who starts the desk reads them. They contain no password.
    """
    refused = re.search(r"FATAL:\s*(.+)", str(error.orig)) if error.statement is None else None
    if refused is not None:
        return f"PostgreSQL refuses the connection: {refused[1]}"
    return reason_of(error.orig)


def _refusal(error: ProgrammingError) -> str | None:
    """Return what to do about a refusal that the database's setup causes; None for a bug."""
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


def _migrate(engine: Engine, config: Config, notify: Callable[[str], None]) -> bool:
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
            _notify_if_locked(connection, notify)
            _lift_timeouts(connection)
            applied = False
            while _upgrade(connection, config, newest):
                applied = True
            return applied
    finally:
        engine.dispose()  # the connection above has longer timeouts than others may have


def _upgrade(connection: Connection, config: Config, newest: str | None) -> bool:
    """Apply the next migration, or all to an empty database. Return False if there is none.

    Each migration is a transaction, and releases its locks before the next one. A server of the
    version before may run meanwhile: migrations that kept their locks would take the tables in
    another order than its writers, and PostgreSQL would end the deadlock by ending the migration.
    """
    with connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
            connection.execute(text(FIND_TRIGRAMS))
        revision = _revision(connection)
        if revision == newest:
            return False
        config.attributes["connection"] = connection
        command.upgrade(config, "head" if revision is None else "+1")
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


def _notify_if_locked(connection: Connection, notify: Callable[[str], None]) -> None:
    """Tell the operator if another process holds the lock."""
    if connection.dialect.name == "postgresql":
        with connection.begin():
            try_lock = text("SELECT pg_try_advisory_xact_lock(:key)")
            if not connection.scalar(try_lock, {"key": LOCK_KEY}):
                notify(WAITING)
        return
    driver = connection.connection.cursor()
    try:
        driver.execute("PRAGMA busy_timeout = 0")
        driver.execute("BEGIN IMMEDIATE")
        driver.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if reason_of(error) != LOCKED:
            raise
        notify(WAITING)
    finally:
        driver.close()


def _lift_timeouts(connection: Connection) -> None:
    """Raise the timeouts: a migration may wait for another one and takes longer than a request."""
    set_connection_timeouts(connection.connection, ENDLESS)
    driver = connection.connection.cursor()
    if connection.dialect.name == "sqlite":
        driver.execute(f"PRAGMA busy_timeout = {LOCK_SECONDS * 1000}")
    else:
        driver.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'; SET statement_timeout = 0")
        connection.connection.commit()
    driver.close()
