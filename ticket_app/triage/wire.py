"""What goes over the wire to a provider: one HTTP client, with a bound on what it will read.

LiteLLM neither limits an answer's size nor tells every provider's status and headers alike, so both
are taken where they are certain: from the response itself.
"""

from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, cast

import httpx

ANSWER_BYTES = 100_000
"""An answer has some 2,000 tokens, a tenth of this; a longer body is no answer, and LiteLLM would
take seconds over a contorted one."""
ERROR_BYTES = 64_000
"""Of an error so much is read: what it names stands behind a message that may quote the request."""


@dataclass
class Wire:
    """What one call saw: the last response's status, its Retry-After in seconds, its size, and the
    beginning of its body if it is an error, else the body."""

    status: int | None = None
    retry_after: float | None = None
    too_large: bool = False
    error: bytearray = field(default_factory=bytearray)
    answer: bytearray = field(default_factory=bytearray)


watching: ContextVar[Wire] = ContextVar("watching")
"""The call under way in this task; the client's hooks write into it."""


def make_client() -> httpx.AsyncClient:
    """A client that honours the environment's proxies, follows no redirect (a key would travel
    along), takes no compressed answer (a small one may unfold to a large one) and stops reading at
    ANSWER_BYTES.
    """
    return _Client(
        event_hooks={"request": [_ask_for_plain_bytes], "response": [_note_response]},
        follow_redirects=False,
        timeout=None,  # the deadline is the engine's
    )


class _Client(httpx.AsyncClient):
    async def send(self, *args: Any, **kwargs: Any) -> httpx.Response:
        """LiteLLM answers these two by asking again through a client of its own making, which
        knows no bound; another name for the same fault keeps it from that."""
        try:
            return await super().send(*args, **kwargs)
        except (httpx.RemoteProtocolError, httpx.ConnectError) as error:
            raise httpx.ReadError("the connection broke") from error


async def _ask_for_plain_bytes(request: httpx.Request) -> None:
    request.headers["accept-encoding"] = "identity"


async def _note_response(response: httpx.Response) -> None:
    wire = watching.get()
    wire.status = response.status_code
    wire.error.clear()
    wire.answer.clear()
    wire.retry_after = _seconds(response.headers.get("retry-after"))
    packed = response.headers.get("content-encoding", "identity").lower() != "identity"
    stream = cast("httpx.AsyncByteStream", response.stream)
    if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
        response.stream = _Beginning(stream, wire, 0 if packed else ERROR_BYTES)
    elif packed:
        wire.too_large = True
        raise httpx.ReadError("the answer is compressed, and might unfold to any size")
    else:
        response.stream = _Bounded(stream, wire)


class _Bounded(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream, wire: Wire) -> None:
        self._stream, self._wire = stream, wire

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = ANSWER_BYTES
        async for piece in self._stream:
            left -= len(piece)
            if left < 0:
                self._wire.too_large = True
                raise httpx.ReadError("the answer is too large")
            self._wire.answer += piece
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Beginning(httpx.AsyncByteStream):
    """The first bytes of a stream, as if that were all; they are kept."""

    def __init__(self, stream: httpx.AsyncByteStream, wire: Wire, most: int) -> None:
        self._stream, self._wire, self._most = stream, wire, most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self._most
        if not left:
            return
        async for piece in self._stream:
            self._wire.error += piece[:left]
            yield piece[:left]
            left -= len(piece)
            if left <= 0:
                return

    async def aclose(self) -> None:
        await self._stream.aclose()


def _seconds(value: str | None) -> float | None:
    """Retry-After is a number of seconds or a date (RFC 9110, 10.2.3); None if it is neither."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
