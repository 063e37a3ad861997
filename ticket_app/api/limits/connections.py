"""The TCP connections of this process as the kernel sees them: bytes received and idle time.

The server under the gateway does not expose its connections and incomplete messages. The kernel
knows them, and shutting a connection down here ends it in the server, too. Without Linux's /proc
nothing is found, and only the gateway's other limits hold.
"""

import os
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from starlette.types import Scope

OPEN_FILES = Path("/proc/self/fd")
BYTES_RECEIVED = struct.Struct("=128xQ")
MS_SINCE_RECEIVED = struct.Struct("=52xI")
"""Fields of Linux's tcp_info."""

Peer = tuple[str, int]
"""Address and port of the other end."""


class Connection:
    """A second handle of a connection that the server owns."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def bytes_received(self) -> int:
        """Return all bytes received, whether the server has read them or not."""
        return int(BYTES_RECEIVED.unpack_from(self._info(BYTES_RECEIVED.size))[0])

    def seconds_quiet(self) -> float:
        """Return the seconds since the last byte was received."""
        return int(MS_SINCE_RECEIVED.unpack_from(self._info(MS_SINCE_RECEIVED.size))[0]) / 1000

    def shut_down(self) -> None:
        """Shut the connection down, whatever the server waits for."""
        with suppress(OSError):  # the connection has just ended
            self._end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close this handle; the connection stays open."""
        self._end.close()

    def _info(self, size: int) -> bytes:
        return self._end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, size)


def peer_of(scope: Scope) -> Peer:
    """Return the peer of a request or websocket; a unique made-up one if the server names none."""
    if (client := scope.get("client")) is None:
        return "", id(scope)
    return client[0], int(client[1])  # Granian writes the port as text


def count_open_files() -> int:
    """Return the number of files that this process has open, sockets included; 0 if unknown."""
    return len(_numbers())


def connections(port: int, wanted: Callable[[Peer], bool]) -> dict[Peer, Connection]:
    """Return the connections to this port with a wanted peer, in 3 microseconds an open file."""
    found: dict[Peer, Connection] = {}
    for number in _numbers():
        try:
            probe = socket.socket(fileno=int(number))
        except OSError:
            continue  # not a socket, or closed meanwhile
        try:
            if probe.family in (socket.AF_INET, socket.AF_INET6):
                peer = probe.getpeername()[:2]
                if probe.getsockname()[1] == port and wanted(peer):
                    # Not probe.dup(): it would make the server's own handle blocking, and with it
                    # the thread that serves everybody, for as long as this client does not read.
                    found[peer] = Connection(socket.socket(fileno=os.dup(probe.fileno())))
        except OSError:
            continue  # a listening socket, or one that has just ended
        finally:
            probe.detach()  # the server closes it
    return found


def _numbers() -> list[str]:
    return os.listdir(OPEN_FILES) if OPEN_FILES.exists() else []  # noqa: PTH208  # numbers are meant
