"""This process's TCP connections as the kernel sees them: what came in, how long one is quiet.

The server under the gateway holds connections, and unfinished messages, of which it tells nobody.
The kernel knows them, and a connection that is shut down here ends there. Without a /proc, which
Linux has, nothing is found and the gateway's other limits hold alone.
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
"""Of Linux's tcp_info."""

Peer = tuple[str, int]
"""Address and port of the other end."""


class Connection:
    """A second handle on a connection that the server owns."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def bytes_received(self) -> int:
        """All that has come in, whether the server has read it or not."""
        return int(BYTES_RECEIVED.unpack_from(self._info(BYTES_RECEIVED.size))[0])

    def seconds_quiet(self) -> float:
        """Since something came in."""
        return int(MS_SINCE_RECEIVED.unpack_from(self._info(MS_SINCE_RECEIVED.size))[0]) / 1000

    def shut_down(self) -> None:
        """End the connection itself, whatever the server waits for."""
        with suppress(OSError):  # it has just ended by itself
            self._end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of this handle; the connection goes on."""
        self._end.close()

    def _info(self, size: int) -> bytes:
        return self._end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, size)


def peer_of(scope: Scope) -> Peer:
    """The other end of a request or a websocket; a made-up one where the server names none."""
    if (client := scope.get("client")) is None:
        return "", id(scope)
    return client[0], int(client[1])  # Granian writes the port as text


def count_open_files() -> int:
    """How many files, connections among them, this process has open; 0 where nobody tells."""
    return len(_numbers())


def connections(port: int, wanted: Callable[[Peer], bool]) -> dict[Peer, Connection]:
    """The connections to this port whose other end is wanted; 3 microseconds for each open file."""
    found: dict[Peer, Connection] = {}
    for number in _numbers():
        try:
            probe = socket.socket(fileno=int(number))
        except OSError:
            continue  # no socket, or closed meanwhile
        try:
            if probe.family in (socket.AF_INET, socket.AF_INET6):
                peer = probe.getpeername()[:2]
                if probe.getsockname()[1] == port and wanted(peer):
                    # Not probe.dup(): it would make the server's own handle wait, and with it the
                    # thread that serves everybody, for as long as this client does not read.
                    found[peer] = Connection(socket.socket(fileno=os.dup(probe.fileno())))
        except OSError:
            continue  # it listens, or has just ended
        finally:
            probe.detach()  # the server closes it
    return found


def _numbers() -> list[str]:
    return os.listdir(OPEN_FILES) if OPEN_FILES.exists() else []  # noqa: PTH208  # numbers are meant
