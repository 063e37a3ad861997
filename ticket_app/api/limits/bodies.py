"""Limits on request bodies, with or without a Content-Length: JSON in UTF-8 of at most 1 MiB, and
forms of pages of at most 16 KiB. Uploads of files have limits of their own, in transfers.py."""

import asyncio
from http import HTTPStatus
from typing import cast

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ticket_app.api.limits.transfers import is_upload
from ticket_app.api.paths import FORMS
from ticket_app.api.problems import plain_problem, problem

BODY_MAX = 1024 * 1024
FORM_MAX = 16 * 1024
FORM_TYPE = "application/x-www-form-urlencoded"
DRAINED_MAX = 64 * BODY_MAX
"""Bytes of a too large body that are read and discarded: a client that is still sending would
otherwise see a closed connection instead of the response."""
WITH_BODY = {"POST", "PUT", "PATCH"}

SECONDS_FOR_A_BODY = 30.0
"""The largest body takes half of it at 70 kB a second."""
CHECK_SECONDS = 1.0
INCOMPLETE_MAX = 256
INCOMPLETE_BYTES_MAX = 64 * BODY_MAX
"""Limits on incomplete bodies, in number and in bytes. Beyond either the oldest is dropped. Normal
bodies arrive within milliseconds and are never the oldest for long."""


class BodyLimits:
    """ASGI middleware that answers 415 for another type, 413 for too large, 400 for not UTF-8.

    It reads the body once, so that no other code runs for a request that is refused.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._incomplete = IncompleteBodies()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its body read, or answer the error."""
        if scope["type"] != "http" or scope["method"] not in WITH_BODY or is_upload(scope):
            await self.app(scope, receive, send)
            return
        is_form = scope["path"] in FORMS
        try:
            body = await self._incomplete.read(receive, FORM_MAX if is_form else BODY_MAX)
        except ClientDisconnect:
            return  # the client is gone, so nobody waits for an answer
        except TimeoutError:
            refusal = plain_problem(HTTPStatus.REQUEST_TIMEOUT, {"Connection": "close"})
            await refusal(scope, receive, send)
            return
        if body is None:
            await _too_large(is_form)(scope, receive, send)
        elif body and not _is_type(Headers(scope=scope).get("content-type", ""), is_form):
            await _wrong_type(is_form)(scope, receive, send)
        elif not _is_utf8(body):
            refusal = problem(
                HTTPStatus.BAD_REQUEST, "not_utf8", "The body is not UTF-8. Encode it as UTF-8."
            )
            await refusal(scope, receive, send)
        else:
            await self.app(scope, _replaying(body, receive), send)


class Body:
    """An incomplete body: the task that reads it, its start, and the bytes held so far."""

    __slots__ = ("aborted", "held", "since", "task")

    def __init__(self, task: "asyncio.Task[object]", since: float) -> None:
        self.task, self.since = task, since
        self.held, self.aborted = 0, False


class IncompleteBodies:
    """The bodies of which a part is missing, oldest first.

    One timer checks all of them. A timer for each would cost a request as much as its routing.
    """

    def __init__(self) -> None:
        self._bodies: dict[Body, None] = {}
        self._held = 0
        self._is_checking = False

    async def read(self, receive: Receive, most: int) -> bytes | None:
        """Return the body, or None if it has more than `most` bytes.

        ClientDisconnect if the client closes before its end; TimeoutError if it is too slow.
        """
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        body = Body(cast("asyncio.Task[object]", task), loop.time())
        self._bodies[body] = None
        if not self._is_checking:
            self._is_checking = True
            loop.call_later(CHECK_SECONDS, self._check, loop)
        try:
            return await self._read(receive, body, most)
        except asyncio.CancelledError:
            if body.aborted and not body.task.uncancel():
                raise TimeoutError from None
            raise
        finally:
            self._release(body)

    async def _read(self, receive: Receive, body: Body, most: int) -> bytes | None:
        chunks, size = [], 0
        while size <= DRAINED_MAX:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            chunk = message.get("body", b"")
            size += len(chunk)
            if size <= most:
                chunks.append(chunk)
            else:
                chunks.clear()
            if not message.get("more_body", False):
                break
            self._set_held(body, size if chunks else 0)
        return b"".join(chunks) if size <= most else None

    def _set_held(self, body: Body, size: int) -> None:
        self._held += size - body.held
        body.held = size
        if len(self._bodies) > INCOMPLETE_MAX or self._held > INCOMPLETE_BYTES_MAX:
            self._abort(next(iter(self._bodies)))

    def _check(self, loop: asyncio.AbstractEventLoop) -> None:
        for body in list(self._bodies):
            if loop.time() - body.since <= SECONDS_FOR_A_BODY:
                break  # those behind it are younger
            self._abort(body)
        self._is_checking = bool(self._bodies)
        if self._is_checking:
            loop.call_later(CHECK_SECONDS, self._check, loop)

    def _abort(self, body: Body) -> None:
        body.aborted = True
        body.task.cancel()
        self._release(body)

    def _release(self, body: Body) -> None:
        self._bodies.pop(body, None)
        self._held -= body.held
        body.held = 0


def _too_large(is_form: bool) -> Response:
    closing = {"Connection": "close"}
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    if is_form:
        detail = "The form is larger than 16 KiB. Send a shorter one."
        return problem(status, "body_too_large", detail, headers=closing)
    return plain_problem(status, closing)


def _wrong_type(is_form: bool) -> Response:
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    if is_form:
        return problem(status, "unsupported_media_type", f"Send the form as {FORM_TYPE}.")
    return plain_problem(status)


def _is_type(content_type: str, is_form: bool) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    if is_form:
        return kind == FORM_TYPE
    return kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )


def _is_utf8(body: bytes) -> bool:
    """Return True for UTF-8 without NUL: Python's JSON parser also accepts UTF-16 and UTF-32."""
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
