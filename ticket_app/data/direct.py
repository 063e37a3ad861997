"""Past SQLAlchemy's layers, for what is asked so often that they would be most of the time.

Statements go to the driver as they are, in its own way of writing parameters.
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
    get_direct_engine,
    is_a_mistake_of_ours,
    only_writer,
    refuse_if_hanging,
    unavailable,
)
from ticket_app.data.plain_sql import Row, insert_into, prepared, stored

DRIVER_ERRORS = (
    psycopg2.OperationalError, psycopg2.InterfaceError,
    sqlite3.OperationalError, sqlite3.InterfaceError,
)  # fmt: skip

PREPARED_MAX = 64
"""Statements for which a connection of PostgreSQL keeps a plan: each takes some of its memory."""

REMEMBERED_SECONDS = 60.0
REMEMBERED_MAX = 200


class Direct:
    """A connection of the pool, to be given statements as the driver wants them.

    On SQLite one that reads is interrupted after `seconds`; PostgreSQL sees to that by itself.
    """

    def __init__(self, connection: PoolProxiedConnection, seconds: float) -> None:
        self.dialect: Dialect = _dialect()
        self._cursor: Any = connection.cursor()
        self._about = connection.info
        self._seconds = seconds

    def rows(
        self, statement: str, values: Row, *, planned_once: bool = True
    ) -> list[tuple[Any, ...]]:
        """Every row of the answer.

        PostgreSQL plans it once for each connection, where it need not know the values for that: to
        plan takes as long as to run what is quick.
        """
        self._about["read_until"] = monotonic() + self._seconds
        if planned_once and self.dialect == "postgresql":
            statement = self._prepared(statement)
        self._cursor.execute(statement, stored(values, self.dialect))
        found: list[tuple[Any, ...]] = self._cursor.fetchall()
        return found

    def estimate(self, statement: str, values: Row) -> int:
        """How many rows PostgreSQL expects the statement to find; it does not look for them."""
        self._cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", values)
        ((explained,),) = self._cursor.fetchall()
        return int(explained[0]["Plan"]["Plan Rows"])

    def remembered(self, name: Hashable, work_out: Callable[[], int]) -> int:
        """The number of that name, worked out once in REMEMBERED_SECONDS by each connection."""
        known: dict[Hashable, tuple[float, int]] = self._about.setdefault("remembered", {})
        until, number = known.get(name, (0.0, 0))
        if until < monotonic():
            number = work_out()
            if len(known) == REMEMBERED_MAX:
                known.clear()
            known[name] = (monotonic() + REMEMBERED_SECONDS, number)
        return number

    def insert(self, table: str, columns: tuple[str, ...], row: Row) -> int:
        """Insert a row; returns its id. For SQLite: PostgreSQL's driver does not know the id."""
        self._cursor.execute(insert_into(table, columns), stored(row, self.dialect))
        return int(self._cursor.lastrowid)

    def _prepared(self, statement: str) -> str:
        """What runs the statement by the plan that this connection has had since its first use."""
        known: dict[str, str] = self._about.setdefault("prepared", {})
        if statement not in known:
            if len(known) == PREPARED_MAX:
                self._cursor.execute("DEALLOCATE ALL")
                known.clear()
            preparing, executing = prepared(statement)
            self._cursor.execute(preparing)
            known[statement] = executing
        return known[statement]


@contextmanager
def asking() -> Iterator[Direct]:
    """Read; each statement sees a moment of its own. DatabaseUnavailableError without an answer."""
    with _connected() as connection:
        yield Direct(connection, bounds.STATEMENT_TIMEOUT_MS / 1000)


@contextmanager
def telling() -> Iterator[Direct]:
    """Write, durably, all or nothing. DatabaseUnavailableError as above.

    On PostgreSQL each statement commits by itself, which costs one round trip: write with one.
    """
    if _dialect() == "postgresql":
        with _connected() as connection:
            yield Direct(connection, inf)
        return
    with only_writer(), _connected() as connection:
        connection.info["read_until"] = inf  # an interrupted statement takes the transaction along
        cursor = connection.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        try:
            yield Direct(connection, inf)
            cursor.execute("COMMIT")
        finally:
            if connection.driver_connection.in_transaction:  # type: ignore[union-attr]
                cursor.execute("ROLLBACK")


@contextmanager
def _connected() -> Iterator[PoolProxiedConnection]:
    refuse_if_hanging()
    try:
        connection = get_direct_engine().raw_connection()
    except (PoolTimeoutError, *DRIVER_ERRORS) as error:
        raise unavailable("no connection to the database", error) from error
    try:
        yield connection
    except (psycopg2.DatabaseError, *DRIVER_ERRORS) as error:
        if is_a_mistake_of_ours(error) or _was_answered(error):
            raise
        if getattr(connection.driver_connection, "closed", False):
            connection.invalidate()
        raise unavailable("the database did not answer", error) from error
    finally:
        connection.close()


def _was_answered(error: Exception) -> bool:
    """Whether PostgreSQL refused a statement, rather than went away during it."""
    if isinstance(error, DRIVER_ERRORS) or not isinstance(error, psycopg2.DatabaseError):
        return False
    return error.pgcode is not None


def _dialect() -> Dialect:
    return "sqlite" if get_direct_engine().dialect.name == "sqlite" else "postgresql"
