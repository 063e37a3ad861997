"""The way between a browser and the desk, which a test can slow down, cut and mend."""

import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from urllib.parse import urlsplit


class Wire(ThreadingTCPServer):
    """A loopback port that hands everything on to the desk, while it is not cut.

    It may be slow, lose whatever the desk answers, or be dead in a way that neither end notices.
    """

    daemon_threads = True

    def __init__(self, to: str) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.url = f"http://localhost:{self.server_address[1]}"
        self.to = ("127.0.0.1", urlsplit(to).port)
        self.is_cut = False
        self.seconds_each_way = 0.0
        self.loses_answers = False
        self.is_dead = False
        self.dies = ""
        self.ends: set[socket.socket] = set()
        self.silent: set[socket.socket] = set()

    def cut(self) -> None:
        """Break every connection; a new one ends at once."""
        self.is_cut = True
        for end in list(self.ends):
            with suppress(OSError):  # it has just ended by itself
                end.shutdown(socket.SHUT_RDWR)

    def dies_where_it_stands(self) -> None:
        """The present connections carry nothing any more; a new one gets through."""
        self.silent |= self.ends

    def mend(self) -> None:
        """A new connection gets through."""
        self.is_cut = False


class _Connection(BaseRequestHandler):
    server: Wire

    def handle(self) -> None:
        here = self.request
        if self.server.is_cut:
            return
        with socket.create_connection(self.server.to) as there:
            self.server.ends.update((here, there))
            other = {here: there, there: here}
            while True:
                ready, _, _ = select.select(list(other), [], [])
                time.sleep(self.server.seconds_each_way)
                lost = [there] if self.server.loses_answers else []
                if self.server.is_dead or here in self.server.silent:
                    lost = [here, there]
                if not all(_hand_on(end, other[end], lose=end in lost) for end in ready):
                    break
            self.server.ends.difference_update((here, there))


def _hand_on(one: socket.socket, other: socket.socket, *, lose: bool) -> bool:
    """Whether there was something to hand on, and somebody to take it."""
    try:
        data = one.recv(65_536)
        if not lose:
            other.sendall(data)
    except OSError:
        return False
    return bool(data)


@contextmanager
def wire_to(url: str) -> Iterator[Wire]:
    """A wire to the desk at this address."""
    with Wire(url) as wire:
        thread = Thread(target=wire.serve_forever)
        thread.start()
        try:
            yield wire
        finally:
            wire.shutdown()
            thread.join()
            wire.cut()
