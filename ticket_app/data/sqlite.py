"""Engines for SQLite: connection settings, and checks that the file is still in its place.

A deleted file still accepts rows from the processes that have it open, and these rows are lost with
the last process. So each use of a connection checks the file first, and so does each commit after.
"""

import os
from math import inf
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from ticket_app.data import bounds
from ticket_app.data.folding import fold
from ticket_app.data.reasons import CLOSED
from ticket_app.errors import ConfigurationError, DatabaseUnavailableError

STEPS_BETWEEN_CHECKS = 1_000_000
"""Steps of SQLite's virtual machine, some 20 ms. Most statements end before the first check."""
HEALTH_SECONDS = 0.5
"""Wait for the write lock in a health check."""
SETTINGS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON")
"""What is deleted or replaced is overwritten, as the SQLite of most distributions does anyway."""
GONE = (
    "The database's file is gone. Put it back into its folder, or restart the desk, which begins "
    "an empty one."
)


def make_sqlite_engines(url: URL, pool: dict[str, Any], one: dict[str, Any]) -> list[Engine]:
    """Return an engine with this pool, and one with the pool options `one` for health checks.

    The first connection creates the file; for later ones a missing file is an error.
    ConfigurationError if its folder cannot be made.
    """
    created = Event()
    name = url.database or ""
    engines = []
    for size, seconds in ((pool, bounds.BUSY_TIMEOUT_SECONDS), (pool | one, HEALTH_SECONDS)):
        arguments = {"timeout": seconds, "check_same_thread": False}
        engine = create_engine(url, connect_args=arguments, **size)
        if not name.startswith("file:"):  # a SQLite URI has options of its own
            _bind_to_file(engine, _with_folder(Path(name).absolute()), created)
        event.listen(engine, "connect", _set_up)
        event.listen(engine, "begin", _begin)
        event.listen(engine, "before_cursor_execute", _set_deadline)
        engines.append(engine)
    return engines


def require_file(info: dict[str, Any]) -> None:
    """Raise DatabaseUnavailableError if the file of the connection with this `info` is gone.

    What was written into it is lost.
    """
    if "file" in info and _identity(info["path"]) != info["file"]:
        raise DatabaseUnavailableError(GONE)


def _with_folder(path: Path) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {path.parent} cannot be made ({error.strerror}); "
            "for example: DATA_DIR=.data"
        ) from None
    return path


def _bind_to_file(engine: Engine, path: Path, created: Event) -> None:
    """Keep later connections of this engine from creating the file or using another one."""
    name = str(path)

    def connect(_: Any, __: Any, arguments: list[Any], options: dict[str, Any]) -> None:
        if not created.is_set():
            _touch(path)
            created.set()
        if not path.exists():
            raise DatabaseUnavailableError(GONE)
        arguments[0] = f"{path.as_uri()}?mode=rw"
        options["uri"] = True

    def remember(_: Any, record: ConnectionPoolEntry) -> None:
        record.info.update(path=name, file=_identity(name))

    def check(_: Any, record: ConnectionPoolEntry, __: Any) -> None:
        present = _identity(name)
        if present is None:
            raise DatabaseUnavailableError(GONE)
        if present != record.info["file"]:  # a backup was restored
            raise DisconnectionError

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "connect", remember)
    event.listen(engine, "checkout", check)


def _touch(path: Path) -> None:
    try:
        path.touch()
    except OSError as error:
        if not path.exists():
            raise DatabaseUnavailableError(CLOSED) from error


def _identity(name: str) -> tuple[int, int] | None:
    try:
        found = os.stat(name)  # noqa: PTH116  # twice as fast as Path.stat, at each use
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _set_up(connection: Any, record: ConnectionPoolEntry) -> None:
    # Otherwise Python's driver begins transactions by itself and commits before DDL: see _begin.
    connection.isolation_level = None
    connection.create_function("ticket_fold", 1, fold, deterministic=True)
    for setting in SETTINGS:
        connection.execute(f"PRAGMA {setting}").close()
    info = record.info
    connection.set_progress_handler(
        lambda: monotonic() > info.get("deadline", inf), STEPS_BETWEEN_CHECKS
    )


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))


def _set_deadline(connection: Connection, *_: Any) -> None:
    """Set the deadline of the next statement.

    An interruption rolls back the whole transaction, so transactions that write, and migrations
    among them, have no deadline.
    """
    options = connection.get_execution_options()
    allowed = options.get("statement_seconds", bounds.STATEMENT_TIMEOUT_MS / 1000)
    seconds = inf if "sqlite_begin" in options else allowed
    connection.info["deadline"] = monotonic() + seconds
