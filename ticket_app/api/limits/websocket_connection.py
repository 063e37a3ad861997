"""One websocket between the server and Reflex, with limits on its memory and message rate."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any

from starlette.types import Message, Receive, Send

from ticket_app.api.limits.connections import Connection
from ticket_app.api.limits.token_bucket import TokenBucket

log = logging.getLogger(__name__)

NAMESPACE = "/_event"
EVENTS = tuple(f'42{NAMESPACE},["{name}"' for name in ("event", "ping", "client_error"))
ENTER, LEAVE, PONG, CLOSE = f"40{NAMESPACE},", f"41{NAMESPACE},", "3", "1"
"""All packets that the page's Socket.IO client sends."""

UNREAD_MAX = 4 * 1024 * 1024
"""Bytes that wait for one client to read them. The largest page is a tenth of it."""
UNFINISHED_MAX = 4 * 1024 * 1024
"""Bytes of an incomplete message. A complete one may have 1,000,000 characters."""
SECONDS_TO_ENTER = 10.0
SECONDS_WITHOUT_PROGRESS = 30.0
"""Time for one message to a client. On a slow network the largest takes 7 s."""
PER_SECOND, BURST = 40.0, 400.0
BYTES_AS_ONE_MESSAGE = 8_192
"""Rate limit of one websocket in messages. A long message counts as several."""


class WebsocketConnection:
    """Wraps the ASGI `receive` and `send` of one websocket, whose client is at `address`.

    Outgoing messages queue here and not in Engine.IO's queue, which is unbounded. `on_unread` gets
    each change of the queue's size in bytes. All websockets of a client share its `bucket`.
    """

    def __init__(
        self,
        address: str,
        receive: Receive,
        send: Send,
        *,
        bucket: TokenBucket,
        on_unread: Callable[[int], None],
    ) -> None:
        self.connection: Connection | None = None
        self.unread = 0
        self._address = address
        self._receive, self._send, self._on_unread = receive, send, on_unread
        self._buckets = (TokenBucket(PER_SECOND, BURST), bucket)
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
        """Return the next message once the rate limit allows it.

        A packet that no page sends ends the websocket.
        """
        message = await self._receive()
        if message["type"] != "websocket.receive":
            return message
        self._heard = True
        text = message.get("text")
        if self._is_cut or not isinstance(text, str) or not self._is_known_packet(text):
            self.cut("it sends a packet that no page sends")
            return {"type": "websocket.disconnect", "code": 1008}
        cost = 1 + len(text) / BYTES_AS_ONE_MESSAGE
        if (seconds := max(each.take(cost) for each in self._buckets)) > 0:
            await asyncio.sleep(seconds)
        return message

    async def send(self, message: Message) -> None:
        """Queue a message and return before it is sent. A close waits for earlier messages."""
        if self._is_cut:
            return
        if message["type"] == "websocket.send":
            self._enqueue(message)
        else:
            if self._sending is not None:
                await asyncio.wait([self._sending])
            if not self._is_cut:
                await self._send(message)

    def unfinished(self) -> int:
        """Return the bytes received since the last complete message; 0 without a kernel handle."""
        if self.connection is None:
            return 0
        received = self.connection.bytes_received()
        if self._heard:
            self._heard, self._received_before = False, received
        return received - self._received_before

    def check(self, unfinished: int) -> None:
        """End the websocket if it holds `unfinished` bytes too many, or is past a deadline."""
        now = monotonic()
        if not self._entered and now - self._began > SECONDS_TO_ENTER:
            self.cut("it connected and sent nothing")
        elif self._waiting and now - self._sending_since > SECONDS_WITHOUT_PROGRESS:
            self.cut("it does not read")
        elif unfinished > UNFINISHED_MAX:
            self.cut("its message does not end")

    def cut(self, why: str) -> None:
        """End the websocket at once, whatever is queued."""
        if self._is_cut:
            return
        self._is_cut = True
        log.warning("a websocket of %s was cut: %s", self._address, why)
        if self.connection is not None:
            self.connection.shut_down()
        elif self._task is not None:
            self._task.cancel()
        self._clear_queue()

    def end(self) -> None:
        """Release everything once the application is done with the websocket."""
        self._is_cut = True
        if self._sending is not None:
            self._sending.cancel()
        self._clear_queue()
        if self.connection is not None:
            self.connection.close()

    def _is_known_packet(self, text: str) -> bool:
        if text.startswith(ENTER) and not self._entered:
            self._entered = True
            return True
        return text.startswith((*EVENTS, LEAVE)) or text in (PONG, CLOSE)

    def _enqueue(self, message: Message) -> None:
        message, size = _encodable(message)
        self._waiting.append((message, size))
        self._add_unread(size)
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
                    self._add_unread(-size)
        except RuntimeError:  # the server raises it for a closed connection
            self._clear_queue()
        finally:
            self._sending = None

    def _clear_queue(self) -> None:
        self._waiting.clear()
        self._add_unread(-self.unread)

    def _add_unread(self, size: int) -> None:
        self.unread += size
        self._on_unread(size)


def _encodable(message: Message) -> tuple[Message, int]:
    """Return the message and its size in bytes; a replacement character stands for a surrogate."""
    text: Any = message.get("text")
    if text is None:
        return message, len(message.get("bytes") or b"")
    try:
        return message, len(text.encode())
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return {**message, "text": text}, len(text.encode())
