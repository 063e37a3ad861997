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
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from ticket_app.data import bounds
from ticket_app.data.folding import fold
from ticket_app.data.postgresql import make_postgresql_engines
from ticket_app.data.watch import Watch
from ticket_app.errors import ConfigurationError, DatabaseUnavailableError
from ticket_app.settings import get_settings

log = logging.getLogger(__name__)

STEPS_BETWEEN_LOOKS = 1_000_000
"""Of SQLite's machine, some 20 ms: most statements end before the clock is looked at once."""

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
def reading() -> Iterator[Session]:
    """A transaction that only reads, all its queries from one moment.

    DatabaseUnavailableError when the database does not answer.
    """
    engine = get_engine()
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    with _transaction(engine) as session:
        yield session


@contextmanager
def writing() -> Iterator[Session]:
    """A transaction that commits at the end of the block and rolls back on any error."""
    engine = get_engine()
    if engine.dialect.name != "sqlite":
        with _transaction(engine) as session:
            yield session
        return
    at_once = engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
    with only_writer(), _transaction(at_once) as session:
        yield session


@contextmanager
def only_writer() -> Iterator[None]:
    """SQLite has one writer at a time. Within this process they queue up here, in order and at
    once; its own way of waiting is to sleep and try again. DatabaseUnavailableError when it is
    not one's turn in time."""
    if not _sqlite_writer.acquire(timeout=bounds.BUSY_TIMEOUT_SECONDS):
        raise DatabaseUnavailableError
    try:
        yield
    finally:
        _sqlite_writer.release()


def allow(session: Session, seconds: int) -> None:
    """Let each statement of this transaction, which has not had one yet, take so long."""
    connection = session.connection(execution_options={"statement_seconds": seconds})
    be_patient(connection)
    if connection.dialect.name == "postgresql":
        milliseconds = seconds * 1000
        connection.exec_driver_sql(
            f"SET LOCAL statement_timeout = {milliseconds}; SET LOCAL lock_timeout = {milliseconds}"
        )


def be_patient(connection: Connection) -> None:
    """Let this connection be in use for as long as the database answers others."""
    if (watch := _get_engines().watch) is not None:
        watch.begin(id(connection.info), connection.connection.driver_connection, inf)


def refuse_if_hanging() -> None:
    """DatabaseUnavailableError while the database answers nothing: who asks now would wait, too."""
    if (watch := _get_engines().watch) is not None and watch.hanging:
        raise DatabaseUnavailableError


def is_ready() -> bool:
    """Whether the database answers and was migrated."""
    try:
        with _transaction(_get_engines().asking_health) as session:
            session.execute(text("SELECT 1 FROM ticket LIMIT 1"))
    except (DatabaseUnavailableError, DBAPIError) as error:
        log.warning("the database is not ready: %s", type(error).__name__)
        return False
    return True


@contextmanager
def _transaction(engine: Engine) -> Iterator[Session]:
    refuse_if_hanging()
    try:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            yield session
    except PoolTimeoutError as error:
        raise unavailable("no free database connection", error) from error
    except (OperationalError, InterfaceError) as error:
        if is_a_mistake_of_ours(error.orig):
            raise
        raise unavailable("the database did not answer", error.orig or error) from error


def unavailable(what: str, error: Exception) -> DatabaseUnavailableError:
    """The error for the caller, once it was logged."""
    log.warning("%s: %s", what, type(error).__name__)
    return DatabaseUnavailableError()


def is_a_mistake_of_ours(error: BaseException | None) -> bool:
    """SQLite reports a wrong statement by the same class as a locked or missing file."""
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR


def _make_engines(url: str) -> _Engines:
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError):
        raise _wrong_address("it cannot be read") from None
    if parts.get_backend_name() == "sqlite":
        engine = _make_sqlite_engine(url)
        return _Engines(engine, engine, _make_sqlite_engine(url))
    return _Engines(*make_postgresql_engines(parts, POOL))


def _wrong_address(problem: str) -> ConfigurationError:
    """Never repeats the address: a password is part of it."""
    return ConfigurationError(
        f"The address of the database is wrong ({problem}); "
        "for example: DATABASE_URL=postgresql://desk:password@localhost:5432/desk"
    )


def _make_sqlite_engine(url: str) -> Engine:
    path = make_url(url).database
    if not path or path == ":memory:":
        raise _wrong_address("SQLite needs the path of a file")
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {Path(path).parent} cannot be made ({error.strerror}); "
            "for example: DATA_DIR=.data"
        ) from None
    arguments = {"timeout": bounds.BUSY_TIMEOUT_SECONDS, "check_same_thread": False}
    engine = create_engine(url, connect_args=arguments, **POOL)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "before_cursor_execute", _bound_sqlite)
    return engine


def _prepare_sqlite(connection: Any, record: ConnectionPoolEntry) -> None:
    # Python's driver would open transactions by itself, and commit before DDL: see _begin_sqlite.
    connection.isolation_level = None
    connection.create_function("ticket_fold", 1, fold, deterministic=True)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    about = record.info
    connection.set_progress_handler(
        lambda: monotonic() > about.get("read_until", inf), STEPS_BETWEEN_LOOKS
    )


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))


def _bound_sqlite(connection: Connection, *_: Any) -> None:
    """Each statement has its time. One that is interrupted takes its whole transaction along, so
    those that write, and migrations among them, are left to end."""
    options = connection.get_execution_options()
    allowed = options.get("statement_seconds", bounds.STATEMENT_TIMEOUT_MS / 1000)
    seconds = inf if "sqlite_begin" in options else allowed
    connection.info["read_until"] = monotonic() + seconds
