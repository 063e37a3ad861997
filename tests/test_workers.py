"""With several worker processes, the loss of one loses no acknowledged ticket."""

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import create_engine, text

from tests.redis_server import RedisServer
from tests.serving import RunningDesk, running_desk
from tests.worker_processes import kill_worker, wait_for_successors, workers

PAUSE_SECONDS = 0.02
"""Between two tickets of a writer: more of them would only take the processor from the desk."""
SECONDS = 60
"""Far longer than anything here takes on a busy machine."""


def client_of(desk: RunningDesk) -> httpx2.Client:
    """Returns a client that opens a connection for each request.

    The kernel distributes the connections among the processes.
    """
    return httpx2.Client(base_url=desk.url, headers={"Connection": "close"}, timeout=SECONDS)


def health(client: httpx2.Client) -> dict[str, Any]:
    """Returns the health that one process reports."""
    answer = client.get("/api/health/")
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def until_redis_is(desk: RunningDesk, state: str) -> None:
    """Return once several requests in a row have found Redis in this state in every process."""
    deadline, found = time.monotonic() + SECONDS, 0
    with client_of(desk) as client:
        while found < 8:
            assert time.monotonic() < deadline
            found = found + 1 if health(client)["redis"] == {"state": state} else 0
            time.sleep(0.05)


class Writers:
    """Threads that create tickets and record the answers.

    After a broken connection they repeat the request with its idempotency key.
    """

    def __init__(self, desk: RunningDesk, count: int) -> None:
        self.acknowledged: dict[int, str] = {}
        self.answers: set[int] = set()
        self.slowest = 0.0
        self.broken = 0
        self._client = client_of(desk)
        self._enough = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(n,)) for n in range(count)]
        for thread in self._threads:
            thread.start()

    def wait_for(self, more: int) -> None:
        """Wait until this many more tickets are acknowledged."""
        goal, deadline = len(self.acknowledged) + more, time.monotonic() + SECONDS
        while len(self.acknowledged) < goal:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def stop(self) -> None:
        """Stop, and wait until every thread has ended."""
        self._enough.set()
        for thread in self._threads:
            thread.join(SECONDS)
            assert not thread.is_alive()
        self._client.close()

    def _write(self, number: int) -> None:
        attempt = 1
        while not self._enough.wait(PAUSE_SECONDS):
            title = f"writer {number} ticket {attempt}"
            began = time.monotonic()
            try:
                answer = self._client.post(
                    "/api/tickets/",
                    json={"title": title, "description": "Help"},
                    headers={"Idempotency-Key": title.replace(" ", "-")},
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
    """Returns the titles of all tickets in the database, by id."""
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT id, title FROM ticket"))
        found = {row.id: row.title for row in rows}
    engine.dispose()
    return found


@pytest.mark.rest_in_prove("database")
def test_workers_are_replaced_and_what_they_acknowledged_stays(
    database: str, redis: RedisServer, tmp_path: Path
) -> None:
    with running_desk(tmp_path, DATABASE_URL=database, REDIS_URL=redis.url, WORKERS="2") as desk:
        family = workers(desk)
        assert len(family) == 2
        writers = Writers(desk, 4)
        writers.wait_for(30)
        kill_worker(family[0])
        writers.wait_for(30)  # the other worker still serves
        wait_for_successors(desk, family[:1], 2)
        writers.wait_for(30)
        writers.stop()
        assert desk.printed.count("The desk is at") == 1
        assert desk.stop() == 0
    assert writers.answers == {201}
    kept = stored(database)
    assert {number: kept.get(number) for number in writers.acknowledged} == writers.acknowledged
    assert len(set(kept.values())) == len(kept)  # a repeated request files one ticket


def test_a_redis_that_is_away_neither_delays_nor_loses_a_ticket(
    postgres_database: str, redis: RedisServer, tmp_path: Path
) -> None:
    redis.stop()
    settings = {"DATABASE_URL": postgres_database, "REDIS_URL": redis.url, "WORKERS": "2"}
    with running_desk(tmp_path, **settings) as desk:
        until_redis_is(desk, "unavailable")
        writers = Writers(desk, 2)
        writers.wait_for(20)
        redis.start()
        until_redis_is(desk, "ok")
        # Once for each process; a process that starts later notices it by itself.
        assert 1 <= desk.printed.count("Redis does not answer") <= 2
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
