"""What a PostgreSQL server says of the processes that serve our connections, one for each.

A single one may stand still (stopped, or waiting for a disk) while the server answers all others.
Two things tell it from one that works. It rests, by the server's word, while the driver waits for
it: the statement never came to it. Or it is at a statement that was to end by now: it was told to
cancel it, and has not.
"""

from contextlib import closing
from datetime import datetime
from math import inf
from select import POLLIN, poll
from time import monotonic
from typing import Any, NamedTuple, Self

import psycopg2
from psycopg2.extensions import TRANSACTION_STATUS_ACTIVE

RESTING_SECONDS = 1.4
"""So long a statement may be on its way to a process that rests."""
CANCEL_SECONDS = 0.4
"""So long a process may take to cancel a statement."""
LATE_SECONDS = 0.5
"""A process cancels a statement by itself when its time is over; then it is not told to."""

WHO = """
SELECT pid, backend_start, extract(epoch FROM current_setting('statement_timeout')::interval)
FROM pg_stat_get_activity(pg_backend_pid())
"""
STANDINGS = """
SELECT pid, backend_start, state, state_change,
  CASE WHEN state = 'active' AND clock_timestamp() - query_start > seconds * interval '1 s'
  THEN pg_cancel_backend(pid) END IS NOT NULL
FROM pg_stat_activity
JOIN unnest(%(pids)s::int[], %(started)s::timestamptz[], %(seconds)s::float8[])
  AS used (pid, started, seconds) USING (pid)
WHERE backend_start = started
"""
"""Of each process, by its number and its start: another server may have the same number. The driver
does not know the number where a pooler stands between."""


class Process(NamedTuple):
    """A process of the server, and the seconds after which it ends a statement by itself."""

    pid: int
    started: datetime
    timeout: float

    @classmethod
    def behind(cls, cursor: Any) -> Self | None:
        """The one that has just answered WHO."""
        found = cursor.fetchone()
        if found is None:
            return None
        pid, started, timeout = found
        return cls(pid, started, float(timeout) + LATE_SECONDS if timeout else inf)


class Standing(NamedTuple):
    """What a process does since when; `cancelled` if it was told to cancel that."""

    state: str
    since: datetime
    cancelled: bool


class Seen(NamedTuple):
    """When a process was first seen to stand like that."""

    standing: Standing
    at: float

    def is_stuck(self, now: float) -> bool:
        """Whether a process that stands like this, and is waited for, will not answer."""
        if self.standing.cancelled:
            return now - self.at >= CANCEL_SECONDS
        return self.standing.state.startswith("idle") and now - self.at >= RESTING_SECONDS


Standings = dict[Process, Standing]


def ask_standings(connection: Any, asked: dict[Process, float]) -> Standings:
    """How these processes stand; each is told to cancel a statement that takes longer than its
    seconds. On a connection of our own: only that the server answers is seen without any."""
    connection.autocommit = True  # or it would see what it saw before
    numbered = {(process.pid, process.started): process for process in asked}
    values = {
        "pids": [process.pid for process in asked],
        "started": [process.started for process in asked],
        "seconds": [None if each == inf else each for each in asked.values()],
    }
    with closing(connection.cursor()) as cursor:
        cursor.execute(STANDINGS if asked else "SELECT 1", values)
        if not asked:
            return {}
        return {
            numbered[pid, started]: Standing(state or "", since, cancelled)
            for pid, started, state, since, cancelled in cursor.fetchall()
        }


def is_waited_for(connection: Any) -> bool:
    """Whether the driver waits for an answer of which not a byte has come."""
    try:
        if connection.info.transaction_status != TRANSACTION_STATUS_ACTIVE:
            return False
        look = poll()
        look.register(connection.fileno(), POLLIN)
        return not look.poll(0)
    except psycopg2.Error:  # it was closed meanwhile
        return False


def seen_again(before: Seen | None, standing: Standing) -> Seen:
    """The same as before, where nothing has changed."""
    if before is not None and before.standing == standing:
        return before
    return Seen(standing, monotonic())
