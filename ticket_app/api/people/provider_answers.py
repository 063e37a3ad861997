"""Bounds on what a provider of OpenID Connect answers.

The client of authlib reads every answer whole, also one that an attacker in the provider's place
sends for as long as the deadline allows.
"""

from collections.abc import AsyncIterator
from typing import cast

import httpx2

ANSWER_BYTES = 1024 * 1024
"""The most bytes of an answer. Metadata and keys of large providers have some 10,000."""


class WrongAnswerError(ValueError):
    """The provider says something that the desk does not believe; the text is of the desk."""


async def ask_for_plain_bytes(request: httpx2.Request) -> None:
    """Ask for an answer that is not compressed: such a one may expand to any size."""
    request.headers["accept-encoding"] = "identity"


async def bound_answer(response: httpx2.Response) -> None:
    """Let the reader of this answer fail with WrongAnswerError beyond ANSWER_BYTES."""
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise WrongAnswerError("a compressed answer")
    response.stream = _Bounded(cast("httpx2.AsyncByteStream", response.stream))


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = ANSWER_BYTES
        async for piece in self._stream:
            left -= len(piece)
            if left < 0:
                raise WrongAnswerError("an answer of more than 1 MiB")
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()
