"""The two sides as they run in production, each in processes of its own."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from bench.load import BenchError
from tests.postgres import free_port
from ticket_app.settings import ROOT, Settings

SECONDS_TO_START = 300
"""The first start compiles the pages."""
SECONDS_TO_STOP = 15
ASK_VERSIONS = """
from importlib.metadata import version
for name in ("Django", "djangorestframework", "gunicorn"):
    print(name, version(name), end=", ")
"""


@contextmanager
def desk(database_url: str, **environment: str) -> Iterator[str]:
    """`python -m ticket_app serve` on this database, with these settings; yields its address."""
    port = free_port()
    with tempfile.TemporaryDirectory() as data:
        process = subprocess.Popen(
            [sys.executable, "-m", "ticket_app", "serve"],
            cwd=ROOT,
            env=_without_settings()
            | {"PORT": str(port), "DATABASE_URL": database_url, "DATA_DIR": data}
            | environment,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(f"{url}/api/health/", process)
            yield url
        finally:
            _stop(process)


class Peer:
    """The peer in its folder, driven by its own script."""

    def __init__(self, folder: Path) -> None:
        self._script = folder / "peer.sh"
        if not self._script.is_file():
            raise BenchError(f"PEER_DIR is wrong (there is no peer.sh in {folder})")
        venv = os.environ.get("PEER_VENV") or str(Path(tempfile.gettempdir()) / "bench-peer-venv")
        self._environment = dict(os.environ) | {"PEER_VENV": venv}
        self._python = Path(venv) / "bin" / "python"

    def load(self, database_url: str, count: int) -> None:
        """Fill its table; the first time it installs what it needs."""
        self._call("load", str(count), database_url)

    @contextmanager
    def serving(self, database_url: str, *, workers: int) -> Iterator[str]:
        """Its server on this database; yields its address."""
        port = free_port()
        self._call("start", str(port), database_url, PEER_WORKERS=str(workers))
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(f"{url}/api/tickets/stats/")
            yield url
        finally:
            self._call("stop")
            _wait_until_gone(port)

    def versions(self) -> str:
        """What it is made of."""
        asked = subprocess.run(
            [self._python, "-c", ASK_VERSIONS],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return asked.stdout.strip(" ,\n")

    def _call(self, *arguments: str, **variables: str) -> None:
        # A daemon that it starts inherits the output: a pipe would never end, so it goes to a file.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                [str(self._script), *arguments],
                env=self._environment | variables,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=600,
                check=False,
            )
            if done.returncode:
                output.seek(0)
                told = output.read().decode(errors="replace")
                raise BenchError(f"peer.sh {arguments[0]} failed: {told}")


def _without_settings() -> dict[str, str]:
    """Our environment without the settings of whoever measures: the defaults are measured."""
    ours = {name.upper() for name in Settings.model_fields}
    environment = {k: v for k, v in os.environ.items() if k.upper() not in ours}
    return environment | {"ENV_FILE": os.devnull}


def _wait_for(url: str, process: subprocess.Popen[bytes] | None = None) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        if process is not None and process.poll() is not None:
            raise BenchError(f"The server ended with {process.returncode} before it answered.")
        try:
            if httpx2.get(url, timeout=5).is_success:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise BenchError(f"{url} did not answer in {SECONDS_TO_START} s.")


def _wait_until_gone(port: int) -> None:
    deadline = time.monotonic() + SECONDS_TO_STOP
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.1)
    raise BenchError(f"The peer on port {port} did not stop.")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(SECONDS_TO_STOP)
