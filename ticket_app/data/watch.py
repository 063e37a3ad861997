"""A deadline at this side of a connection to PostgreSQL, whose driver waits for an answer for ever.

A server that hangs (stopped, frozen, cut off without a word) closes nothing, and its own timeouts
do not run. So a thread looks at what is in use: when something has had no answer for a while, it
asks the server something else. Where that is not answered either, every connection in use is shut,
upon which the driver gives up, and nothing new is begun until the server answers.

A look from aside costs what is quick nothing. To wait in Python, as the driver also can, would take
six turns on the interpreter for a page of the list instead of one.
"""

import logging
import os
import socket
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYetError
from math import inf
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any

import psycopg2

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.25
SUSPECT_SECONDS = 2.0
ANSWER_SECONDS = 2.0
TIMED_OUT = "timeout expired"
"""What the driver says of a server that it could not connect to in time."""


class Watch:
    """The connections of this process that are in use, and whether their server hangs.

    `connect` makes a connection that nobody else uses, within a bound. For any thread.
    """

    def __init__(self, connect: Callable[[], Any]) -> None:
        self.hanging = False
        self._connect = connect
        self._since: dict[object, tuple[Any, float, float]] = {}
        self._lock = Lock()
        self._stopping = Event()
        self._asking: Future[bool] | None = None
        self._answered_at = -inf
        self._asker = ThreadPoolExecutor(1, "database-alive")
        self._thread = Thread(target=self._run, name="database-watch", daemon=True)

    def begin(self, key: object, connection: Any, longest: float) -> None:
        """This connection of the driver's is in use from now on, and shut after `longest` seconds:
        one process of a server may hang, and with it one connection, while others answer."""
        now = monotonic()
        with self._lock:
            self._since[key] = (connection, now, now + longest)
        if not self._thread.ident:
            self._start()

    def end(self, key: object) -> None:
        """It is not in use any more, or about to be closed."""
        with self._lock:
            self._since.pop(key, None)

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
            began = [since for _, since, _ in self._since.values()]
        # What has had no answer since it began, nor has anybody else of late.
        quiet_since = max(min(began, default=now), self._answered_at)
        if self.hanging or quiet_since < now - SUSPECT_SECONDS:
            self._note(hanging=not self._answers())
        self._shut_late(inf if self.hanging else now)

    def _note(self, *, hanging: bool) -> None:
        if not hanging:
            self._answered_at = monotonic()
        if hanging != self.hanging:
            log.warning("the database %s", "hangs" if hanging else "answers again")
        self.hanging = hanging

    def _answers(self) -> bool:
        """Whether anything comes back from the server, be it a refusal."""
        if self._asking is None:
            self._asking = self._asker.submit(self._ask)
        try:
            return self._asking.result(ANSWER_SECONDS)
        except NotYetError:
            return False
        finally:
            if self._asking.done():
                self._asking = None

    def _ask(self) -> bool:
        began = monotonic()
        try:
            connection = self._connect()
        except psycopg2.Error as error:  # refused, which is an answer, or waited for in vain
            return TIMED_OUT not in str(error) and monotonic() - began < ANSWER_SECONDS
        self.begin(self._asker, connection, ANSWER_SECONDS)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except psycopg2.Error:
            return False
        finally:
            self.end(self._asker)
            connection.close()
        return True

    def _shut_late(self, now: float) -> None:
        """Shut what is in use for too long. Under the lock, so that nobody closes it meanwhile and
        gives its number to another one."""
        with self._lock:
            late = [(key, each) for key, (each, _, until) in self._since.items() if until < now]
            for key, connection in late:
                del self._since[key]
                _shut(connection)


def _shut(connection: Any) -> None:
    try:
        with socket.socket(fileno=os.dup(connection.fileno())) as other:
            other.shutdown(socket.SHUT_RDWR)
    except (OSError, psycopg2.Error) as error:
        log.debug("a connection was closed already: %s", type(error).__name__)
