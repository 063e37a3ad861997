"""The door in front of everything: who may come in, and which room answers.

/api goes to FastAPI, /_event to Reflex's websocket, all else to the compiled pages. What Reflex
offers besides (/_upload, /ping, /_health, ...) is not reachable.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import NamedTuple

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ticket_app.api.doors import Caller, caller, host_is_allowed, origin_is_allowed
from ticket_app.settings import Settings

Headers = Sequence[tuple[bytes, bytes]]

ALWAYS: Headers = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
)
FOR_EVER: Headers = ((b"cache-control", b"public, max-age=31536000, immutable"),)
ASK_AGAIN: Headers = ((b"cache-control", b"no-cache"),)


class Site(NamedTuple):
    """The compiled pages: what serves the files, and the Content-Security-Policy of the HTML."""

    files: ASGIApp
    policy: str


def gateway(reflex: ASGIApp, *, api: ASGIApp, site: Site | None, settings: Settings) -> ASGIApp:
    """The desk as one ASGI application.

    Without a `site` (development) the pages come from Vite's port, which is then an allowed Origin.
    """
    origins = settings.allowed_origins
    if site is None:
        origins += tuple(f"http://{name}:{settings.dev_port}" for name in settings.allowed_hosts)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await reflex(scope, receive, send)
            return
        who = caller(scope)
        send = _adding(ALWAYS, send) if scope["type"] == "http" else send
        if not host_is_allowed(who.host, settings.allowed_hosts):
            await _refuse_host(who, scope, receive, send)
        elif _is_below(scope["path"], "/api"):
            await api(scope, receive, send)
        elif _is_below(scope["path"], "/_event"):
            if origin_is_allowed(who, origins):
                await reflex(scope, receive, send)
            else:
                await _refuse_origin(who, scope, receive, send)
        elif scope["type"] == "websocket" or _is_closed(scope["path"]):
            await _refuse_path(scope, receive, send)
        elif site is None:
            await reflex(scope, receive, send)
        else:
            await _page(site, scope, receive, send)

    return answer


async def _page(site: Site, scope: Scope, receive: Receive, send: Send) -> None:
    path: str = scope["path"]
    if scope["method"] not in ("GET", "HEAD"):
        refusal = _problem(405, "method_not_allowed", "Pages are read with GET or HEAD.")
        refusal.headers["Allow"] = "GET, HEAD"
        await refusal(scope, receive, send)
        return
    if "\0" in path:
        path = "/\N{REPLACEMENT CHARACTER}"
    # Starlette would send /board to /board/ by an absolute http address.
    if "." not in path.rpartition("/")[2] and not path.endswith("/"):
        path += "/"
    dress = _dressing(path, site.policy, send)
    await site.files({**scope, "path": path}, receive, dress)


def _dressing(path: str, policy: str, send: Send) -> Send:
    """Add the headers that depend on what was found: a hashed asset, another file, a page."""

    async def dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            found = message["status"] in (200, 206, 304)
            headers = [(k, v) for k, v in message.get("headers", []) if k != b"cache-control"]
            headers += FOR_EVER if found and path.startswith("/assets/") else ASK_AGAIN
            if any(k == b"content-type" and v.startswith(b"text/html") for k, v in headers):
                headers.append((b"content-security-policy", policy.encode()))
            message = {**message, "headers": headers}
        await send(message)

    return dressed


def _adding(extra: Headers, send: Send) -> Send:
    """Add headers to the answer, except where the room that answers has set its own."""

    async def adding(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", []))
            present = {key.lower() for key, _ in headers}
            headers += [(key, value) for key, value in extra if key not in present]
            message = {**message, "headers": headers}
        await send(message)

    return adding


def _is_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")


def _is_closed(path: str) -> bool:
    """Whether the path is one of Reflex's own: they begin with an underscore, all but two."""
    return path.startswith("/_") or path.rstrip("/") in ("/ping", "/auth-codespace")


async def _refuse_host(who: Caller, scope: Scope, receive: Receive, send: Send) -> None:
    detail = (
        f"This desk does not answer to the name {who.host[:100]!r}. If it should, "
        "add the name to ALLOWED_HOSTS, for example: ALLOWED_HOSTS=desk.example.com,localhost"
    )
    await _refuse(_problem(400, "host_not_allowed", detail), scope, receive, send)


async def _refuse_origin(who: Caller, scope: Scope, receive: Receive, send: Send) -> None:
    detail = (
        f"Pages of {who.origin[:100]!r} may not talk to this desk. If they should, "
        "add their address to ALLOWED_ORIGINS, for example: ALLOWED_ORIGINS=https://example.com"
    )
    await _refuse(_problem(403, "origin_not_allowed", detail), scope, receive, send)


async def _refuse_path(scope: Scope, receive: Receive, send: Send) -> None:
    detail = "There is nothing at this address."
    await _refuse(_problem(404, "not_found", detail), scope, receive, send)


async def _refuse(response: JSONResponse, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
    else:
        await response(scope, receive, send)


def _problem(status: int, code: str, detail: str) -> JSONResponse:
    body = {"status": status, "title": HTTPStatus(status).phrase, "detail": detail, "code": code}
    return JSONResponse(body, status, media_type="application/problem+json")
