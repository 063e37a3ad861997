"""States of the PostgreSQL backends (server processes) that serve our connections, one each.

A single backend may be stuck (stopped, or waiting for a disk) while the server answers all others.
Two signs show it. The server reports it as idle while the driver waits for it: the statement never
reached it. Or it runs a statement past its time: it was told to cancel the statement and did not.
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
"""A statement may take so long to reach an idle backend."""
CANCEL_SECONDS = 0.4
"""A backend may take so long to cancel a statement."""
LATE_SECONDS = 0.5
"""Grace beyond the backend's own statement timeout: it normally cancels the statement by itself."""

OWN_BACKEND = """
SELECT pid, backend_start, extract(epoch FROM current_setting('statement_timeout')::interval)
FROM pg_stat_get_activity(pg_backend_pid())
"""
STATES = """
SELECT pid, backend_start, state, state_change,
  CASE WHEN state = 'active' AND clock_timestamp() - query_start > seconds * interval '1 s'
  THEN pg_cancel_backend(pid) END IS NOT NULL
FROM pg_stat_activity
JOIN unnest(%(pids)s::int[], %(started)s::timestamptz[], %(seconds)s::float8[])
  AS used (pid, started, seconds) USING (pid)
WHERE backend_start = started
"""
"""The state of each backend, found by pid and start time: another server may use the same pid. The
query asks for the pid because the driver does not know it behind a pooler."""


class Backend(NamedTuple):
    """A server process; `timeout` is the seconds after which it ends a statement by itself."""

    pid: int
    started: datetime
    timeout: float

    @classmethod
    def behind(cls, cursor: Any) -> Self | None:
        """Return the backend of a cursor that has just run OWN_BACKEND; None if it has no row."""
        found = cursor.fetchone()
        if found is None:
            return None
        pid, started, timeout = found
        return cls(pid, started, float(timeout) + LATE_SECONDS if timeout else inf)


class BackendState(NamedTuple):
    """The state of a backend and its start; `cancelled` if it was told to cancel its statement."""

    state: str
    since: datetime
    cancelled: bool


class Observation(NamedTuple):
    """The state of a backend and the time when it was first seen in it."""

    state: BackendState
    at: float

    def is_stuck(self, now: float) -> bool:
        """Return True if a backend in this state will not answer the driver that waits for it."""
        if self.state.cancelled:
            return now - self.at >= CANCEL_SECONDS
        return self.state.state.startswith("idle") and now - self.at >= RESTING_SECONDS


BackendStates = dict[Backend, BackendState]


def query_states(connection: Any, allowed_seconds: dict[Backend, float]) -> BackendStates:
    """Return the states of these backends, with the seconds that the statement of each may take.

    A backend whose statement takes longer is told to cancel it. `connection` is the caller's own.
    Without backends the query only shows that the server answers.
    """
    connection.autocommit = True  # a transaction would see the same statistics again
    numbered = {(backend.pid, backend.started): backend for backend in allowed_seconds}
    values = {
        "pids": [backend.pid for backend in allowed_seconds],
        "started": [backend.started for backend in allowed_seconds],
        "seconds": [None if each == inf else each for each in allowed_seconds.values()],
    }
    with closing(connection.cursor()) as cursor:
        cursor.execute(STATES if allowed_seconds else "SELECT 1", values)
        if not allowed_seconds:
            return {}
        return {
            numbered[pid, started]: BackendState(state or "", since, cancelled)
            for pid, started, state, since, cancelled in cursor.fetchall()
        }


def is_awaiting_answer(connection: Any) -> bool:
    """Return True if the driver waits for an answer of which no byte has arrived."""
    try:
        if connection.info.transaction_status != TRANSACTION_STATUS_ACTIVE:
            return False
        look = poll()
        look.register(connection.fileno(), POLLIN)
        return not look.poll(0)
    except psycopg2.Error:  # it was closed meanwhile
        return False


def observe(before: Observation | None, state: BackendState) -> Observation:
    """Return the earlier observation if the state is the same, or else a new one."""
    if before is not None and before.state == state:
        return before
    return Observation(state, monotonic())
