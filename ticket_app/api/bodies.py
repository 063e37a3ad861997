"""What a request body may be: JSON in UTF-8 and at most 1 MiB, its length announced or not."""

import asyncio
from http import HTTPStatus
from typing import cast

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ticket_app.api.problems import plain_problem, problem

BODY_MAX = 1024 * 1024
DRAINED_MAX = 64 * BODY_MAX
"""A body that is too large is read, and thrown away, up to here: a client that is still sending
would otherwise meet a closed connection instead of the answer."""
WITH_BODY = {"POST", "PUT", "PATCH"}

SECONDS_FOR_A_BODY = 30.0
"""The largest comes in half of it at 70 kB a second."""
LOOK_SECONDS = 1.0
COMING_MAX = 256
COMING_BYTES_MAX = 64 * BODY_MAX
"""Bodies of which a part is missing, and what they hold together; beyond it the oldest is given
up. Others come within milliseconds, and are never the oldest for long."""


class BodyLimits:
    """ASGI middleware: 415 for a body that is not JSON, 413 for one that is too large, 400 for one
    that is not UTF-8.

    The body is read here once, so that nothing behind it runs for a request that is refused.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._coming = Coming()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its body read, or answer the error."""
        if scope["type"] != "http" or scope["method"] not in WITH_BODY:
            await self.app(scope, receive, send)
            return
        try:
            body = await self._coming.read(receive)
        except ClientDisconnect:
            return  # half a body is no ticket, and nobody waits for an answer
        except TimeoutError:
            refusal = plain_problem(HTTPStatus.REQUEST_TIMEOUT, {"Connection": "close"})
            await refusal(scope, receive, send)
            return
        if body is None:
            refusal = plain_problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"Connection": "close"})
            await refusal(scope, receive, send)
        elif body and not _is_json(Headers(scope=scope).get("content-type", "")):
            await plain_problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)(scope, receive, send)
        elif not _is_utf8(body):
            refusal = problem(
                HTTPStatus.BAD_REQUEST, "not_utf8", "The body is not UTF-8. Encode it as UTF-8."
            )
            await refusal(scope, receive, send)
        else:
            await self.app(scope, _replaying(body, receive), send)


class Body:
    """A body that comes in: who waits for it, since when, and how much of it is held."""

    __slots__ = ("given_up", "held", "since", "task")

    def __init__(self, task: "asyncio.Task[object]", since: float) -> None:
        self.task, self.since = task, since
        self.held, self.given_up = 0, False


class Coming:
    """The bodies of which a part is missing, the oldest first.

    One timer looks at all of them. A timer for each would cost a request as much as its routing.
    """

    def __init__(self) -> None:
        self._bodies: dict[Body, None] = {}
        self._held = 0
        self._is_looking = False

    async def read(self, receive: Receive) -> bytes | None:
        """The body, or None when it is too large.

        Raises ClientDisconnect when it never ends, and TimeoutError when it is too slow.
        """
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        body = Body(cast("asyncio.Task[object]", task), loop.time())
        self._bodies[body] = None
        if not self._is_looking:
            self._is_looking = True
            loop.call_later(LOOK_SECONDS, self._look, loop)
        try:
            return await self._read(receive, body)
        except asyncio.CancelledError:
            if body.given_up and not body.task.uncancel():
                raise TimeoutError from None
            raise
        finally:
            self._let_go(body)

    async def _read(self, receive: Receive, body: Body) -> bytes | None:
        chunks, size = [], 0
        while size <= DRAINED_MAX:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            chunk = message.get("body", b"")
            size += len(chunk)
            if size <= BODY_MAX:
                chunks.append(chunk)
            else:
                chunks.clear()
            if not message.get("more_body", False):
                break
            self._hold(body, size if chunks else 0)
        return b"".join(chunks) if size <= BODY_MAX else None

    def _hold(self, body: Body, size: int) -> None:
        self._held += size - body.held
        body.held = size
        if len(self._bodies) > COMING_MAX or self._held > COMING_BYTES_MAX:
            self._give_up(next(iter(self._bodies)))

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        for body in list(self._bodies):
            if loop.time() - body.since <= SECONDS_FOR_A_BODY:
                break  # those behind it are younger
            self._give_up(body)
        self._is_looking = bool(self._bodies)
        if self._is_looking:
            loop.call_later(LOOK_SECONDS, self._look, loop)

    def _give_up(self, body: Body) -> None:
        body.given_up = True
        body.task.cancel()
        self._let_go(body)

    def _let_go(self, body: Body) -> None:
        self._bodies.pop(body, None)
        self._held -= body.held
        body.held = 0


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )


def _is_utf8(body: bytes) -> bool:
    """Python's JSON reader would also take UTF-16 and UTF-32, which are full of NULs."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in body


def _replaying(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
