"""Engines for SQLite: how a connection is made, and whether its file is still the one there.

A file that was deleted goes on taking rows from whoever has it open, and they are gone with the
last of them. So each use of a connection looks at the file's name first, and each commit after.
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

STEPS_BETWEEN_LOOKS = 1_000_000
"""Of SQLite's machine, some 20 ms: most statements end before the clock is looked at once."""
HEALTH_SECONDS = 0.5
"""To wait for the lock, only to see whether the database is well."""
GONE = (
    "The database's file is gone. Put it back into its folder, or restart the desk, which begins "
    "an empty one."
)


def make_sqlite_engines(url: URL, pool: dict[str, Any], one: dict[str, Any]) -> list[Engine]:
    """One with this pool, and one with this pool of `one` for whoever asks how the database is.

    The first connection makes the file; for those that follow it is a fault that there is none.
    ConfigurationError when its folder cannot be made.
    """
    known = Event()
    name = url.database or ""
    engines = []
    for size, seconds in ((pool, bounds.BUSY_TIMEOUT_SECONDS), (pool | one, HEALTH_SECONDS)):
        arguments = {"timeout": seconds, "check_same_thread": False}
        engine = create_engine(url, connect_args=arguments, **size)
        if not name.startswith("file:"):  # whoever writes an address for SQLite itself knows it
            _keep_to(engine, _in_its_folder(Path(name).absolute()), known)
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        event.listen(engine, "before_cursor_execute", _bound)
        engines.append(engine)
    return engines


def require_file(info: dict[str, Any]) -> None:
    """DatabaseUnavailableError where the file of the connection of this `info` is gone: what was
    written into it is lost."""
    if "file" in info and _identity(info["path"]) != info["file"]:
        raise DatabaseUnavailableError(GONE)


def _in_its_folder(path: Path) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {path.parent} cannot be made ({error.strerror}); "
            "for example: DATA_DIR=.data"
        ) from None
    return path


def _keep_to(engine: Engine, path: Path, known: Event) -> None:
    """Let no connection of this engine make the file or work with another one."""
    name = str(path)

    def connect(_: Any, __: Any, arguments: list[Any], how: dict[str, Any]) -> None:
        if not known.is_set():
            _touch(path)
            known.set()
        if not path.exists():
            raise DatabaseUnavailableError(GONE)
        arguments[0] = f"{path.as_uri()}?mode=rw"
        how["uri"] = True

    def remember(_: Any, record: ConnectionPoolEntry) -> None:
        record.info.update(path=name, file=_identity(name))

    def look(_: Any, record: ConnectionPoolEntry, __: Any) -> None:
        there = _identity(name)
        if there is None:
            raise DatabaseUnavailableError(GONE)
        if there != record.info["file"]:  # a backup was put back
            raise DisconnectionError

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "connect", remember)
    event.listen(engine, "checkout", look)


def _touch(path: Path) -> None:
    try:
        path.touch()
    except OSError as error:
        if not path.exists():
            raise DatabaseUnavailableError(CLOSED) from error


def _identity(name: str) -> tuple[int, int] | None:
    try:
        found = os.stat(name)  # noqa: PTH116  # at each use, in half the time of a Path's
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _prepare(connection: Any, record: ConnectionPoolEntry) -> None:
    # Python's driver would open transactions by itself, and commit before DDL: see _begin.
    connection.isolation_level = None
    connection.create_function("ticket_fold", 1, fold, deterministic=True)
    for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {setting}").close()
    about = record.info
    connection.set_progress_handler(
        lambda: monotonic() > about.get("read_until", inf), STEPS_BETWEEN_LOOKS
    )


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))


def _bound(connection: Connection, *_: Any) -> None:
    """Each statement has its time. One that is interrupted takes its whole transaction along, so
    those that write, and migrations among them, are left to end."""
    options = connection.get_execution_options()
    allowed = options.get("statement_seconds", bounds.STATEMENT_TIMEOUT_MS / 1000)
    seconds = inf if "sqlite_begin" in options else allowed
    connection.info["read_until"] = monotonic() + seconds
