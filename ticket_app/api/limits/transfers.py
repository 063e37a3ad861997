"""Limits on files that come and go: how many at once, how slow, and how the body of a refused
upload ends.

How large a file may be is a rule of the desk: services/conversation/attachments/uploading.py.
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from starlette.requests import ClientDisconnect, Request
from starlette.types import Scope

from ticket_app.actor import Actor
from ticket_app.errors import BusyError

ADDRESS = re.compile(r"/api/(tickets|linked)/[^/]+/attachments/")
SILENT_SECONDS = 30.0
"""Time for the next part of a file, to arrive or to be taken."""
SLOWEST = 32 * 1024
"""Bytes a second that a whole file must have, after its first SILENT_SECONDS."""
DRAINED_MAX, DRAINING_SECONDS = 64 * 1024 * 1024, 30.0
"""Bytes of a refused body that are read and discarded, and the time for it: a browser that is still
sending would otherwise show a lost connection instead of the answer."""


def is_upload(scope: Scope) -> bool:
    """Return True for a request whose body is a file, which is read as it arrives."""
    return scope["method"] == "POST" and ADDRESS.fullmatch(scope["path"]) is not None


class Transfers:
    """The files that this process receives, or sends, at a time."""

    def __init__(self, most: int, most_of_one: int) -> None:
        """`most_of_one` are those of one person, or of one client without an account."""
        self._most, self._most_of_one = most, most_of_one
        self._of: Counter[str] = Counter()

    @contextmanager
    def one_of(self, actor: Actor) -> Iterator[None]:
        """Count a file during the block. BusyError if there are too many."""
        sender = str(actor.identity.person_id or actor.client_address)
        if self._of.total() >= self._most or self._of[sender] >= self._most_of_one:
            raise BusyError
        self._of[sender] += 1
        try:
            yield
        finally:
            self._of[sender] -= 1
            if not self._of[sender]:
                del self._of[sender]


class Pace:
    """The time that a file of so many bytes may take, from now on."""

    def __init__(self, size: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + SILENT_SECONDS + size / SLOWEST

    def next_part(self) -> asyncio.Timeout:
        """Return the timeout of the next part. It raises TimeoutError."""
        return asyncio.timeout_at(min(self._deadline, self._loop.time() + SILENT_SECONDS))


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
        pace = Pace(most)
        while not self._has_ended:
            async with pace.next_part():
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
