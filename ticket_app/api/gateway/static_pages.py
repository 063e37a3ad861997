"""The compiled pages as an ASGI application, without redirects and with their headers."""

from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ticket_app.api.gateway.headers import Headers, with_headers
from ticket_app.api.problems import plain_problem

FOR_EVER: Headers = ((b"cache-control", b"public, max-age=31536000, immutable"),)
ASK_AGAIN: Headers = ((b"cache-control", b"no-cache"),)

LONGEST_PATH = 255
"""Bytes. No page or asset has a longer path, and file systems differ in their errors for one."""
NOWHERE = "/\N{REPLACEMENT CHARACTER}/"
"""A path that no page has, so that the answer is the page for unknown addresses."""


class StaticPages:
    """Serves the pages and assets that `files` finds; `policy` is the CSP of every page."""

    def __init__(self, files: ASGIApp, policy: str) -> None:
        self._files = files
        self._policy: Headers = ((b"content-security-policy", policy.encode()),)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET or HEAD."""
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        elif scope["method"] not in ("GET", "HEAD"):
            refusal = plain_problem(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET, HEAD"})
            await refusal(scope, receive, send)
        else:
            path = _path_of_file(scope["path"])
            await self._files({**scope, "path": path}, receive, self._with_file_headers(path, send))

    def _with_file_headers(self, path: str, send: Send) -> Send:
        """Return a `send` that adds headers for a hashed asset, another file or a page."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] != "http.response.start":
                await send(message)
                return
            found = message["status"] in (200, 206, 304)
            extra = FOR_EVER if found and path.startswith("/assets/") else ASK_AGAIN
            if dict(message.get("headers", [])).get(b"content-type", b"").startswith(b"text/html"):
                extra = (*extra, *self._policy)
            await with_headers(extra, send)(message)

        return send_with_headers


def _path_of_file(path: str) -> str:
    if "\0" in path or len(path.encode(errors="replace")) > LONGEST_PATH:
        return NOWHERE
    # Starlette would redirect /board to /board/ with an absolute http address.
    is_page = "." not in path.rpartition("/")[2]
    return f"{path}/" if is_page and not path.endswith("/") else path
