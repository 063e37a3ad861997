"""The watchdog checks PostgreSQL's connections rarely, and every check ends."""

from collections.abc import Callable
from socket import socketpair
from threading import Event
from typing import Any, Self

import psycopg2
import pytest

from ticket_app.data.postgresql import watchdog as module
from ticket_app.data.postgresql.timeouts import ENDLESS, QUICK
from ticket_app.data.postgresql.watchdog import Watchdog


class Connection:
    """A driver's connection that answers, or blocks until its socket is shut."""

    def __init__(self, *, answers: bool) -> None:
        self._end, self._server = socketpair()
        self._answers = answers
        self.closed = Event()
        self.fileno = self._end.fileno

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def cursor(self) -> "Connection":
        return self

    def execute(self, _: str, __: object) -> None:
        if not self._answers and not self._end.recv(1):
            raise psycopg2.OperationalError("the connection was closed")

    def close(self) -> None:
        self._end.close()
        self._server.close()
        self.closed.set()


@pytest.fixture
def watching(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], Watchdog]:
    """A watchdog that checks only when it is called."""
    monkeypatch.setattr(module, "CHECK_SECONDS", 3600.0)
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.1)
    return Watchdog


def hangs(watchdog: Watchdog) -> bool:
    """Returns the result of a check."""
    watchdog._check()
    return watchdog.hanging


def test_what_takes_long_is_asked_about_now_and_then(
    watching: Callable[[Callable[[], Any]], Watchdog], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Connection] = []

    def connect() -> Connection:
        made.append(Connection(answers=True))
        return made[-1]

    now = [1000.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    watchdog = watching(connect)
    watchdog.begin("a migration", Connection(answers=True), ENDLESS)
    for _ in range(41):  # ten seconds of checks
        now[0] += 0.25
        watchdog._check()
    watchdog.stop()
    assert not watchdog.hanging
    assert 2 <= len(made) <= 5


def test_the_question_to_a_server_that_hangs_ends_too(
    watching: Callable[[Callable[[], Any]], Watchdog], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SUSPECT_SECONDS", -1.0)
    made = [Connection(answers=False), Connection(answers=True)]
    first = made[0]
    watchdog = watching(lambda: made.pop(0))
    watchdog.begin("a list", Connection(answers=True), QUICK)
    assert hangs(watchdog)
    assert any(not hangs(watchdog) for _ in range(100))
    watchdog.stop()
    assert first.closed.is_set()
