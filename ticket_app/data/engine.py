"""The pooled engines of the process, and transactions whose errors say what went wrong.

SQLite: WAL, foreign keys, durable commits, a busy timeout. A transaction that writes takes the
write lock at its start, so that it never fails half way because it has read first. A statement that
only reads is interrupted after the statement timeout.
PostgreSQL: a statement timeout and a lock timeout, so that no query is without a bound: see
postgresql/engine.py.
"""

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, NamedTuple

from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import PoolProxiedConnection
from sqlmodel import Session

from ticket_app.data import bounds
from ticket_app.data.postgresql.engine import BACKEND_KEY, ONE, make_postgresql_engines
from ticket_app.data.postgresql.timeouts import ENDLESS, LONG, Timeouts
from ticket_app.data.postgresql.watchdog import Watchdog
from ticket_app.data.reasons import LOCKED, reason_of
from ticket_app.data.sqlite import make_sqlite_engines, require_file
from ticket_app.errors import ConfigurationError, DatabaseUnavailableError
from ticket_app.settings import get_settings

log = logging.getLogger(__name__)


POOL = {
    "hide_parameters": True,
    "pool_size": 10,
    "max_overflow": 10,
    "pool_timeout": 5,
    # The connection used last has its plans cached; connections used in turns would be half cold.
    "pool_use_lifo": True,
}

Dialect = Literal["sqlite", "postgresql"]
_sqlite_writer = threading.Lock()


class _Engines(NamedTuple):
    """The engines of one database. On SQLite the first two are the same, without a watchdog."""

    for_sessions: Engine
    autocommit: Engine
    for_health: Engine
    watchdog: Watchdog | None = None


_engines: list[_Engines] = []
"""The engines of this process: at most one item."""
_engines_lock = threading.Lock()
"""Held to change `_engines`. Without it two threads at their first query make two pools."""


def get_engine() -> Engine:
    """Return the engine of this process, made from the settings at its first use."""
    return _get_engines().for_sessions


def get_autocommit_engine() -> Engine:
    """As `get_engine`, but each statement commits by itself."""
    return _get_engines().autocommit


def _get_engines() -> _Engines:
    for engines in _engines:
        return engines
    with _engines_lock:
        if not _engines:
            _engines.append(_make_engines(get_settings().database.get_secret_value()))
        return _engines[0]


def use_database(url: str | None) -> None:
    """Use this database from now on and close the connections to the one before.

    None means that of the settings. ConfigurationError for an address that is wrong: the database
    stays the same.
    """
    # The new engines replace the old ones in one step: otherwise another thread could make those
    # of the settings in between.
    made = [] if url is None else [_make_engines(url)]
    with _engines_lock:
        former = _engines.copy()
        _engines[:] = made
    for *engines, watchdog in former:
        if watchdog is not None:
            watchdog.stop()
        for engine in engines:
            engine.dispose()


@contextmanager
def read_transaction(timeouts: Timeouts = LONG) -> Iterator[Session]:
    """A SQLAlchemy transaction that only reads; all its queries see one snapshot.

    DatabaseUnavailableError when the database does not answer. `timeouts` is for PostgreSQL.
    """
    engine = get_engine()
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    with transaction_of(engine, timeouts) as session:
        yield session


@contextmanager
def write_transaction(timeouts: Timeouts = LONG) -> Iterator[Session]:
    """A SQLAlchemy transaction of any number of statements.

    It commits at the end of the block and rolls back on any error. Errors are as above.
    """
    engine = get_engine()
    if engine.dialect.name != "sqlite":
        with transaction_of(engine, timeouts) as session:
            yield session
        return
    locking = engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
    with sqlite_write_lock():
        with transaction_of(locking) as session:
            yield session
            # A block that has rolled back has written nothing.
            info = session.connection().info if session.in_transaction() else None
        if info is not None:
            require_file(info)


@contextmanager
def sqlite_write_lock() -> Iterator[None]:
    """Hold the lock of this process for SQLite's one writer.

    Writers wait here in order and without delay, whereas SQLite itself sleeps and polls.
    DatabaseUnavailableError after BUSY_TIMEOUT_SECONDS.
    """
    if not _sqlite_writer.acquire(timeout=bounds.BUSY_TIMEOUT_SECONDS):
        raise DatabaseUnavailableError(LOCKED)
    try:
        yield
    finally:
        _sqlite_writer.release()


def set_statement_timeout(session: Session, seconds: int) -> None:
    """Let each statement of this transaction take so many seconds. Call it before the first one."""
    connection = session.connection(execution_options={"statement_seconds": seconds})
    set_connection_timeouts(connection.connection, ENDLESS)
    if connection.dialect.name == "postgresql":
        milliseconds = seconds * 1000
        connection.exec_driver_sql(
            f"SET LOCAL statement_timeout = {milliseconds}; SET LOCAL lock_timeout = {milliseconds}"
        )


def set_connection_timeouts(connection: PoolProxiedConnection, timeouts: Timeouts) -> None:
    """Set the client-side timeouts of a connection that was just taken from its pool."""
    if (watchdog := _get_engines().watchdog) is not None:
        driver, backend = connection.driver_connection, connection.info.get(BACKEND_KEY)
        watchdog.begin(id(connection.info), driver, timeouts, backend)


def require_responsive_database() -> None:
    """Raise DatabaseUnavailableError while the database hangs: a new caller would wait, too."""
    if (watchdog := _get_engines().watchdog) is not None and watchdog.hanging:
        raise DatabaseUnavailableError


def get_health_engine() -> Engine:
    """As `get_engine`, with one connection that only health checks use."""
    return _get_engines().for_health


@contextmanager
def transaction_of(engine: Engine, timeouts: Timeouts = LONG) -> Iterator[Session]:
    """A transaction of this engine. DatabaseUnavailableError says what went wrong."""
    require_responsive_database()
    try:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            if timeouts is not LONG:
                set_connection_timeouts(session.connection().connection, timeouts)
            yield session
    except PoolTimeoutError as error:
        raise unavailable("no free database connection", error) from error
    except DBAPIError as error:
        away = isinstance(error, OperationalError | InterfaceError)
        if reason_of(error.orig) is None and (not away or is_programming_error(error.orig)):
            raise
        raise unavailable("the database did not answer", error.orig or error) from error


def unavailable(what: str, error: Exception) -> DatabaseUnavailableError:
    """Log the error; return the error to raise."""
    reason = reason_of(error)
    log.warning("%s: %s: %s", what, type(error).__name__, reason or "no answer")
    return DatabaseUnavailableError(reason)


def is_programming_error(error: BaseException | None) -> bool:
    """Return True for a wrong statement, which SQLite reports by the class of a locked file."""
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR


def _make_engines(url: str) -> _Engines:
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError):
        raise _wrong_address("it cannot be read") from None
    if parts.get_backend_name() == "sqlite":
        if not parts.database or parts.database == ":memory:":
            raise _wrong_address("SQLite needs the path of a file")
        engine, for_health = make_sqlite_engines(parts, POOL, ONE)
        return _Engines(engine, engine, for_health)
    return _Engines(*make_postgresql_engines(parts, POOL))


def _wrong_address(problem: str) -> ConfigurationError:
    """Return the error; it does not repeat the address, which contains a password."""
    return ConfigurationError(
        f"The address of the database is wrong ({problem}); "
        "for example: DATABASE_URL=postgresql://desk:password@localhost:5432/desk"
    )
