"""A client that breaks the protocols: websockets and requests over bare TCP, as an attacker's."""

import base64
import json
import os
import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

SECONDS = 20
TEXT, BINARY, CLOSE, CONTINUATION = 0x1, 0x2, 0x8, 0x0
NAMESPACE = "/_event"
STATE = "reflex___state____state"


class Refused(Exception):  # noqa: N818  # the desk's act, not an error
    """The handshake was refused with this status line."""


def connect(url: str, *, receive_buffer: int | None = None) -> socket.socket:
    """Returns a TCP connection to the desk at this URL."""
    parts = urlsplit(url)
    peer = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if receive_buffer is not None:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    peer.settimeout(SECONDS)
    peer.connect(("127.0.0.1", parts.port or 80))
    return peer


class Websocket:
    """One websocket on the desk's events, at the level of frames."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        headers: Mapping[str, str] = {},
        receive_buffer: int | None = None,
    ) -> None:
        self.peer = connect(url, receive_buffer=receive_buffer)
        self._read = self.peer.makefile("rb")
        lines = [
            f"GET /_event/?EIO=4&transport=websocket&token={quote(token)} HTTP/1.1",
            f"Host: {urlsplit(url).netloc}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        self.peer.sendall("\r\n".join([*lines, "", ""]).encode())
        status = self._read.readline().decode().strip()
        if " 101 " not in status:
            self.close()
            raise Refused(status)
        while self._read.readline() not in (b"\r\n", b""):
            continue

    def enter(self) -> "Websocket":
        """Join the namespace of events, as a page does; returns the websocket."""
        self.send(f"40{NAMESPACE},")
        while (said := self.read()) is not None and not said.startswith("40"):
            continue
        return self

    def event(self, name: str, payload: Mapping[str, Any] | None = None, at: str = "/") -> None:
        """Send one event of a page at this address; `name` lacks the root state's name."""
        event = {
            "name": f"{STATE}.{name}",
            "payload": payload or {},
            "router_data": {"pathname": urlsplit(at).path, "asPath": at, "query": {}},
        }
        self.emit("event", event)

    def emit(self, name: str, *data: Any) -> None:
        """Send a socket.io message; JSON escapes a lone surrogate."""
        self.send(f"42{NAMESPACE},{json.dumps([name, *data])}")

    def send(self, text: str) -> None:
        """Send one whole text message."""
        self.frame(TEXT, text.encode())

    def frame(self, opcode: int, payload: bytes, *, last: bool = True) -> None:
        """Send one frame. Its mask is zero, which leaves the payload as it is and costs no time."""
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", opcode | last << 7, 0x80 | size)
        elif size < 65_536:
            head = struct.pack("!BBH", opcode | last << 7, 0x80 | 126, size)
        else:
            head = struct.pack("!BBQ", opcode | last << 7, 0x80 | 127, size)
        self.peer.sendall(head + bytes(4) + payload)

    def read(self) -> str | None:
        """Returns the next text message; None once the desk has closed the connection."""
        try:
            head = self._read.read(2)
            if len(head) < 2 or head[0] & 0x0F == CLOSE:
                return None
            size = head[1] & 0x7F
            if size == 126:
                (size,) = struct.unpack("!H", self._read.read(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", self._read.read(8))
            text = self._read.read(size).decode()
        except ConnectionError:
            return None
        if text == "2":
            self.send("3")
        return text

    def until(self, words: str) -> str:
        """Read until a message contains these words; returns that message."""
        while (said := self.read()) is not None:
            if words in said:
                return said
        raise AssertionError(f"closed before it said {words!r}")

    def until_closed(self) -> None:
        """Read until the desk closes. Raises TimeoutError after SECONDS without a message."""
        while self.read() is not None:
            continue

    def close(self) -> None:
        """Close the connection without a close frame."""
        self._read.close()
        self.peer.close()


@contextmanager
def websocket(url: str, token: str, **how: Any) -> Iterator[Websocket]:
    """Yields an open websocket."""
    one = Websocket(url, token, **how)
    try:
        yield one
    finally:
        one.close()
