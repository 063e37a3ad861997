"""Driver connections past SQLAlchemy, for hot paths where its layers would take most of the time.

Statements go to the driver unchanged, with the driver's own parameter placeholders.
"""

import sqlite3
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from math import inf
from time import monotonic
from typing import Any

import psycopg2
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import PoolProxiedConnection

from ticket_app.data import bounds
from ticket_app.data.engine import (
    Dialect,
    get_autocommit_engine,
    is_programming_error,
    require_responsive_database,
    set_connection_timeouts,
    sqlite_write_lock,
    unavailable,
)
from ticket_app.data.plain_sql import Row, driver_values, insert_into, prepared, writes
from ticket_app.data.postgresql.timeouts import QUICK, Timeouts
from ticket_app.data.reasons import POOLED, reason_of
from ticket_app.data.sqlite import require_file

DRIVER_ERRORS = (
    psycopg2.OperationalError, psycopg2.InterfaceError,
    sqlite3.OperationalError, sqlite3.InterfaceError,
)  # fmt: skip

DATABASE_ERRORS = (psycopg2.DatabaseError, sqlite3.DatabaseError, *DRIVER_ERRORS)

PREPARED_MAX = 64
"""Prepared statements per PostgreSQL connection. Each takes some of the server's memory."""

CACHED_NUMBER_SECONDS = 60.0
CACHED_NUMBERS_MAX = 200


