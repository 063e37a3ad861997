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
    be_patient,
    get_direct_engine,
    is_a_mistake_of_ours,
    only_writer,
    refuse_if_hanging,
    unavailable,
)
from ticket_app.data.patience import QUICK, Patience
from ticket_app.data.plain_sql import Row, insert_into, prepared, stored, writes
from ticket_app.data.reasons import POOLED, reason_of
from ticket_app.data.sqlite import require_file

DRIVER_ERRORS = (
    psycopg2.OperationalError, psycopg2.InterfaceError,
    sqlite3.OperationalError, sqlite3.InterfaceError,
)  # fmt: skip

DATABASE_ERRORS = (psycopg2.DatabaseError, sqlite3.DatabaseError, *DRIVER_ERRORS)

PREPARED_MAX = 64
"""Statements for which a connection of PostgreSQL keeps a plan: each takes some of its memory."""

REMEMBERED_SECONDS = 60.0
REMEMBERED_MAX = 200


class Direct:
    """A connection of the pool, to be given statements as the driver wants them.

    On SQLite one that reads is interrupted after `seconds`; PostgreSQL sees to that by itself.
    `writes` is how many statements may write: none to read, and on PostgreSQL, where each commits
    by itself, one. A second one would be a transaction of its own: what they write would not be all
    or nothing, and only on one of the two databases.
    """

    def __init__(self, connection: PoolProxiedConnection, seconds: float, writes: float) -> None:
        self.dialect: Dialect = get_dialect()
        self._writes_left = writes
        self._cursor: Any = connection.cursor()
        self._about = connection.info
        self._seconds = seconds

    def rows(
        self, statement: str, values: Row, *, planned_once: bool = True
    ) -> list[tuple[Any, ...]]:
        """Every row of the answer to a statement that reads. RuntimeError for one that writes.

        PostgreSQL plans it once for each connection, where it need not know the values for that: to
        plan takes as long as to run what is quick.
        """
        if writes(statement):
            raise RuntimeError("a statement that writes goes to Direct.write")
        return self._rows(statement, values, planned_once=planned_once)

    def write(self, statement: str, values: Row) -> list[tuple[Any, ...]]:
        """Write; returns what the statement returns. RuntimeError for more writes than allowed."""
        self._count_write()
        return self._rows(statement, values, planned_once=True)

    def _rows(self, statement: str, values: Row, *, planned_once: bool) -> list[tuple[Any, ...]]:
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
        self._count_write()
        self._cursor.execute(insert_into(table, columns), stored(row, self.dialect))
        return int(self._cursor.lastrowid)

    def _count_write(self) -> None:
        if self._writes_left < 1:
            raise RuntimeError(
                "this block may write no more: on PostgreSQL a second statement would be a "
                "transaction of its own; write with one statement, or use a session"
            )
        self._writes_left -= 1

    def begin(self) -> None:
        """Take SQLite's write lock. An interrupted statement would take the transaction along, so
        none is."""
        self._about["read_until"] = inf
        self._cursor.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Keep what was written since, in the file that is there. For SQLite."""
        self._cursor.execute("COMMIT")
        require_file(self._about)

    def roll_back_the_rest(self) -> None:
        """Leave no transaction behind. For SQLite."""
        if self._cursor.connection.in_transaction:
            self._cursor.execute("ROLLBACK")

    def close(self) -> None:
        """Let nothing of it live on in an error's traceback. To free a cursor of SQLite waits for
        the statement that its connection is at, be it in the event loop."""
        self._cursor.close()

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
def asking(patience: Patience = QUICK) -> Iterator[Direct]:
    """Read; each statement sees a moment of its own. DatabaseUnavailableError without an answer.

    `patience` is for PostgreSQL.
    """
    with _connected(bounds.STATEMENT_TIMEOUT_MS / 1000, patience, writes=0) as ask:
        yield ask


@contextmanager
def telling() -> Iterator[Direct]:
    """Write, durably, all or nothing. DatabaseUnavailableError as above.

    On PostgreSQL each statement commits by itself, which costs one round trip, so that a second
    statement that writes is refused. SQLite takes as many as it is given.
    """
    if get_dialect() == "postgresql":
        with _connected(inf, writes=1) as tell:
            yield tell
        return
    with only_writer(), _connected(inf, writes=inf) as tell:
        tell.begin()
        try:
            yield tell
            tell.commit()
        finally:
            tell.roll_back_the_rest()


@contextmanager
def _connected(seconds: float, patience: Patience = QUICK, *, writes: float) -> Iterator[Direct]:
    refuse_if_hanging()
    try:
        connection = get_direct_engine().raw_connection()
    except (PoolTimeoutError, *DATABASE_ERRORS) as error:
        raise unavailable("no connection to the database", error) from error
    if patience is not QUICK:
        be_patient(connection, patience)
    direct = Direct(connection, seconds, writes)
    try:
        yield direct
    except DATABASE_ERRORS as error:
        reason = reason_of(error)
        if reason is None and (is_a_mistake_of_ours(error) or _was_refused(error)):
            raise
        if getattr(connection.driver_connection, "closed", False) or reason is POOLED:
            connection.invalidate()
        raise unavailable("the database did not answer", error) from error
    finally:
        direct.close()
        connection.close()


def _was_refused(error: Exception) -> bool:
    """Whether the database refused a statement, rather than went away during it."""
    if isinstance(error, DRIVER_ERRORS):
        return False
    return not isinstance(error, psycopg2.Error) or error.pgcode is not None


def get_dialect() -> Dialect:
    """Of the database in use."""
    return "sqlite" if get_direct_engine().dialect.name == "sqlite" else "postgresql"
