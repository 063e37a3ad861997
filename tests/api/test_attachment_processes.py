"""Two servers with one database and one folder, of which one is killed while files arrive."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import NamedTuple

import httpx2
import pytest
from sqlalchemy import select

from harness.actors import over_rest
from harness.ports import free_port
from tests.services.conversation.test_attachments import OLD, cleaned, in_rows, on_disk, stored_in
from tests.services.desk import opened
from ticket_app.data.conversation.attachments.tables import Attachment
from ticket_app.data.engine import read_transaction
from ticket_app.schemas.conversation import MessageListQuery
from ticket_app.services.conversation.attachments.reading import find_file
from ticket_app.services.conversation.reading import list_messages
from ticket_app.settings import ROOT

SECONDS = 60
WRITERS, BEFORE_THE_KILL, AFTER_IT = 4, 12, 6

pytestmark = pytest.mark.rest_in_prove("database")


class Server(NamedTuple):
    """A server of REST alone."""

    url: str
    process: "subprocess.Popen[bytes]"


@contextmanager
def servers(number: int, database: str, folder: Path) -> Iterator[list[Server]]:
    """Yields so many servers, once all of them answer."""
    started = [_start(free_port(), database, folder) for _ in range(number)]
    deadline = time.monotonic() + SECONDS
    try:
        while not all(_answers(each.url) for each in started):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield started
    finally:
        for each in started:
            if each.process.poll() is None:
                os.killpg(each.process.pid, signal.SIGKILL)
            each.process.wait(SECONDS)


def _start(port: int, database: str, folder: Path) -> Server:
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--http", "1"]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port), "ticket_app.api.app:api"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database, "ATTACHMENTS_DIR": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return Server(f"http://127.0.0.1:{port}", process)


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/api/health/", timeout=1).status_code == 200
    except httpx2.TransportError:
        return False


class Senders:
    """Threads that send messages with files, by either server.

    `uploaded` has the digests of files by their ids, and `sent` those ids by their messages, as the
    servers have acknowledged them.
    """

    def __init__(self, urls: tuple[str, str], ticket: int) -> None:
        self.uploaded, self.sent = dict[int, str](), dict[int, list[int]]()
        self._urls, self._path = urls, f"/api/tickets/{ticket}"
        self._stopped = Event()
        self._threads = ThreadPoolExecutor(WRITERS)
        self._running = [self._threads.submit(self._send, each) for each in range(WRITERS)]

    def wait_for(self, number: int) -> None:
        """Wait until so many messages are acknowledged."""
        deadline = time.monotonic() + SECONDS
        while len(self.sent) < number:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def stop(self) -> None:
        """Wait until no thread sends any more."""
        self._stopped.set()
        for each in self._running:
            each.result(SECONDS)

    def _send(self, seed: int) -> None:
        some = random.Random(seed)  # no secret
        with httpx2.Client(timeout=10) as client:
            while not self._stopped.is_set():
                first, second = some.choice(self._urls), some.choice(self._urls)
                content = some.randbytes(some.randrange(1, 600_000))
                try:
                    self._send_one(client, first, second, content)
                except httpx2.TransportError:
                    continue  # that server was killed, and the other one goes on

    def _send_one(self, client: httpx2.Client, first: str, second: str, content: bytes) -> None:
        form = {"file": ("a.bin", content)}
        answer = client.post(f"{first}{self._path}/attachments/", files=form)
        assert answer.status_code == 201, answer.text
        file = answer.json()
        self.uploaded[file["id"]] = sha256(content).hexdigest()
        new = {"body": "See the file.", "attachments": [file["id"]]}
        answer = client.post(f"{second}{self._path}/messages/", json=new)
        assert answer.status_code == 201, answer.text
        self.sent[answer.json()["id"]] = [file["id"]]
        assert client.get(f"{second}{file['url']}").content == content


def test_a_kill_loses_no_file_that_was_acknowledged_and_leaves_none_behind(
    database: str, attachments_folder: Path
) -> None:
    ticket = opened().id
    with servers(2, database, attachments_folder) as (one, other):
        senders = Senders((one.url, other.url), ticket)
        senders.wait_for(BEFORE_THE_KILL)
        os.killpg(one.process.pid, signal.SIGKILL)
        senders.wait_for(len(senders.sent) + AFTER_IT)
        senders.stop()
    with read_transaction() as session:
        rows = {each.id: each for each in session.scalars(select(Attachment))}
    assert {each: rows[each].sha256 for each in senders.uploaded} == senders.uploaded
    assert in_rows() <= set(on_disk())  # each content is what its name says
    for row in rows.values():
        assert find_file(over_rest(), ticket, row.id or 0).path.stat().st_size == row.size
    posted = list_messages(over_rest(), ticket, MessageListQuery(limit=200))
    shown = {each.id: [file.id for file in each.attachments] for each in posted}
    assert {each: shown[each] for each in senders.sent} == senders.sent
    assert all(len(each) == 1 for each in shown.values())
    for path in (*stored_in().glob("??/??/*"), *stored_in().glob("incoming/*")):
        os.utime(path, (time.time() - OLD.total_seconds(),) * 2)
    assert set(cleaned()) == in_rows()
    assert list(stored_in().glob("incoming/*")) == []
