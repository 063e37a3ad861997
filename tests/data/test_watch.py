"""How the connections to PostgreSQL are looked at from aside: seldom, and never without an end."""

from collections.abc import Callable
from socket import socketpair
from threading import Event
from typing import Any, Self

import psycopg2
import pytest

from ticket_app.data import watch as module
from ticket_app.data.patience import ENDLESS, QUICK
from ticket_app.data.watch import Watch


class Connection:
    """A driver's connection that answers, or waits until its socket is shut."""

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
def watching(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], Watch]:
    """A watch that looks when it is told to."""
    monkeypatch.setattr(module, "LOOK_SECONDS", 3600.0)
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.1)
    return Watch


def hangs(watch: Watch) -> bool:
    """What a look finds."""
    watch._look()
    return watch.hanging


def test_what_takes_long_is_asked_about_now_and_then(
    watching: Callable[[Callable[[], Any]], Watch], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Connection] = []

    def connect() -> Connection:
        made.append(Connection(answers=True))
        return made[-1]

    now = [1000.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    watch = watching(connect)
    watch.begin("a migration", Connection(answers=True), ENDLESS)
    for _ in range(41):  # ten seconds of looks
        now[0] += 0.25
        watch._look()
    watch.stop()
    assert not watch.hanging
    assert 2 <= len(made) <= 5


def test_the_question_to_a_server_that_hangs_ends_too(
    watching: Callable[[Callable[[], Any]], Watch], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SUSPECT_SECONDS", -1.0)
    made = [Connection(answers=False), Connection(answers=True)]
    first = made[0]
    watch = watching(lambda: made.pop(0))
    watch.begin("a list", Connection(answers=True), QUICK)
    assert hangs(watch)
    assert any(not hangs(watch) for _ in range(100))
    watch.stop()
    assert first.closed.is_set()
