"""HTTP methods: HEAD wherever there is GET, and the Allow header."""

from collections.abc import Iterable

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FIXED = STATS, CLASSIFY, SUGGEST_TITLE = "stats", "classify", "suggest-title"
"""Fixed addresses beside /api/tickets/{ticket_id}/. The routes are built from these names."""


class TicketSegment(Convertor[str]):
    """The convertor of `{name:ticket}` in a route: a path segment that may be a ticket's number.

    It never matches a fixed address, whatever the method. Otherwise DELETE /api/tickets/stats/
    would be answered as the deletion of a ticket with a wrong number.
    """

    regex = rf"(?!(?:{'|'.join(FIXED)})/$)[^/]+"

    def convert(self, value: str) -> str:
        """Return the segment itself; the endpoint validates it."""
        return value

    def to_string(self, value: str) -> str:
        """Return the segment itself."""
        return value


register_url_convertor("ticket", TicketSegment())


class HeadLikeGet:
    """ASGI middleware that answers HEAD like GET without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, HEAD as GET."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            await self.app({**scope, "method": "GET"}, receive, _without_body(send))
        else:
            await self.app(scope, receive, send)


def _without_body(send: Send) -> Send:
    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
            await send({"type": "http.response.body", "body": b""})

    return send_head


def allowed_methods(routes: Iterable[BaseRoute], path: str) -> str:
    """Return the Allow header for a path, with the methods of all its routes.

    Starlette lists those of the first route only.
    """
    methods = {
        method
        for route in routes
        if isinstance(route, Route) and route.path_regex.match(path)
        for method in route.methods or ()
    }
    # A path without a route is a file of the documentation.
    methods = methods or {"GET"}
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
