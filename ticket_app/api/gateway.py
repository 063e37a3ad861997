"""The door in front of everything: who may come in, and which room answers.

/api goes to FastAPI, /_event to Reflex's websocket, all else to the compiled pages. What Reflex
offers besides (/_upload, /ping, /_health, ...) is not reachable.
"""

from http import HTTPStatus

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ticket_app.api.crowd import Crowd
from ticket_app.api.doors import READING, caller, host_is_allowed, origin_is_allowed
from ticket_app.api.headers import adding
from ticket_app.api.problems import plain_problem, problem
from ticket_app.api.site import Site
from ticket_app.api.websockets import Websockets
from ticket_app.settings import Settings

ON_EVERY_ANSWER = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
)
ON_REST = (*ON_EVERY_ANSWER, (b"cache-control", b"no-store"))
"""Tickets change at any time, and no cache on the way shall keep what people wrote."""

ADDRESS_LONGEST = 8_192
"""Characters; to take a long one apart would hold everybody up."""


class Gateway:
    """The desk as one ASGI application.

    Without a `site` (in development) the pages come from Vite's port, which then is an allowed
    Origin.
    """

    def __init__(
        self, reflex: ASGIApp, *, api: ASGIApp, site: Site | None, settings: Settings
    ) -> None:
        self._reflex = reflex
        self._websockets = Websockets(reflex, port=settings.port, trusted=settings.trusted_proxies)
        self._crowd = Crowd(settings.port, spared=self._websockets.lines)
        self._api = api
        self._site = site
        self._hosts = settings.allowed_hosts
        self._origins = settings.allowed_origins
        if site is None:
            self._origins += tuple(f"http://{name}:{settings.dev_port}" for name in self._hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or let the room for this path answer."""
        if scope["type"] not in ("http", "websocket"):
            async with self._crowd.thinned():
                await self._reflex(scope, receive, send)
            return
        send = adding(ON_REST if _is_below(scope["path"], "/api") else ON_EVERY_ANSWER, send)
        refusal = self._refusal(scope)
        if refusal is None and scope["type"] == "http":
            await self._crowd.serve(self._room(scope["path"]), scope, receive, send)
        elif refusal is None and _is_below(scope["path"], "/_event"):
            await self._websockets(scope, receive, send)
        elif refusal is not None and scope["type"] == "http":
            await refusal(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    def _refusal(self, scope: Scope) -> Response | None:
        who, path = caller(scope), scope["path"]
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

    def _room(self, path: str) -> ASGIApp:
        if _is_below(path, "/api"):
            return self._api
        if self._site is None or _is_below(path, "/_event"):
            return self._reflex
        return self._site


def _changes_something(scope: Scope) -> bool:
    """Whether another site's page could do harm by this: every event, and all but reading by REST.

    Some requests a browser sends to another site without asking first, so CORS is not enough.
    """
    return _is_below(scope["path"], "/_event") or (
        scope["type"] == "http" and scope["method"] not in READING
    )


def _is_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")


def _is_closed(path: str) -> bool:
    """Whether the path is one of Reflex's own that nobody needs."""
    its_own = path.startswith("/_") or path.rstrip("/") in ("/ping", "/auth-codespace")
    return its_own and not _is_below(path, "/_event")
