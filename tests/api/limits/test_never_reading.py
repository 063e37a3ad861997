"""Clients that never read, over real sockets: memory for them is bounded, and they are closed."""

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

from harness.ports import free_port
from tests.api.flooding import MESSAGE, MESSAGES, UNBOUNDED
from tests.intruder import NAMESPACE, Websocket, websocket
from ticket_app.api.limits.websocket_connection import UNREAD_MAX
from ticket_app.settings import ROOT

CLIENTS = 8
SECONDS = 60
MIB = 1024 * 1024
FLOOD_MIB = CLIENTS * MESSAGES * len(MESSAGE) / MIB
SLACK_MIB = 32
"""MiB of slack for the allocator, and for copies of messages in transit."""


class Server(NamedTuple):
    """A running server: its URL, its worker's process id, and its log."""

    url: str
    process: int
    log: Path

    def peak_mib(self) -> float:
        """Returns the peak resident memory of the process in MiB."""
        status = Path(f"/proc/{self.process}/status").read_text(encoding="ascii").splitlines()
        (most,) = (line for line in status if line.startswith("VmHWM:"))
        return int(most.split()[1]) / 1024


@contextmanager
def flooding_server(folder: Path, **environment: str) -> Iterator[Server]:
    port = free_port()
    command = [
        *(sys.executable, "-m", "granian", "--interface", "asgi", "--http", "1"),
        *("--host", "127.0.0.1", "--port", str(port), "tests.api.flooding:app"),
        *("--workers-kill-timeout", "5"),  # unbounded messages need not be sent
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
        while not (worker := worker_pid(url)):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield Server(url, worker, log)
    finally:
        process.terminate()
        process.wait(SECONDS)


def worker_pid(url: str) -> int:
    """Returns the process id of the worker; 0 while none answers."""
    try:
        return int(httpx2.get(url, timeout=1).text)
    except httpx2.TransportError:
        return 0


def wait_for_log(what: str, server: Server, times: int) -> None:
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
    with flooding_server(tmp_path) as server, ExitStack() as open_ones:
        before = server.peak_mib()
        clients = clients_that_never_read(server, open_ones)
        wait_for_log("it does not read what it asks for", server, CLIENTS)
        for client in clients:
            client.until_closed()
        assert worker_pid(server.url)
        assert server.peak_mib() - before < CLIENTS * UNREAD_MAX / MIB + SLACK_MIB


def test_without_the_bound_all_of_it_would_be_kept(tmp_path: Path) -> None:
    with flooding_server(tmp_path, **{UNBOUNDED: "1"}) as server, ExitStack() as open_ones:
        before = server.peak_mib()
        clients_that_never_read(server, open_ones)
        deadline = time.monotonic() + SECONDS
        while server.peak_mib() - before < FLOOD_MIB / 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
