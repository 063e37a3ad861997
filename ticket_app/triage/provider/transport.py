"""The HTTP client for providers, which limits the bytes that it reads and traces each response.

LiteLLM does not limit the size of an answer, and reports status and headers differently for each
provider. Both are therefore taken from the response itself.
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
"""The most bytes of an answer: ten times the size of 2,000 tokens. LiteLLM would take seconds to
parse a longer, deeply nested body."""
ERROR_BYTES = 64_000
"""The most bytes of an error: its codes may come after a message that quotes the request."""


@dataclass
class HttpTrace:
    """The last response of a call, as it came over the wire.

    `retry_after` is in seconds; `too_large` means that reading stopped. `error` is the beginning
    of an error's body, `answer` the body of any other response.
    """

    status: int | None = None
    retry_after: float | None = None
    too_large: bool = False
    error: bytearray = field(default_factory=bytearray)
    answer: bytearray = field(default_factory=bytearray)


current_trace: ContextVar[HttpTrace] = ContextVar("current_trace")
"""The trace of the call in this task; the client's hooks write into it."""


def make_client() -> httpx.AsyncClient:
    """Returns a client that honours the environment's proxies and stops reading at ANSWER_BYTES.

    It follows no redirect, which would forward the key, and accepts no compressed answer, which
    may expand to any size.
    """
    return _Client(
        event_hooks={"request": [_request_identity_encoding], "response": [_record_response]},
        follow_redirects=False,
        timeout=None,  # the engine sets the deadline
    )


class _Client(httpx.AsyncClient):
    async def send(self, *args: Any, **kwargs: Any) -> httpx.Response:
        """Sends a request, and raises ReadError in place of two errors that LiteLLM would retry.

        LiteLLM would retry with a client of its own, which has no limits.
        """
        try:
            return await super().send(*args, **kwargs)
        except (httpx.RemoteProtocolError, httpx.ConnectError) as error:
            raise httpx.ReadError("the connection broke") from error


async def _request_identity_encoding(request: httpx.Request) -> None:
    request.headers["accept-encoding"] = "identity"


async def _record_response(response: httpx.Response) -> None:
    trace = current_trace.get()
    trace.status = response.status_code
    trace.error.clear()
    trace.answer.clear()
    trace.retry_after = _seconds(response.headers.get("retry-after"))
    packed = response.headers.get("content-encoding", "identity").lower() != "identity"
    stream = cast("httpx.AsyncByteStream", response.stream)
    if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
        response.stream = _Beginning(stream, trace, 0 if packed else ERROR_BYTES)
    elif packed:
        trace.too_large = True
        raise httpx.ReadError("the answer is compressed, and may expand to any size")
    else:
        response.stream = _Bounded(stream, trace)


class _Bounded(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream, trace: HttpTrace) -> None:
        self._stream, self._trace = stream, trace

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = ANSWER_BYTES
        async for piece in self._stream:
            left -= len(piece)
            if left < 0:
                self._trace.too_large = True
                raise httpx.ReadError("the answer is too large")
            self._trace.answer += piece
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Beginning(httpx.AsyncByteStream):
    """The first `most` bytes of a stream, which end it and are copied to the trace."""

    def __init__(self, stream: httpx.AsyncByteStream, trace: HttpTrace, most: int) -> None:
        self._stream, self._trace, self._most = stream, trace, most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self._most
        if not left:
            return
        async for piece in self._stream:
            self._trace.error += piece[:left]
            yield piece[:left]
            left -= len(piece)
            if left <= 0:
                return

    async def aclose(self) -> None:
        await self._stream.aclose()


def _seconds(value: str | None) -> float | None:
    """Returns Retry-After (RFC 9110, 10.2.3), a number or a date, as seconds; None if neither."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
