"""A temporary Redis server from the binary of this machine."""

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis

from harness.ports import free_port

HOW_TO_BRING_IT = "apt-get install redis-server"
SECONDS_TO_START = 10
SECONDS_TO_COPY = 20


class RedisServer:
    """A server on a loopback port, which a test can stop, freeze, and start again empty."""

    def __init__(self, binary: str, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._command = [
            *(binary, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder)),
            *("--save", "", "--appendonly", "no", "--logfile", str(folder / "log")),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and return once it answers."""
        self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + SECONDS_TO_START
        while not self._answers():
            assert time.monotonic() < deadline, f"redis-server does not answer on {self.port}"
            time.sleep(0.02)

    def stop(self) -> None:
        """Kill the server; its data is lost."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Stop the process, so that it accepts connections and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Continue the frozen process."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def wait_for(self, *texts: bytes) -> None:
        """Return once one key holds all these texts in its hash."""
        deadline = time.monotonic() + SECONDS_TO_COPY
        with Redis(port=self.port) as client:
            while not any(
                all(text in b"".join(client.hgetall(key).values()) for text in texts)
                for key in client.scan_iter(_type="hash")
            ):
                assert time.monotonic() < deadline, f"Redis does not hold {texts}"
                time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def find_binary() -> str | None:
    """Returns the path of redis-server, or None."""
    return shutil.which("redis-server")


@contextmanager
def running_redis(binary: str) -> Iterator[RedisServer]:
    """Yields a server on a free loopback port."""
    with tempfile.TemporaryDirectory(prefix="desk-redis-") as folder:
        server = RedisServer(binary, Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()
