"""The gateway: checks every request and passes it to the application for its path.

/api goes to FastAPI, /_event to Reflex's websocket, all else to the compiled pages. Reflex's other
addresses (/_upload, /ping, /_health, ...) are not reachable.
"""

from http import HTTPStatus

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ticket_app.api.gateway.headers import with_headers
from ticket_app.api.gateway.origins import (
    READING,
    host_is_allowed,
    origin_is_allowed,
    request_origin,
)
from ticket_app.api.limits.load_shedding import LoadShedder
from ticket_app.api.limits.websockets import Websockets
from ticket_app.api.problems import plain_problem, problem
from ticket_app.settings import Settings

ON_EVERY_ANSWER = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
)
ON_REST = (*ON_EVERY_ANSWER, (b"cache-control", b"no-store"))
"""Tickets change at any time, and no cache may keep what people wrote."""

ADDRESS_LONGEST = 8_192
"""Characters. Parsing a longer address would block the event loop."""


class Gateway:
    """The desk as one ASGI application.

    Without a `site`, in development, Vite serves the pages from its own port. That port is then an
    allowed Origin.
    """

    def __init__(
        self, reflex: ASGIApp, *, api: ASGIApp, site: ASGIApp | None, settings: Settings
    ) -> None:
        self._reflex = reflex
        names = settings.allowed_hosts if site is None else ()
        vite = tuple(f"http://{name}:{settings.dev_port}" for name in names)
        self._websockets = Websockets(
            reflex, port=settings.port, trusted=settings.trusted_proxies, pages=vite
        )
        self._load_shedder = LoadShedder(settings.port, spared=self._websockets.by_peer)
        self._api = api
        self._site = site
        self._hosts = settings.allowed_hosts
        self._origins = settings.allowed_origins + vite

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or let the application for its path answer."""
        if scope["type"] not in ("http", "websocket"):
            async with self._load_shedder.closing_idle_connections():
                await self._reflex(scope, receive, send)
            return
        send = with_headers(ON_REST if _is_below(scope["path"], "/api") else ON_EVERY_ANSWER, send)
        refusal = self._refusal(scope)
        if refusal is None and scope["type"] == "http":
            await self._load_shedder.serve(self._app_for(scope["path"]), scope, receive, send)
        elif refusal is None and _is_below(scope["path"], "/_event"):
            await self._websockets(scope, receive, send)
        elif refusal is not None and scope["type"] == "http":
            await refusal(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    def _refusal(self, scope: Scope) -> Response | None:
        who, path = request_origin(scope), scope["path"]
        if len(path) + len(scope["query_string"]) > ADDRESS_LONGEST:
            return plain_problem(HTTPStatus.REQUEST_URI_TOO_LONG)
        if not host_is_allowed(who.host, self._hosts):
            return problem(
                HTTPStatus.BAD_REQUEST,
                "host_not_allowed",
                f"This desk does not answer to the name {who.host[:100]!r}. If it should, add the "
                "name to ALLOWED_HOSTS, for example: ALLOWED_HOSTS=desk.example.com,localhost",
            )
        if _changes_something(scope) and not origin_is_allowed(who, self._origins):
            return problem(
                HTTPStatus.FORBIDDEN,
                "origin_not_allowed",
                f"Pages of {who.origin[:100]!r} may not talk to this desk. If they should, add "
                "their address to ALLOWED_ORIGINS, for example: ALLOWED_ORIGINS=https://example.com",
            )
        if _is_closed(path):
            return plain_problem(HTTPStatus.NOT_FOUND)
        return None

    def _app_for(self, path: str) -> ASGIApp:
        if _is_below(path, "/api"):
            return self._api
        if self._site is None or _is_below(path, "/_event"):
            return self._reflex
        return self._site


def _changes_something(scope: Scope) -> bool:
    """Return True for a request by which a page of another site could do harm.

    These are all events, and every method of REST that does not only read. CORS is not enough,
    because browsers send some requests to other sites without a preflight.
    """
    return _is_below(scope["path"], "/_event") or (
        scope["type"] == "http" and scope["method"] not in READING
    )


def _is_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")


def _is_closed(path: str) -> bool:
    """Return True for a path of Reflex's own that nobody needs."""
    its_own = path.startswith("/_") or path.rstrip("/") in ("/ping", "/auth-codespace")
    return its_own and not _is_below(path, "/_event")
