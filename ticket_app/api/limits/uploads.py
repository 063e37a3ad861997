"""Limits on uploads of files: how many at once, how slow, and how the body of a refused one ends.

How large a file may be is a rule of the desk: services/conversation/attachments/uploading.py.
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from starlette.requests import ClientDisconnect, Request
from starlette.types import Scope

from ticket_app.errors import BusyError

ADDRESS = re.compile(r"/api/tickets/[^/]+/attachments/")
AT_ONCE, AT_ONCE_OF_ONE = 16, 4
"""Uploads that one process receives at a time, and those of one person, or of one client without an
account."""
SILENT_SECONDS = 30.0
"""Time in which the next part of a body must arrive."""
SLOWEST = 32 * 1024
"""Bytes a second that a whole upload must have, after its first SILENT_SECONDS."""
DRAINED_MAX, DRAINING_SECONDS = 64 * 1024 * 1024, 30.0
"""Bytes of a refused body that are read and discarded, and the time for it: a browser that is still
sending would otherwise show a lost connection instead of the answer."""


def is_upload(scope: Scope) -> bool:
    """Return True for a request whose body is a file, which is read as it arrives."""
    return scope["method"] == "POST" and ADDRESS.fullmatch(scope["path"]) is not None


class Uploads:
    """The uploads that this process receives now."""

    def __init__(self) -> None:
        self._of: Counter[str] = Counter()

    @contextmanager
    def one_of(self, sender: str) -> Iterator[None]:
        """Count an upload during the block. BusyError if there are too many."""
        own = self._of[sender]
        if self._of.total() >= AT_ONCE or own >= AT_ONCE_OF_ONE:
            raise BusyError
        self._of[sender] += 1
        try:
            yield
        finally:
            self._of[sender] -= 1
            if not self._of[sender]:
                del self._of[sender]


class UploadBody:
    """The body of an upload, as it arrives."""

    def __init__(self, request: Request) -> None:
        self._receive = request.receive
        self._asks_first = "expect" in request.headers
        self._has_ended = False

    async def parts(self, most: int) -> AsyncIterator[bytes]:
        """Yield the body, which may have some `most` bytes, part by part.

        TimeoutError if it is too slow, ClientDisconnect if the client closes before its end.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + SILENT_SECONDS + most / SLOWEST
        while not self._has_ended:
            async with asyncio.timeout_at(min(deadline, loop.time() + SILENT_SECONDS)):
                part = await self._next()
            yield part

    async def drain(self) -> None:
        """Read and discard what is left of a refused body.

        A client that asked first (Expect: 100-continue) has sent nothing, and is answered at once.
        """
        left = 0 if self._asks_first else DRAINED_MAX
        try:
            async with asyncio.timeout(DRAINING_SECONDS):
                while left > 0 and not self._has_ended:
                    left -= len(await self._next())
        except (TimeoutError, ClientDisconnect):
            return

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        self._has_ended = not message.get("more_body", False)
        part: bytes = message.get("body", b"")
        return part
