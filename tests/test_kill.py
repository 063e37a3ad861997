"""An acknowledged ticket survives the death of the server at any moment."""

import os
import random
import signal
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import create_engine, text

from tests.serving import RunningDesk, running_desk

WRITERS = 4


class Writers:
    """Threads that create tickets until the desk is gone, and record which ones it acknowledged."""

    def __init__(self, desk: RunningDesk) -> None:
        self.acknowledged: dict[int, str] = {}
        self._url = f"{desk.url}/api/tickets/"
        self._enough = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(n,)) for n in range(WRITERS)]
        for thread in self._threads:
            thread.start()

    def wait_for(self, count: int) -> None:
        """Wait until this many tickets are acknowledged; fails after 30 seconds."""
        self._count = count
        assert self._enough.wait(30)

    def join(self) -> None:
        """Wait until every thread has noticed that the desk is gone."""
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()

    _count = 1_000_000

    def _write(self, number: int) -> None:
        with httpx2.Client(timeout=5) as client:
            for attempt in range(1_000):
                title = f"writer {number} ticket {attempt}"
                try:
                    answer = client.post(self._url, json={"title": title, "description": "Help"})
                except httpx2.TransportError:
                    return
                if answer.status_code == 201:
                    self.acknowledged[answer.json()["id"]] = title
                if len(self.acknowledged) >= self._count:
                    self._enough.set()


def kill_and_look(folder: Path, url: str, kept: dict[int, str], after: int) -> None:
    """One round: start the desk, write, kill -9 during the writes, and check the disk."""
    with running_desk(folder, DATABASE_URL=url) as desk:
        writers = Writers(desk)
        writers.wait_for(after)
        os.killpg(desk.process.pid, signal.SIGKILL)
        writers.join()
    kept |= writers.acknowledged
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT id, title FROM ticket"))
        stored = {row.id: row.title for row in rows}
        without_history = connection.execute(
            text(
                "SELECT count(*) FROM ticket WHERE "
                "(SELECT count(*) FROM ticket_event WHERE ticket_id = ticket.id) <> 1 OR "
                "(SELECT count(*) FROM suggestion WHERE ticket_id = ticket.id) <> 5"
            )
        ).scalar_one()
        if engine.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
    engine.dispose()
    assert {number: stored.get(number) for number in kept} == kept
    assert without_history == 0


def test_a_killed_desk_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    kill_and_look(tmp_path, f"sqlite:///{tmp_path / 'desk.sqlite3'}", {}, after=25)


@pytest.mark.prove
@pytest.mark.parametrize("rounds", [20])
def test_a_desk_killed_many_times_keeps_everything(
    bare_database: str, tmp_path: Path, rounds: int
) -> None:
    moments = random.Random(4711)  # a fixed seed: each run kills at the same counts
    kept: dict[int, str] = {}
    for _ in range(rounds):
        kill_and_look(tmp_path, bare_database, kept, after=moments.randint(1, 120))
    print(f"{rounds} kills, {len(kept)} acknowledged tickets, none lost: {bare_database[:10]}")


def test_no_worker_outlives_a_killed_parent(tmp_path: Path) -> None:
    with running_desk(tmp_path) as desk:
        try:
            desk.process.kill()  # the parent alone, as when memory runs out
            desk.process.wait()
            wait_until_gone(desk.url)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(desk.process.pid, signal.SIGKILL)


def wait_until_gone(url: str) -> None:
    """Wait until nothing listens at this URL; fails after 30 seconds."""
    port = int(url.rpartition(":")[2])
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return
        time.sleep(0.1)
    pytest.fail("the port is still taken")
