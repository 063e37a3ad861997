"""A desk as a person runs it: one process tree, compiled pages, a port of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError

from ticket_app.settings import ROOT

SECONDS_TO_START = 300  # a first start installs npm packages and compiles
SECONDS_TO_STOP = 15


@dataclass
class RunningDesk:
    """A started desk: where it answers, what it has said, how long it took."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path
    seconds_to_answer: float

    @property
    def said(self) -> str:
        """Everything the desk has printed so far."""
        return self.log.read_text(encoding="utf-8")

    def stop(self) -> int:
        """End it as `kill` does and return its exit code; fails where it does not end in time."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(SECONDS_TO_STOP)


@contextmanager
def running_desk(folder: Path, **environment: str) -> Iterator[RunningDesk]:
    """Start `python -m ticket_app serve` with this environment and wait until it answers.

    The pages are compiled on the first use of the present sources, and shared from then on: they
    work on every port. `folder` takes the data (unless DATABASE_URL says otherwise) and the log.
    """
    port = environment.setdefault("PORT", str(free_port()))
    environment.setdefault("DATA_DIR", str(folder / "data"))
    log = folder / f"desk-{port}.log"
    began = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "ticket_app", "serve"],
            cwd=ROOT,
            env={**os.environ, "ENV_FILE": os.devnull, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    url = f"http://localhost:{port}"
    try:
        _wait_for(url, process, log)
        yield RunningDesk(url, process, log, time.monotonic() - began)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def free_port() -> int:
    """A loopback port that nothing listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"{url}/api/health/", timeout=5).close()  # noqa: S310
        except HTTPError:
            return
        except (URLError, OSError):
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"The desk did not start. It said:\n{log.read_text(encoding='utf-8')}")
