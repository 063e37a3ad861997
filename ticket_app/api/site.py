"""The compiled pages as an ASGI application: addresses without a redirect, and their headers."""

from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ticket_app.api.headers import Headers, adding
from ticket_app.api.problems import plain_problem

FOR_EVER: Headers = ((b"cache-control", b"public, max-age=31536000, immutable"),)
ASK_AGAIN: Headers = ((b"cache-control", b"no-cache"),)

LONGEST_PATH = 255
"""Bytes; no page and no asset has a longer one, and what file systems say to one differs."""
NOWHERE = "/\N{REPLACEMENT CHARACTER}/"
"""An address that no page has, and so gets the page for unknown addresses."""


class Site:
    """The pages and their assets, which `files` finds; `policy` is the CSP of every page."""

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
            await self._files({**scope, "path": path}, receive, self._dressing(path, send))

    def _dressing(self, path: str, send: Send) -> Send:
        """Headers by what was found: a hashed asset, another file, a page."""

        async def dressed(message: Message) -> None:
            if message["type"] != "http.response.start":
                await send(message)
                return
            found = message["status"] in (200, 206, 304)
            extra = FOR_EVER if found and path.startswith("/assets/") else ASK_AGAIN
            if dict(message.get("headers", [])).get(b"content-type", b"").startswith(b"text/html"):
                extra = (*extra, *self._policy)
            await adding(extra, send)(message)

        return dressed


def _path_of_file(path: str) -> str:
    if "\0" in path or len(path.encode(errors="replace")) > LONGEST_PATH:
        return NOWHERE
    # Starlette would send /board to /board/ by an absolute http address.
    is_page = "." not in path.rpartition("/")[2]
    return f"{path}/" if is_page and not path.endswith("/") else path
