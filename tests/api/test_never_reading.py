"""Clients that never read, over real sockets: what is kept for them has an end, as they have."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import httpx2

from tests.api.pouring import MESSAGE, MESSAGES, WITHOUT_BOUND
from tests.intruder import NAMESPACE, Websocket, websocket
from tests.serving import free_port
from ticket_app.api.line import UNREAD_MAX
from ticket_app.settings import ROOT

CLIENTS = 8
SECONDS = 60
MIB = 1024 * 1024
POURED = CLIENTS * MESSAGES * len(MESSAGE) / MIB
BESIDES = 32
"""MiB that allocating and freeing may take, and copies of what is under way."""


class Server(NamedTuple):
    """Where it answers, the process that serves, and its log."""

    url: str
    process: int
    log: Path

    def largest(self) -> float:
        """MiB that it has held at most."""
        status = Path(f"/proc/{self.process}/status").read_text(encoding="ascii").splitlines()
        (most,) = (line for line in status if line.startswith("VmHWM:"))
        return int(most.split()[1]) / 1024


@contextmanager
def pouring(folder: Path, **environment: str) -> Iterator[Server]:
    port = free_port()
    command = [
        *(sys.executable, "-m", "granian", "--interface", "asgi", "--http", "1"),
        *("--host", "127.0.0.1", "--port", str(port), "tests.api.pouring:app"),
        *("--workers-kill-timeout", "5"),  # what is poured without a bound need not be sent
    ]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "PORT": str(port), **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        url = f"http://localhost:{port}"
        deadline = time.monotonic() + SECONDS
        while not (worker := answers(url)):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield Server(url, worker, log)
    finally:
        process.terminate()
        process.wait(SECONDS)


def answers(url: str) -> int:
    """The process that serves; 0 while none does."""
    try:
        return int(httpx2.get(url, timeout=1).text)
    except httpx2.TransportError:
        return 0


def until(what: str, server: Server, times: int) -> None:
    deadline = time.monotonic() + SECONDS
    while server.log.read_text(encoding="utf-8").count(what) < times:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def clients_that_never_read(server: Server, open_ones: ExitStack) -> list[Websocket]:
    said = f"40{NAMESPACE},"
    clients = [
        open_ones.enter_context(websocket(server.url, uuid4().hex, receive_buffer=4_096))
        for _ in range(CLIENTS)
    ]
    for client in clients:
        client.send(said)
    return clients


def test_what_is_not_read_is_kept_up_to_a_bound_and_its_client_is_closed(tmp_path: Path) -> None:
    with pouring(tmp_path) as server, ExitStack() as open_ones:
        before = server.largest()
        clients = clients_that_never_read(server, open_ones)
        until("it does not read what it asks for", server, CLIENTS)
        for client in clients:
            client.until_closed()
        assert answers(server.url)
        assert server.largest() - before < CLIENTS * UNREAD_MAX / MIB + BESIDES


def test_without_the_bound_all_of_it_would_be_kept(tmp_path: Path) -> None:
    with pouring(tmp_path, **{WITHOUT_BOUND: "1"}) as server, ExitStack() as open_ones:
        before = server.largest()
        clients_that_never_read(server, open_ones)
        deadline = time.monotonic() + SECONDS
        while server.largest() - before < POURED / 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
