"""Starts both sides as in production, each in processes of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx2
from sqlalchemy import text

from bench.load import BenchError
from harness import postgres
from harness.filling import autocommitting
from harness.ports import free_port
from ticket_app.settings import ROOT, Settings

SECONDS_TO_START = 300
"""Long, because the first start compiles the pages."""
SECONDS_TO_STOP = 45
"""The peer's workers may take 30 s for the requests they have begun."""
ASK_VERSIONS = """
from importlib.metadata import version
for name in ("Django", "djangorestframework", "gunicorn"):
    print(name, version(name), end=", ")
"""


class Served(NamedTuple):
    """A running server: its URL, and the id of its parent process."""

    url: str
    pid: int


def postgresql_binaries() -> Path:
    """Returns the folder of PostgreSQL's programs. Raises BenchError if they are missing."""
    binaries = postgres.find_binaries()
    if binaries is None:
        raise BenchError(f"PostgreSQL is missing; bring it with: {postgres.HOW_TO_BRING_IT}")
    return binaries


@contextmanager
def own_database() -> Iterator[str]:
    """Yields the URL of an empty database on a temporary PostgreSQL."""
    with postgres.running_server(postgresql_binaries(), settings="") as server:
        with autocommitting(f"{server}/postgres") as connection:
            connection.execute(text("CREATE DATABASE desk"))
        yield f"{server}/desk"


@contextmanager
def desk(database_url: str, **environment: str) -> Iterator[str]:
    """Yields the URL of `python -m ticket_app serve` on this database, with these settings."""
    with served_desk(database_url, **environment) as served:
        yield served.url


@contextmanager
def served_desk(database_url: str, **environment: str) -> Iterator[Served]:
    """Yields the desk's URL and process id, for a profiler."""
    with served_by(ROOT, database_url, **environment) as served:
        yield served


@contextmanager
def served_by(folder: Path, database_url: str, **environment: str) -> Iterator[Served]:
    """Yields the running desk of the checkout in that folder."""
    port = free_port()
    with tempfile.TemporaryDirectory() as data:
        ours = {"PORT": str(port), "DATABASE_URL": database_url, "DATA_DIR": data}
        command = [sys.executable, "-m", "ticket_app", "serve"]
        url = f"http://127.0.0.1:{port}"
        with _running(command, _without_settings() | ours | environment, folder) as process:
            _wait_for(f"{url}/api/health/", process)
            yield Served(url, process.pid)


@contextmanager
def workers(count: int) -> Iterator[dict[str, str]]:
    """Yields the desk's settings for this many workers; several workers get a Redis."""
    if count == 1:
        yield {}
        return
    port = free_port()
    command = [redis_server(), "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
    with tempfile.TemporaryDirectory() as folder, _running([*command, "--dir", folder]) as process:
        _wait_for_port(port, process)
        yield {"WORKERS": str(count), "REDIS_URL": f"redis://127.0.0.1:{port}/0"}


def redis_server() -> str:
    """Returns the path of redis-server. Raises BenchError if it is missing."""
    path = shutil.which("redis-server")
    if path is None:
        raise BenchError("redis-server is missing; bring it with: apt-get install redis-server")
    return path


@contextmanager
def floor(database_url: str, statements: Path, *, workers: int) -> Iterator[str]:
    """Yields the URL of the server of bench/floor.py, which sends these statements."""
    port = free_port()
    command = [sys.executable, "-m", "granian", "bench.floor:app", "--interface", "asgi"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
    command += ["--log-level", "warning"]
    ours = {"FLOOR_DATABASE_URL": database_url, "FLOOR_STATEMENTS": str(statements)}
    url = f"http://127.0.0.1:{port}"
    with _running(command, dict(os.environ) | ours) as process:
        _wait_for(f"{url}/noop", process)
        yield url


class Peer:
    """The peer in its folder, driven by the peer's own script."""

    def __init__(self, folder: Path) -> None:
        self._script = folder / "peer.sh"
        if not self._script.is_file():
            raise BenchError(f"PEER_DIR is wrong (there is no peer.sh in {folder})")
        venv = os.environ.get("PEER_VENV") or str(Path(tempfile.gettempdir()) / "bench-peer-venv")
        self._environment = dict(os.environ) | {"PEER_VENV": venv}
        self._python = Path(venv) / "bin" / "python"
        self._pid_file = Path(venv) / "pid"

    def load(self, database_url: str, count: int) -> None:
        """Fill the peer's table. The first call installs the peer's packages."""
        self._call("load", str(count), database_url)

    @contextmanager
    def serving(self, database_url: str, *, workers: int) -> Iterator[str]:
        """Yields the URL of the peer's server on this database."""
        port = free_port()
        self._call("start", str(port), database_url, PEER_WORKERS=str(workers))
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(f"{url}/api/tickets/stats/")
            yield url
        finally:
            self._call("stop")
            _wait_until_gone(self._pid_file)

    def versions(self) -> str:
        """Returns the versions of the peer's packages."""
        printed = subprocess.run(
            [self._python, "-c", ASK_VERSIONS],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return printed.stdout.strip(" ,\n")

    def _call(self, *arguments: str, **variables: str) -> None:
        # The output goes to a file, because a daemon that peer.sh starts would keep a pipe open.
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
                printed = output.read().decode(errors="replace")
                raise BenchError(f"peer.sh {arguments[0]} failed: {printed}")


def _without_settings() -> dict[str, str]:
    """Returns the environment without the desk's settings, so that the defaults are measured."""
    ours = {name.upper() for name in Settings.model_fields}
    environment = {k: v for k, v in os.environ.items() if k.upper() not in ours}
    return environment | {"ENV_FILE": os.devnull}


@contextmanager
def _running(
    command: list[str], environment: dict[str, str] | None = None, folder: Path = ROOT
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _stop(process)


def _wait_for(url: str, process: subprocess.Popen[bytes] | None = None) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        _require_running(process)
        try:
            if httpx2.get(url, timeout=SECONDS_TO_START).is_success:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise BenchError(f"{url} did not answer in {SECONDS_TO_START} s.")


def _wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        _require_running(process)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise BenchError(f"Nothing listens on port {port} after {SECONDS_TO_START} s.")


def _require_running(process: subprocess.Popen[bytes] | None) -> None:
    if process is not None and process.poll() is not None:
        raise BenchError(f"The server ended with {process.returncode} before it answered.")


def _wait_until_gone(pid_file: Path) -> None:
    """Wait for the removal of the pid file, which is the last thing that gunicorn does."""
    deadline = time.monotonic() + SECONDS_TO_STOP
    while time.monotonic() < deadline:
        if not pid_file.exists():
            return
        time.sleep(0.1)
    raise BenchError(f"The peer did not stop in {SECONDS_TO_STOP} s.")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(SECONDS_TO_STOP)
