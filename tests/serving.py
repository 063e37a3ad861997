"""A desk as a person runs it: one process tree, compiled pages, a port of its own."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError

from harness.ports import free_port
from ticket_app.settings import ROOT

SECONDS_TO_START = 300  # a first start installs npm packages and compiles
SECONDS_TO_STOP = 15


@dataclass
class RunningDesk:
    """A started desk: its URL, its process, its log, and the seconds until its first answer."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path
    seconds_to_answer: float

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

    The pages are compiled for the first use of the present sources and shared from then on, because
    they work on every port. `folder` takes the log, and the data unless DATABASE_URL names another
    place.
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
