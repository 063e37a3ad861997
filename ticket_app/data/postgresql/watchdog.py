"""Client-side deadlines for connections to PostgreSQL: the driver waits for an answer for ever.

A server that hangs (stopped, frozen, network lost) closes no connection, and its own timeouts do
not run. So a watchdog thread checks the connections in use. When one has had no answer for a while,
the watchdog queries the states of the backends that should answer. If the query has no answer
either, it shuts every connection in use, so that the driver gives up, and nothing new begins until
the server answers. If the query is answered, it shuts only the connections of stuck backends.

A thread of its own costs quick statements nothing. Waiting in Python, as the driver also can, would
take the interpreter lock six times for a page of the list instead of once.
"""

import logging
import os
import socket
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYetError
from contextlib import suppress
from math import inf
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any, NamedTuple

import psycopg2

from ticket_app.data.postgresql.backends import (
    Backend,
    BackendStates,
    Observation,
    is_awaiting_answer,
    observe,
    query_states,
)
from ticket_app.data.postgresql.timeouts import Timeouts

log = logging.getLogger(__name__)

CHECK_SECONDS = 0.25
SUSPECT_SECONDS = 2.0
REPEAT_SECONDS = 0.4
"""Pause before the states of suspected backends are queried again."""
ANSWER_SECONDS = 2.0
ANSWER_PARTS = 8
"""ANSWER_SECONDS is waited for in so many parts, each with a timeout of its own. A process of ours
that hardly gets a processor then does not take its own delay for the server's."""
TIMED_OUT = "timeout expired"
"""The driver's message for a server that it could not connect to in time."""


class _Use(NamedTuple):
    """A connection in use, and the server's backend behind it, if it is known."""

    connection: Any
    since: float
    timeouts: Timeouts
    backend: Backend | None


class Watchdog:
    """Watches the connections that this process uses; `hanging` is True while the server hangs.

    `connect` makes a connection that nobody else uses, within a timeout. Thread-safe.
    """

    def __init__(self, connect: Callable[[], Any]) -> None:
        self.hanging = False
        self._connect = connect
        self._used: dict[object, _Use] = {}
        self._observations: dict[object, Observation] = {}
        self._lock = Lock()
        self._stopping = Event()
        self._pending_query: Future[BackendStates | None] | None = None
        self._answered_at = -inf
        self._query_thread = ThreadPoolExecutor(1, "database-alive")
        self._thread = Thread(target=self._run, name="database-watch", daemon=True)

    def begin(
        self, key: object, connection: Any, timeouts: Timeouts, backend: Backend | None = None
    ) -> None:
        """Watch this connection of the driver from now on."""
        with self._lock:
            self._used[key] = _Use(connection, monotonic(), timeouts, backend)
        if not self._thread.ident:
            self._start()

    def end(self, key: object) -> None:
        """Stop watching the connection of that key: it is idle or about to be closed."""
        with self._lock:
            self._used.pop(key, None)

    def stop(self) -> None:
        """Stop the watchdog's threads."""
        self._stopping.set()
        self._query_thread.shutdown(wait=False)

    def _start(self) -> None:
        with self._lock:
            if not self._thread.ident:
                self._thread.start()

    def _run(self) -> None:
        while not self._stopping.wait(CHECK_SECONDS):
            try:
                self._check()
            except Exception:  # the watchdog must go on
                log.exception("the check of the database's connections failed")

    def _check(self) -> None:
        now = monotonic()
        with self._lock:
            used = dict(self._used)
        suspects = {
            key: use
            for key, use in used.items()
            if use.backend is not None and now - use.since > SUSPECT_SECONDS
        }
        self._observations = {
            key: seen for key, seen in self._observations.items() if key in suspects
        }
        oldest = min((use.since for use in used.values()), default=now)
        bounded = any(
            min(use.timeouts.statement, _statement_timeout(use)) < inf for use in suspects.values()
        )
        pause = REPEAT_SECONDS if bounded else SUSPECT_SECONDS
        # The oldest use has had no answer since its start, and the server answered nobody lately.
        is_due = now - oldest > SUSPECT_SECONDS and now - self._answered_at > pause
        if self.hanging or is_due:
            states = self._query_in_time(suspects)
            self._record_hanging(hanging=states is None)
            self._shut_stuck(suspects, states or {})
        self._shut_late(inf if self.hanging else now)

    def _record_hanging(self, *, hanging: bool) -> None:
        if not hanging:
            self._answered_at = monotonic()
        if hanging != self.hanging:
            log.warning("the database %s", "hangs" if hanging else "answers again")
        self.hanging = hanging

    def _query_in_time(self, suspects: dict[object, _Use]) -> BackendStates | None:
        """Return the states of the suspects' backends.

        None if nothing comes back from the server in ANSWER_SECONDS, not even a refusal.
        """
        if self._pending_query is None:
            allowed_seconds = {
                use.backend: use.timeouts.statement
                for use in suspects.values()
                if use.backend is not None
            }
            self._pending_query = self._query_thread.submit(self._query, allowed_seconds)
        query = self._pending_query
        try:
            for _ in range(ANSWER_PARTS):
                with suppress(NotYetError):
                    return query.result(ANSWER_SECONDS / ANSWER_PARTS)
            return None
        finally:
            if query.done():
                self._pending_query = None

    def _query(self, allowed_seconds: dict[Backend, float]) -> BackendStates | None:
        began = monotonic()
        try:
            connection = self._connect()
        except psycopg2.Error as error:  # a timeout, or a refusal, which is an answer
            timed_out = TIMED_OUT in str(error) or monotonic() - began >= ANSWER_SECONDS
            return None if timed_out else {}
        self.begin(self._query_thread, connection, Timeouts(inf, ANSWER_SECONDS))
        try:
            return query_states(connection, allowed_seconds)
        except psycopg2.Error:
            return None
        finally:
            self.end(self._query_thread)
            connection.close()

    def _shut_stuck(self, suspects: dict[object, _Use], states: BackendStates) -> None:
        """Shut the connections that wait for a stuck backend.

        The lock is held, so that nobody closes one meanwhile and another gets its file descriptor.
        """
        with self._lock:
            for key, use in suspects.items():
                state = None if use.backend is None else states.get(use.backend)
                waits = self._used.get(key) is use and is_awaiting_answer(use.connection)
                if state is None or use.backend is None or not waits:
                    self._observations.pop(key, None)
                    continue
                self._observations[key] = observe(self._observations.get(key), state)
                if self._observations[key].is_stuck(monotonic()):
                    log.warning("the database's process %d stands still", use.backend.pid)
                    del self._used[key]
                    _shut(use.connection)

    def _shut_late(self, now: float) -> None:
        """Shut the connections that are in use for too long. The lock is held as above."""
        with self._lock:
            late = [key for key, use in self._used.items() if use.since + use.timeouts.use < now]
            for key in late:
                _shut(self._used.pop(key).connection)


def _statement_timeout(use: _Use) -> float:
    return inf if use.backend is None else use.backend.timeout


def _shut(connection: Any) -> None:
    try:
        with socket.socket(fileno=os.dup(connection.fileno())) as other:
            other.shutdown(socket.SHUT_RDWR)
    except (OSError, psycopg2.Error) as error:
        log.debug("a connection was closed already: %s", type(error).__name__)
