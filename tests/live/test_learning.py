"""Learning runs in the background when due, reaches every process, and ends with the server."""

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.services.triage.decided import DESCRIPTION, TITLE, count_lessons, decide, examples
from ticket_app.actor import by_command
from ticket_app.errors import DatabaseUnavailableError
from ticket_app.live import learning as background
from ticket_app.live.learning import learning
from ticket_app.services.triage.learning import learn_from_decisions, lessons, refresh_models
from ticket_app.triage.learned import models_in_use
from ticket_app.triage.offline import triage_offline
from ticket_app.vocabulary import Category

pytestmark = [
    pytest.mark.usefixtures("database"),
    pytest.mark.rest_in_prove("database"),
    pytest.mark.program,
]

SECONDS = 30
"""Far longer than anything here takes."""

ENOUGH = 240
STUBBORN = (
    "import os, pathlib, signal, sys, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "pathlib.Path(sys.argv[1]).open('a').write(f'{os.getpid()}\\n')\n"
    "time.sleep(60)"
)


@pytest.fixture(autouse=True)
def _without_delays(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs that the desk starts use the same database, and learning starts without delay."""
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setattr(background, "FIRST_RUN_SECONDS", 0.0)
    monkeypatch.setattr(background, "SPREAD_SECONDS", 0.0)
    monkeypatch.setattr(background, "INTERVAL_SECONDS", 0.1)
    monkeypatch.setattr(background, "REFRESH_SECONDS", 0.05)


@pytest.fixture
def stubborn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Learning is due, and its program never ends. The file collects the process ids."""
    decide(examples(ENOUGH))
    started = tmp_path / "started"
    started.touch()
    command = (sys.executable, "-c", STUBBORN, str(started))
    monkeypatch.setattr(background, "COMMAND", command)
    return started


def serve(work: Callable[[], Awaitable[None]]) -> None:
    """Run this while the desk learns, as in the server."""

    async def within() -> None:
        async with asyncio.timeout(SECONDS), learning():
            await work()

    asyncio.run(within())


async def until(condition: Callable[[], bool]) -> None:
    """Return once this holds; `serve` bounds the wait."""
    while not condition():  # noqa: ASYNC110  # it comes true elsewhere, without an event
        await asyncio.sleep(0.02)


def processes(started: Path) -> list[int]:
    """Returns the process ids in the file, oldest first."""
    return [int(line) for line in started.read_text().splitlines(keepends=True) if "\n" in line]


def is_running(process: int) -> bool:
    """Returns True if this process exists."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_is_due_is_learned_once_and_used_by_the_server() -> None:
    decide(examples(ENOUGH))

    async def work() -> None:
        await until(lambda: "category" in models_in_use())
        assert triage_offline(DESCRIPTION, TITLE).category.value is Category.TECHNICAL
        await asyncio.sleep(0.5)  # time for more polls

    serve(work)
    assert count_lessons() == 1


def test_nothing_is_started_while_nothing_is_due(stubborn: Path) -> None:
    learn_from_decisions(by_command(), "category")

    async def work() -> None:
        await asyncio.sleep(0.5)

    serve(work)
    assert processes(stubborn) == []


def test_what_another_process_learned_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "FIRST_RUN_SECONDS", SECONDS)
    decide(examples(ENOUGH))

    async def work() -> None:
        first = await asyncio.to_thread(learn_from_decisions, by_command(), "category")
        await until(lambda: "category" in models_in_use())
        second = await asyncio.to_thread(learn_from_decisions, by_command(), "category")
        await until(lambda: models_in_use()["category"].lesson == second.id)
        assert second.id > first.id

    serve(work)


def test_the_end_of_the_server_is_the_end_of_learning(stubborn: Path) -> None:
    async def work() -> None:
        await until(lambda: len(processes(stubborn)) == 1)
        process = processes(stubborn)[0]
        assert is_running(process)
        await until(lambda: os.getpriority(os.PRIO_PROCESS, process) == 19)

    serve(work)
    assert not any(is_running(process) for process in processes(stubborn))


def test_learning_that_takes_too_long_is_killed_and_the_next_look_comes(
    stubborn: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(background, "RUN_SECONDS", 0.5)
    monkeypatch.setattr(background, "STOP_SECONDS", 0.1)

    async def work() -> None:
        await until(lambda: len(processes(stubborn)) == 2)
        assert not is_running(processes(stubborn)[0])

    serve(work)
    assert "learning was stopped" in caplog.text


def test_a_program_that_fails_is_logged_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    decide(examples(ENOUGH))
    monkeypatch.setattr(background, "COMMAND", (sys.executable, "-c", "exit('no such luck')"))

    async def work() -> None:
        await until(lambda: caplog.text.count("no such luck") >= 2)

    with caplog.at_level(logging.INFO):
        serve(work)
    assert lessons() == []


def test_a_database_that_is_away_for_a_while_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    decide(examples(ENOUGH))
    calls = 0

    def away(*_: object) -> list[str]:
        nonlocal calls
        calls += 1
        raise DatabaseUnavailableError

    monkeypatch.setattr(background, "fields_due", away)
    monkeypatch.setattr(background, "refresh_models", away)

    async def work() -> None:
        await until(lambda: calls >= 4)
        await asyncio.to_thread(learn_from_decisions, by_command(), "category")
        monkeypatch.setattr(background, "refresh_models", refresh_models)
        await until(lambda: "category" in models_in_use())

    serve(work)
