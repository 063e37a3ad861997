"""What a request body may be: JSON in UTF-8 and at most 1 MiB, its length announced or not."""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ticket_app.api.problems import plain_problem, problem

BODY_MAX = 1024 * 1024
DRAINED_MAX = 64 * BODY_MAX
"""A body that is too large is read, and thrown away, up to here: a client that is still sending
would otherwise meet a closed connection instead of the answer."""
WITH_BODY = {"POST", "PUT", "PATCH"}


class BodyLimits:
    """ASGI middleware: 415 for a body that is not JSON, 413 for one that is too large, 400 for one
    that is not UTF-8.

    The body is read here once, so that nothing behind it runs for a request that is refused.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its body read, or answer the error."""
        if scope["type"] != "http" or scope["method"] not in WITH_BODY:
            await self.app(scope, receive, send)
            return
        try:
            body = await _read(receive)
        except ClientDisconnect:
            return  # half a body is no ticket, and nobody waits for an answer
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


async def _read(receive: Receive) -> bytes | None:
    """The body, or None when it is too large. Raises ClientDisconnect when it never ends."""
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
    return b"".join(chunks) if size <= BODY_MAX else None


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
