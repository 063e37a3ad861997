"""One websocket between the server and Reflex, with what it may hold and how fast it may speak."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any

from starlette.types import Message, Receive, Send

from ticket_app.api.allowance import Allowance
from ticket_app.api.connections import Connection

log = logging.getLogger(__name__)

NAMESPACE = "/_event"
EVENTS = tuple(f'42{NAMESPACE},["{name}"' for name in ("event", "ping", "client_error"))
ENTER, LEAVE, PONG, CLOSE = f"40{NAMESPACE},", f"41{NAMESPACE},", "3", "1"
"""All that the page's Socket.IO ever says."""

UNREAD_MAX = 4 * 1024 * 1024
"""Bytes sent to one client that it has not taken; the largest page is a tenth of it."""
UNFINISHED_MAX = 4 * 1024 * 1024
"""Bytes of a message whose end is missing; a whole one may have 1,000,000 characters."""
SECONDS_TO_ENTER = 10.0
SECONDS_WITHOUT_PROGRESS = 30.0
"""For one message to a client; on a slow line the largest takes 7 s."""
PER_SECOND, AT_ONCE = 40.0, 400.0
BYTES_AS_ONE_MESSAGE = 8_192
"""What one client may say: so many messages; a long one counts as several."""


class Line:
    """The ASGI `receive` and `send` of one websocket, whose client is at `address`.

    What is sent waits here, and not in Engine.IO's queue, which has no end. `grown` is called with
    the number of bytes by which what waits has grown or shrunk. All lines of a client share its
    `allowance`.
    """

    def __init__(
        self,
        address: str,
        receive: Receive,
        send: Send,
        *,
        allowance: Allowance,
        grown: Callable[[int], None],
    ) -> None:
        self.connection: Connection | None = None
        self.unread = 0
        self._address = address
        self._receive, self._send, self._grown = receive, send, grown
        self._allowances = (Allowance(PER_SECOND, AT_ONCE), allowance)
        self._task = asyncio.current_task()
        self._began = monotonic()
        self._entered = False
        self._is_cut = False
        self._waiting: deque[tuple[Message, int]] = deque()
        self._sending: asyncio.Task[None] | None = None
        self._sending_since = 0.0
        self._heard = True
        self._received_before = 0

    async def receive(self) -> Message:
        """The next message, once the client may send one; what no page says ends the line."""
        message = await self._receive()
        if message["type"] != "websocket.receive":
            return message
        self._heard = True
        text = message.get("text")
        if self._is_cut or not isinstance(text, str) or not self._is_known(text):
            self.cut("it says what no page says")
            return {"type": "websocket.disconnect", "code": 1008}
        cost = 1 + len(text) / BYTES_AS_ONE_MESSAGE
        if (seconds := max(each.take(cost) for each in self._allowances)) > 0:
            await asyncio.sleep(seconds)
        return message

    async def send(self, message: Message) -> None:
        """Have a message sent, and return before it is; a close waits for what goes before it."""
        if self._is_cut:
            return
        if message["type"] == "websocket.send":
            self._keep(message)
        else:
            if self._sending is not None:
                await asyncio.wait([self._sending])
            if not self._is_cut:
                await self._send(message)

    def unfinished(self) -> int:
        """Bytes that have come in since the last whole message, as far as the kernel tells."""
        if self.connection is None:
            return 0
        received = self.connection.bytes_received()
        if self._heard:
            self._heard, self._received_before = False, received
        return received - self._received_before

    def look(self, unfinished: int) -> None:
        """Cut it where it holds too much, or has held something for too long."""
        now = monotonic()
        if not self._entered and now - self._began > SECONDS_TO_ENTER:
            self.cut("it connected and said nothing")
        elif self._waiting and now - self._sending_since > SECONDS_WITHOUT_PROGRESS:
            self.cut("it does not read")
        elif unfinished > UNFINISHED_MAX:
            self.cut("its message does not end")

    def cut(self, why: str) -> None:
        """End it at once, whatever waits."""
        if self._is_cut:
            return
        self._is_cut = True
        log.warning("a websocket of %s was cut: %s", self._address, why)
        if self.connection is not None:
            self.connection.shut_down()
        elif self._task is not None:
            self._task.cancel()
        self._drop()

    def end(self) -> None:
        """Let go of everything: the application is done with it."""
        self._is_cut = True
        if self._sending is not None:
            self._sending.cancel()
        self._drop()
        if self.connection is not None:
            self.connection.close()

    def _is_known(self, text: str) -> bool:
        if text.startswith(ENTER) and not self._entered:
            self._entered = True
            return True
        return text.startswith((*EVENTS, LEAVE)) or text in (PONG, CLOSE)

    def _keep(self, message: Message) -> None:
        message, size = _encodable(message)
        self._waiting.append((message, size))
        self._count(size)
        if self.unread > UNREAD_MAX:
            self.cut("it does not read what it asks for")
        elif self._sending is None:
            self._sending = asyncio.create_task(self._send_all())

    async def _send_all(self) -> None:
        try:
            while self._waiting:
                message, size = self._waiting[0]
                self._sending_since = monotonic()
                await self._send(message)
                if self._waiting:  # it was not cut meanwhile
                    self._waiting.popleft()
                    self._count(-size)
        except RuntimeError:  # the server's word for a connection that has ended
            self._drop()
        finally:
            self._sending = None

    def _drop(self) -> None:
        self._waiting.clear()
        self._count(-self.unread)

    def _count(self, size: int) -> None:
        self.unread += size
        self._grown(size)


def _encodable(message: Message) -> tuple[Message, int]:
    """The message, with a sign for each half of a surrogate pair in it, and its size in bytes."""
    text: Any = message.get("text")
    if text is None:
        return message, len(message.get("bytes") or b"")
    try:
        return message, len(text.encode())
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return {**message, "text": text}, len(text.encode())
