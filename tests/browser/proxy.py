"""A TCP proxy between a browser and the desk that can slow down, lose and cut connections."""

import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Event, Thread
from urllib.parse import urlsplit

QUIET_SECONDS = 0.2
"""Seconds without a byte after which what was under way has ended."""
SECONDS = 10.0


class Proxy(ThreadingTCPServer):
    """A loopback port that forwards every connection to the desk, until it is cut.

    It may delay bytes, lose the desk's answers, or lose everything without a sign to either end.
    """

    daemon_threads = True

    def __init__(self, to: str) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.url = f"http://localhost:{self.server_address[1]}"
        self.to = ("127.0.0.1", urlsplit(to).port)
        self.is_cut = False
        self.delay_seconds = 0.0
        self._flows = Event()
        self._flows.set()
        self.loses_answers = False
        self.loses_everything = False
        self.fault = ""
        self.lost_bytes = 0
        self.last_byte_at = 0.0
        self.sockets: set[socket.socket] = set()
        self.lossy: set[socket.socket] = set()

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Keeps all bytes while the block lasts, and forwards them after it."""
        self._flows.clear()
        try:
            yield
        finally:
            self._flows.set()

    def wait_until_it_flows(self) -> None:
        self._flows.wait()

    def cut(self) -> None:
        """Closes every connection, and each new one at once."""
        self.is_cut = True
        for end in list(self.sockets):
            with suppress(OSError):  # it has just closed by itself
                end.shutdown(socket.SHUT_RDWR)

    def wait_until_quiet(self, *, lost_bytes: int = -1) -> None:
        """Returns once no byte came for QUIET_SECONDS, and more than `lost_bytes` are lost.

        Fails after SECONDS.
        """
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < self.last_byte_at + QUIET_SECONDS or self.lost_bytes <= lost_bytes:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def lose_open_connections(self) -> None:
        """Loses all bytes of the present connections; new ones work."""
        self.lossy |= self.sockets

    def restore(self) -> None:
        """Lets new connections through again."""
        self.is_cut = False


class _Connection(BaseRequestHandler):
    server: Proxy

    def handle(self) -> None:
        here = self.request
        if self.server.is_cut:
            return
        with socket.create_connection(self.server.to) as there:
            self.server.sockets.update((here, there))
            other = {here: there, there: here}
            while True:
                ready, _, _ = select.select(list(other), [], [])
                time.sleep(self.server.delay_seconds)
                self.server.wait_until_it_flows()
                lost = [there] if self.server.loses_answers else []
                if self.server.loses_everything or here in self.server.lossy:
                    lost = [here, there]
                if not all(self._forward(end, other[end], lose=end in lost) for end in ready):
                    break
            self.server.sockets.difference_update((here, there))

    def _forward(self, one: socket.socket, other: socket.socket, *, lose: bool) -> bool:
        """Returns True if one end sent bytes and the other end took them."""
        try:
            data = one.recv(65_536)
            if lose:
                self.server.lost_bytes += len(data)
            else:
                other.sendall(data)
        except OSError:
            return False
        self.server.last_byte_at = time.monotonic()
        return bool(data)


@contextmanager
def proxy_to(url: str) -> Iterator[Proxy]:
    """Yields a proxy before the desk at this URL."""
    with Proxy(url) as proxy:
        thread = Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()
            proxy.cut()
