"""A Redis server of the tests' own, from the machine's binary, thrown away at the end."""

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.postgres import free_port

HOW_TO_BRING_IT = "apt-get install redis-server"
SECONDS_TO_START = 10


class RedisServer:
    """A server on a loopback port, which a test can stop, freeze and start again, then empty."""

    def __init__(self, binary: str, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._command = [
            *(binary, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder)),
            *("--save", "", "--appendonly", "no", "--logfile", str(folder / "log")),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and return once it answers."""
        self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + SECONDS_TO_START
        while not self._answers():
            assert time.monotonic() < deadline, f"redis-server does not answer on {self.port}"
            time.sleep(0.02)

    def stop(self) -> None:
        """End it at once, with all that it holds."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """It takes connections and says nothing, as a machine that is out of breath."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def find_binary() -> str | None:
    """The machine's redis-server, if there is one."""
    return shutil.which("redis-server")


@contextmanager
def running_redis(binary: str) -> Iterator[RedisServer]:
    """Start a server on a free loopback port."""
    with tempfile.TemporaryDirectory(prefix="desk-redis-") as folder:
        server = RedisServer(binary, Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()
