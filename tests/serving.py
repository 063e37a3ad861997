"""A desk as a person runs it: one process tree, compiled pages, a port of its own."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError, URLError

from harness.ports import free_port
from tests.fork_server import can_fork, fork_desk
from ticket_app.settings import ROOT

SECONDS_TO_START = 300  # a first start installs npm packages and compiles
SECONDS_TO_STOP = 15


@dataclass
class RunningDesk:
    """A started desk: its URL, its process and its log."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def printed(self) -> str:
        """Returns everything that the desk has printed so far."""
        return self.log.read_text(encoding="utf-8")

    def stop(self) -> int:
        """End the desk as `kill` does; returns its exit code.

        Raises TimeoutExpired after SECONDS_TO_STOP.
        """
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(SECONDS_TO_STOP)


@contextmanager
def running_desk(folder: Path, **environment: str) -> Iterator[RunningDesk]:
    """Yields a running `python -m ticket_app serve` with this environment, once it answers.

    It is a fork of one that has imported everything: see fork_server.py.

    The pages are compiled for the first use of the present sources and shared from then on, because
    they work on every port. `folder` takes the log, and the data unless DATABASE_URL names another
    place.
    """
    with running_desks(folder, environment) as (desk,):
        yield desk


@contextmanager
def newly_started_desk(folder: Path, **environment: str) -> Iterator[RunningDesk]:
    """Yields a desk as `running_desk` does, in a new interpreter, for tests of the start itself."""
    with running_desks(folder, environment, fork=False) as (desk,):
        yield desk


@contextmanager
def running_desks(
    folder: Path, *environments: dict[str, str], fork: bool = True
) -> Iterator[list[RunningDesk]]:
    """Yields several desks as `running_desk` does. They start at the same time."""
    with ExitStack() as stack:
        desks = [stack.enter_context(_started(folder, each, fork)) for each in environments]
        for desk in desks:
            _wait_for(desk)
        yield desks


@contextmanager
def _started(folder: Path, environment: dict[str, str], fork: bool) -> Iterator[RunningDesk]:
    own = {"PORT": str(free_port()), "DATA_DIR": str(folder / "data")} | environment
    log = folder / f"desk-{own['PORT']}.log"
    environment = {**os.environ, "ENV_FILE": os.devnull, **own}
    with log.open("wb") as output:
        start = fork_desk if fork and can_fork() else _new_interpreter
        process = start(environment, output)
    try:
        yield RunningDesk(f"http://localhost:{own['PORT']}", process, log)
    finally:
        end(process)


def _new_interpreter(environment: dict[str, str], output: IO[bytes]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "ticket_app", "serve"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def end(process: "subprocess.Popen[Any]") -> None:
    """End a process that leads a process group: with SIGTERM, else the group with SIGKILL."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for(desk: RunningDesk) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        if desk.process.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"{desk.url}/api/health/", timeout=5).close()  # noqa: S310
        except HTTPError:
            return
        except (URLError, OSError):
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"The desk did not start. It said:\n{desk.printed}")