class DriverConnection:
    """A pooled connection that takes statements in the driver's own form.

    On SQLite a statement that reads is interrupted after `seconds`; PostgreSQL has its own
    statement timeout. `writes` is how many statements may write: 0 for a connection that reads, 1
    on PostgreSQL, where each statement commits by itself. A second write would be a transaction of
    its own there: the two would be atomic on SQLite only.
    """

    def __init__(self, connection: PoolProxiedConnection, seconds: float, writes: float) -> None:
        self.dialect: Dialect = get_dialect()
        self._writes_left = writes
        self._cursor: Any = connection.cursor()
        self._info = connection.info
        self._seconds = seconds

    def rows(
        self, statement: str, values: Row, *, planned_once: bool = True
    ) -> list[tuple[Any, ...]]:
        """Return every row of a statement that reads. RuntimeError for one that writes.

        With `planned_once`, PostgreSQL prepares the statement once per connection: planning a quick
        statement takes as long as running it. Pass False where a good plan depends on the values.
        """
        if writes(statement):
            raise RuntimeError("a statement that writes goes to DriverConnection.write")
        return self._rows(statement, values, planned_once=planned_once)

    def write(self, statement: str, values: Row) -> list[tuple[Any, ...]]:
        """Run a statement that writes; return its rows. RuntimeError beyond the allowed writes."""
        self._count_write()
        return self._rows(statement, values, planned_once=True)

    def _rows(self, statement: str, values: Row, *, planned_once: bool) -> list[tuple[Any, ...]]:
        self._info["deadline"] = monotonic() + self._seconds
        if planned_once and self.dialect == "postgresql":
            statement = self._prepared(statement)
        self._cursor.execute(statement, driver_values(values, self.dialect))
        found: list[tuple[Any, ...]] = self._cursor.fetchall()
        return found

    def estimate(self, statement: str, values: Row) -> int:
        """Return the planner's estimate of the rows; PostgreSQL does not run the statement."""
        self._cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", values)
        ((explained,),) = self._cursor.fetchall()
        return int(explained[0]["Plan"]["Plan Rows"])

    def cached_number(self, name: Hashable, compute: Callable[[], int]) -> int:
        """Return the number of that name, computed at most once in CACHED_NUMBER_SECONDS.

        Each connection has a cache of its own.
        """
        known: dict[Hashable, tuple[float, int]] = self._info.setdefault("cached_numbers", {})
        until, number = known.get(name, (0.0, 0))
        if until < monotonic():
            number = compute()
            if len(known) == CACHED_NUMBERS_MAX:
                known.clear()
            known[name] = (monotonic() + CACHED_NUMBER_SECONDS, number)
        return number

    def insert(self, table: str, columns: tuple[str, ...], row: Row) -> int:
        """Insert a row and return its id. SQLite only: PostgreSQL's driver does not know the id."""
        self._count_write()
        self._cursor.execute(insert_into(table, columns), driver_values(row, self.dialect))
        return int(self._cursor.lastrowid)

    def _count_write(self) -> None:
        if self._writes_left < 1:
            raise RuntimeError(
                "this block may write no more: on PostgreSQL a second statement would be a "
                "transaction of its own; write with one statement, or use a session"
            )
        self._writes_left -= 1

    def begin(self) -> None:
        """Take SQLite's write lock.

        No statement is interrupted from now on: that would roll back the whole transaction.
        """
        self._info["deadline"] = inf
        self._cursor.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Commit on SQLite. DatabaseUnavailableError if the file was deleted or replaced."""
        self._cursor.execute("COMMIT")
        require_file(self._info)

    def roll_back_if_open(self) -> None:
        """Roll back on SQLite if a transaction is still open."""
        if self._cursor.connection.in_transaction:
            self._cursor.execute("ROLLBACK")

    def close(self) -> None:
        """Close the cursor now, so that no traceback keeps it alive.

        Freeing a cursor of SQLite waits for the statement that its connection runs, and the garbage
        collector may do that on the event loop.
        """
        self._cursor.close()

    def _prepared(self, statement: str) -> str:
        """Prepare the statement at its first use; return the EXECUTE statement for it."""
        known: dict[str, str] = self._info.setdefault("prepared", {})
        if statement not in known:
            if len(known) == PREPARED_MAX:
                self._cursor.execute("DEALLOCATE ALL")
                known.clear()
            preparing, executing = prepared(statement)
            self._cursor.execute(preparing)
            known[statement] = executing
        return known[statement]


@contextmanager
def driver_read(timeouts: Timeouts = QUICK) -> Iterator[DriverConnection]:
    """A connection of the driver, past SQLAlchemy, that may only read.

    Each statement sees a snapshot of its own; `read_transaction` gives all of them one snapshot.
    DatabaseUnavailableError when the database does not answer. `timeouts` is for PostgreSQL.
    """
    with _connected(bounds.STATEMENT_TIMEOUT_MS / 1000, timeouts, writes=0) as connection:
        yield connection


@contextmanager
def driver_write() -> Iterator[DriverConnection]:
    """A connection of the driver, past SQLAlchemy, for one durable write, all or nothing.

    On PostgreSQL the statement commits by itself, which saves the round trips of a transaction. A
    second statement that writes is refused there: `write_transaction` takes many. On SQLite the
    block is one transaction and takes any number. DatabaseUnavailableError as above.
    """
    if get_dialect() == "postgresql":
        with _connected(inf, writes=1) as connection:
            yield connection
        return
    with sqlite_write_lock(), _connected(inf, writes=inf) as connection:
        connection.begin()
        try:
            yield connection
            connection.commit()
        finally:
            connection.roll_back_if_open()


@contextmanager
def _connected(
    seconds: float, timeouts: Timeouts = QUICK, *, writes: float
) -> Iterator[DriverConnection]:
    require_responsive_database()
    try:
        connection = get_autocommit_engine().raw_connection()
    except (PoolTimeoutError, *DATABASE_ERRORS) as error:
        raise unavailable("no connection to the database", error) from error
    if timeouts is not QUICK:
        set_connection_timeouts(connection, timeouts)
    driver_connection = DriverConnection(connection, seconds, writes)
    try:
        yield driver_connection
    except DATABASE_ERRORS as error:
        reason = reason_of(error)
        if reason is None and (is_programming_error(error) or _was_refused(error)):
            raise
        if getattr(connection.driver_connection, "closed", False) or reason is POOLED:
            connection.invalidate()
        raise unavailable("the database did not answer", error) from error
    finally:
        driver_connection.close()
        connection.close()


def _was_refused(error: Exception) -> bool:
    """Return True if the database refused the statement, False if it went away meanwhile."""
    if isinstance(error, DRIVER_ERRORS):
        return False
    return not isinstance(error, psycopg2.Error) or error.pgcode is not None


def get_dialect() -> Dialect:
    """Return the dialect of the database in use."""
    return "sqlite" if get_autocommit_engine().dialect.name == "sqlite" else "postgresql"
