"""A deadline at this side of a connection to PostgreSQL, whose driver waits for an answer for ever.

A server that hangs (stopped, frozen, cut off without a word) closes nothing, and its own timeouts
do not run. So a thread looks at what is in use: when something has had no answer for a while, it
asks the server how the processes stand that were to answer. Where that is not answered either,
every connection in use is shut, upon which the driver gives up, and nothing new is begun until the
server answers. Where it is, only the connections of processes that stand still are shut.

A look from aside costs what is quick nothing. To wait in Python, as the driver also can, would take
six turns on the interpreter for a page of the list instead of one.
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

from ticket_app.data.backends import (
    Process,
    Seen,
    Standings,
    ask_standings,
    is_waited_for,
    seen_again,
)
from ticket_app.data.patience import Patience

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.25
SUSPECT_SECONDS = 2.0
AGAIN_SECONDS = 0.4
"""Until the server is asked again how processes stand that are suspected."""
ANSWER_SECONDS = 2.0
ANSWER_PARTS = 8
"""In which that time is waited for: of each no more counts than it was to last, so that a process
which hardly gets a processor does not take its own delay for the server's."""
TIMED_OUT = "timeout expired"
"""What the driver says of a server that it could not connect to in time."""


class _Use(NamedTuple):
    """A connection in use, and the process of the server behind it, where that is known."""

    connection: Any
    since: float
    patience: Patience
    process: Process | None


class Watch:
    """The connections of this process that are in use, and whether their server hangs.

    `connect` makes a connection that nobody else uses, within a bound. For any thread.
    """

    def __init__(self, connect: Callable[[], Any]) -> None:
        self.hanging = False
        self._connect = connect
        self._used: dict[object, _Use] = {}
        self._seen: dict[object, Seen] = {}
        self._lock = Lock()
        self._stopping = Event()
        self._asking: Future[Standings | None] | None = None
        self._answered_at = -inf
        self._asker = ThreadPoolExecutor(1, "database-alive")
        self._thread = Thread(target=self._run, name="database-watch", daemon=True)

    def begin(
        self, key: object, connection: Any, patience: Patience, process: Process | None = None
    ) -> None:
        """This connection of the driver's is in use from now on."""
        with self._lock:
            self._used[key] = _Use(connection, monotonic(), patience, process)
        if not self._thread.ident:
            self._start()

    def end(self, key: object) -> None:
        """It is not in use any more, or about to be closed."""
        with self._lock:
            self._used.pop(key, None)

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        self._asker.shutdown(wait=False)

    def _start(self) -> None:
        with self._lock:
            if not self._thread.ident:
                self._thread.start()

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            try:
                self._look()
            except Exception:  # it must go on looking
                log.exception("a look at the database's connections failed")

    def _look(self) -> None:
        now = monotonic()
        with self._lock:
            used = dict(self._used)
        suspects = {
            key: use
            for key, use in used.items()
            if use.process is not None and now - use.since > SUSPECT_SECONDS
        }
        self._seen = {key: seen for key, seen in self._seen.items() if key in suspects}
        oldest = min((use.since for use in used.values()), default=now)
        bounded = any(min(use.patience.statement, _timeout(use)) < inf for use in suspects.values())
        pause = AGAIN_SECONDS if bounded else SUSPECT_SECONDS
        # What has had no answer since it began, nor has anybody else of late.
        is_due = now - oldest > SUSPECT_SECONDS and now - self._answered_at > pause
        if self.hanging or is_due:
            standings = self._answer(suspects)
            self._note(hanging=standings is None)
            self._shut_stuck(suspects, standings or {})
        self._shut_late(inf if self.hanging else now)

    def _note(self, *, hanging: bool) -> None:
        if not hanging:
            self._answered_at = monotonic()
        if hanging != self.hanging:
            log.warning("the database %s", "hangs" if hanging else "answers again")
        self.hanging = hanging

    def _answer(self, suspects: dict[object, _Use]) -> Standings | None:
        """How the processes of these stand. None where nothing comes back from the server, not
        even a refusal."""
        if self._asking is None:
            asked = {
                use.process: use.patience.statement
                for use in suspects.values()
                if use.process is not None
            }
            self._asking = self._asker.submit(self._ask, asked)
        asking = self._asking
        try:
            for _ in range(ANSWER_PARTS):
                with suppress(NotYetError):
                    return asking.result(ANSWER_SECONDS / ANSWER_PARTS)
            return None
        finally:
            if asking.done():
                self._asking = None

    def _ask(self, asked: dict[Process, float]) -> Standings | None:
        began = monotonic()
        try:
            connection = self._connect()
        except psycopg2.Error as error:  # refused, which is an answer, or waited for in vain
            in_vain = TIMED_OUT in str(error) or monotonic() - began >= ANSWER_SECONDS
            return None if in_vain else {}
        self.begin(self._asker, connection, Patience(inf, ANSWER_SECONDS))
        try:
            return ask_standings(connection, asked)
        except psycopg2.Error:
            return None
        finally:
            self.end(self._asker)
            connection.close()

    def _shut_stuck(self, suspects: dict[object, _Use], standings: Standings) -> None:
        """Shut what waits for a process that will not answer. Under the lock, so that nobody closes
        it meanwhile and gives its number to another one."""
        with self._lock:
            for key, use in suspects.items():
                standing = None if use.process is None else standings.get(use.process)
                waits = self._used.get(key) is use and is_waited_for(use.connection)
                if standing is None or use.process is None or not waits:
                    self._seen.pop(key, None)
                    continue
                self._seen[key] = seen_again(self._seen.get(key), standing)
                if self._seen[key].is_stuck(monotonic()):
                    log.warning("the database's process %d stands still", use.process.pid)
                    del self._used[key]
                    _shut(use.connection)

    def _shut_late(self, now: float) -> None:
        """Shut what is in use for too long; under the lock as above."""
        with self._lock:
            late = [key for key, use in self._used.items() if use.since + use.patience.use < now]
            for key in late:
                _shut(self._used.pop(key).connection)


def _timeout(use: _Use) -> float:
    return inf if use.process is None else use.process.timeout


def _shut(connection: Any) -> None:
    try:
        with socket.socket(fileno=os.dup(connection.fileno())) as other:
            other.shutdown(socket.SHUT_RDWR)
    except (OSError, psycopg2.Error) as error:
        log.debug("a connection was closed already: %s", type(error).__name__)
