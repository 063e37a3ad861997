"""The one way to the database: a pooled engine, and transactions that say what went wrong.

SQLite: WAL, foreign keys, durable commits, a busy timeout; a transaction that will write takes the
write lock at its start, so that it never fails half way for having read first. A statement that
only reads is interrupted after the time that a statement may take.
PostgreSQL: a statement and a lock timeout, so that no query is without a bound: postgresql.py.
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
from ticket_app.data.patience import ENDLESS, LONG, Patience
from ticket_app.data.postgresql import ONE, PROCESS, make_postgresql_engines
from ticket_app.data.reasons import LOCKED, reason_of
from ticket_app.data.sqlite import make_sqlite_engines, require_file
from ticket_app.data.watch import Watch
from ticket_app.errors import ConfigurationError, DatabaseUnavailableError
from ticket_app.settings import get_settings

log = logging.getLogger(__name__)


POOL = {
    "hide_parameters": True,
    "pool_size": 10,
    "max_overflow": 10,
    "pool_timeout": 5,
    # The connection used last: its plans are at hand. In turns each would be half cold each time.
    "pool_use_lifo": True,
}

Dialect = Literal["sqlite", "postgresql"]
_sqlite_writer = threading.Lock()


class _Engines(NamedTuple):
    """Of one database. On SQLite the first two are the same, and nobody watches."""

    for_sessions: Engine
    direct: Engine
    asking_health: Engine
    watch: Watch | None = None


_engines: list[_Engines] = []
"""At most one: those of this process."""


def get_engine() -> Engine:
    """The engine of this process, made at its first use from the settings."""
    return _get_engines().for_sessions


def get_direct_engine() -> Engine:
    """As `get_engine`, but each statement is a transaction of its own."""
    return _get_engines().direct


def _get_engines() -> _Engines:
    if not _engines:
        _engines.append(_make_engines(get_settings().database.get_secret_value()))
    return _engines[0]


def use_database(url: str | None) -> None:
    """Close every connection and take this database from now on; None: the settings' one again."""
    while _engines:
        *engines, watch = _engines.pop()
        if watch is not None:
            watch.stop()
        for engine in engines:
            engine.dispose()
    if url is not None:
        _engines.append(_make_engines(url))


@contextmanager
def reading(patience: Patience = LONG) -> Iterator[Session]:
    """A transaction that only reads, all its queries from one moment.

    DatabaseUnavailableError when the database does not answer. `patience` is for PostgreSQL.
    """
    engine = get_engine()
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    with transaction_of(engine, patience) as session:
        yield session


@contextmanager
def writing(patience: Patience = LONG) -> Iterator[Session]:
    """A transaction that commits at the end of the block and rolls back on any error."""
    engine = get_engine()
    if engine.dialect.name != "sqlite":
        with transaction_of(engine, patience) as session:
            yield session
        return
    at_once = engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
    with only_writer():
        with transaction_of(at_once) as session:
            yield session
            # A block that has rolled back has written nothing.
            about = session.connection().info if session.in_transaction() else None
        if about is not None:
            require_file(about)


@contextmanager
def only_writer() -> Iterator[None]:
    """SQLite has one writer at a time. Within this process they queue up here, in order and at
    once; its own way of waiting is to sleep and try again. DatabaseUnavailableError when it is
    not one's turn in time."""
    if not _sqlite_writer.acquire(timeout=bounds.BUSY_TIMEOUT_SECONDS):
        raise DatabaseUnavailableError(LOCKED)
    try:
        yield
    finally:
        _sqlite_writer.release()


def allow(session: Session, seconds: int) -> None:
    """Let each statement of this transaction, which has not had one yet, take so long."""
    connection = session.connection(execution_options={"statement_seconds": seconds})
    be_patient(connection.connection, ENDLESS)
    if connection.dialect.name == "postgresql":
        milliseconds = seconds * 1000
        connection.exec_driver_sql(
            f"SET LOCAL statement_timeout = {milliseconds}; SET LOCAL lock_timeout = {milliseconds}"
        )


def be_patient(connection: PoolProxiedConnection, patience: Patience) -> None:
    """Let this connection, which was just taken from its pool, be in use for so long."""
    if (watch := _get_engines().watch) is not None:
        driver, process = connection.driver_connection, connection.info.get(PROCESS)
        watch.begin(id(connection.info), driver, patience, process)


def refuse_if_hanging() -> None:
    """DatabaseUnavailableError while the database answers nothing: who asks now would wait, too."""
    if (watch := _get_engines().watch) is not None and watch.hanging:
        raise DatabaseUnavailableError


def get_health_engine() -> Engine:
    """As `get_engine`, with a connection that only whoever asks how the database is uses."""
    return _get_engines().asking_health


@contextmanager
def transaction_of(engine: Engine, patience: Patience = LONG) -> Iterator[Session]:
    """A transaction, with errors that say what went wrong."""
    refuse_if_hanging()
    try:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            if patience is not LONG:
                be_patient(session.connection().connection, patience)
            yield session
    except PoolTimeoutError as error:
        raise unavailable("no free database connection", error) from error
    except DBAPIError as error:
        away = isinstance(error, OperationalError | InterfaceError)
        if reason_of(error.orig) is None and (not away or is_a_mistake_of_ours(error.orig)):
            raise
        raise unavailable("the database did not answer", error.orig or error) from error


def unavailable(what: str, error: Exception) -> DatabaseUnavailableError:
    """The error for the caller, once it was logged."""
    reason = reason_of(error)
    log.warning("%s: %s: %s", what, type(error).__name__, reason or "no answer")
    return DatabaseUnavailableError(reason)


def is_a_mistake_of_ours(error: BaseException | None) -> bool:
    """SQLite reports a wrong statement by the same class as a locked or missing file."""
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR


def _make_engines(url: str) -> _Engines:
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError):
        raise _wrong_address("it cannot be read") from None
    if parts.get_backend_name() == "sqlite":
        if not parts.database or parts.database == ":memory:":
            raise _wrong_address("SQLite needs the path of a file")
        engine, asking_health = make_sqlite_engines(parts, POOL, ONE)
        return _Engines(engine, engine, asking_health)
    return _Engines(*make_postgresql_engines(parts, POOL))


def _wrong_address(problem: str) -> ConfigurationError:
    """Never repeats the address: a password is part of it."""
    return ConfigurationError(
        f"The address of the database is wrong ({problem}); "
        "for example: DATABASE_URL=postgresql://desk:password@localhost:5432/desk"
    )
