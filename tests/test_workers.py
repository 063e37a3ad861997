"""Several processes are one desk: the loss of one loses nothing that any acknowledged."""

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import create_engine, text

from tests.desk_family import kill_worker, wait_for_successors, workers
from tests.redis_server import RedisServer
from tests.serving import RunningDesk, running_desk

SECONDS = 60
"""Far longer than anything here takes on a machine that has other work, too."""


def health(desk: RunningDesk) -> dict[str, Any]:
    """What one process of the desk says of itself; whichever takes the connection."""
    answer = httpx2.get(f"{desk.url}/api/health/", timeout=SECONDS)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def until_redis_is(desk: RunningDesk, state: str) -> None:
    """Return once several askings in a row have found every process of this mind."""
    deadline, found = time.monotonic() + SECONDS, 0
    while found < 8:
        assert time.monotonic() < deadline
        found = found + 1 if health(desk)["redis"] == {"state": state} else 0
        time.sleep(0.05)


class Writers:
    """Threads that file tickets, send one again where a connection breaks (with the idempotency key
    that it has), and note what was said."""

    def __init__(self, desk: RunningDesk, count: int) -> None:
        self.acknowledged: dict[int, str] = {}
        self.answers: set[int] = set()
        self.slowest = 0.0
        self.broken = 0
        self._url = f"{desk.url}/api/tickets/"
        self._enough = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(n,)) for n in range(count)]
        for thread in self._threads:
            thread.start()

    def wait_for(self, more: int) -> None:
        """Until so many more tickets were acknowledged."""
        goal, deadline = len(self.acknowledged) + more, time.monotonic() + SECONDS
        while len(self.acknowledged) < goal:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def stop(self) -> None:
        """Until every thread has ended."""
        self._enough.set()
        for thread in self._threads:
            thread.join(SECONDS)
            assert not thread.is_alive()

    def _write(self, number: int) -> None:
        attempt = 1
        while not self._enough.is_set():
            title = f"writer {number} ticket {attempt}"
            began = time.monotonic()
            try:
                # A connection each: the kernel hands them to the processes in turn.
                answer = httpx2.post(
                    self._url,
                    json={"title": title, "description": "Help"},
                    headers={"Idempotency-Key": title.replace(" ", "-")},
                    timeout=SECONDS,
                )
            except httpx2.TransportError:
                self.broken += 1
                continue
            attempt += 1
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.answers.add(answer.status_code)
            if answer.status_code == 201:
                self.acknowledged[answer.json()["id"]] = title


def stored(url: str) -> dict[int, str]:
    """Every ticket in the database."""
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT id, title FROM ticket"))
        found = {row.id: row.title for row in rows}
    engine.dispose()
    return found


def test_workers_are_replaced_and_what_they_acknowledged_stays(
    database: str, redis: RedisServer, tmp_path: Path
) -> None:
    with running_desk(tmp_path, DATABASE_URL=database, REDIS_URL=redis.url, WORKERS="2") as desk:
        family = workers(desk)
        assert len(family) == 2
        writers = Writers(desk, 4)
        writers.wait_for(30)
        kill_worker(family[0])
        writers.wait_for(30)  # the other one serves on
        wait_for_successors(desk, family[:1], 2)
        writers.wait_for(30)
        writers.stop()
        assert desk.said.count("The desk is open at") == 1
        assert desk.stop() == 0
    assert writers.answers == {201}
    kept = stored(database)
    assert {number: kept.get(number) for number in writers.acknowledged} == writers.acknowledged
    assert len(set(kept.values())) == len(kept)  # what was sent again was filed once


def test_a_redis_that_is_away_neither_delays_nor_loses_a_ticket(
    postgres_database: str, redis: RedisServer, tmp_path: Path
) -> None:
    settings = {"DATABASE_URL": postgres_database, "REDIS_URL": redis.url, "WORKERS": "2"}
    with running_desk(tmp_path, **settings) as desk:
        until_redis_is(desk, "ok")
        writers = Writers(desk, 2)
        writers.wait_for(20)
        redis.stop()
        writers.wait_for(40)
        until_redis_is(desk, "unavailable")
        redis.start()
        until_redis_is(desk, "ok")
        redis.freeze()
        writers.wait_for(40)
        redis.thaw()
        writers.stop()
    assert (writers.answers, writers.broken) == ({201}, 0)
    assert writers.slowest < 5, f"{writers.slowest:.2f} s"
    kept = stored(postgres_database)
    assert {number: kept.get(number) for number in writers.acknowledged} == writers.acknowledged


def test_a_desk_starts_and_takes_tickets_without_its_redis(
    postgres_database: str, redis: RedisServer, tmp_path: Path
) -> None:
    redis.stop()
    settings = {"DATABASE_URL": postgres_database, "REDIS_URL": redis.url, "WORKERS": "2"}
    with running_desk(tmp_path, **settings) as desk:
        assert health(desk)["redis"] == {"state": "unavailable"}
        ticket = {"title": "Charged twice", "description": "For invoice 4711."}
        filed = httpx2.post(f"{desk.url}/api/tickets/", json=ticket, timeout=SECONDS)
        assert filed.status_code == 201
        redis.start()
        until_redis_is(desk, "ok")
        # Each process once; one that starts later finds it.
        assert 1 <= desk.said.count("Redis does not answer") <= 2


def test_several_workers_without_redis_are_one_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ticket_app", "serve"],
        env={"WORKERS": "2", "ENV_FILE": "/dev/null", "DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.strip() == (
        "WORKERS is 2, but REDIS_URL is not set, through which several processes tell each other "
        "of changes; for example: REDIS_URL=redis://localhost:6379/0."
    )
