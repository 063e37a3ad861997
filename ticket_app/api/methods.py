"""Methods of addresses: HEAD wherever GET is, and what the Allow header names."""

from collections.abc import Iterable

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FIXED = STATS, CLASSIFY, SUGGEST_TITLE = "stats", "classify", "suggest-title"
"""Addresses beside the tickets' own, /api/tickets/{ticket_id}/; the routes take them from here."""


class TicketSegment(Convertor[str]):
    """`{name:ticket}` in a route: a part of a path that may be a ticket's number.

    A fixed address is none, whatever the method. Otherwise DELETE /api/tickets/stats/ would be
    answered as the deletion of a ticket with a wrong number.
    """

    regex = rf"(?!(?:{'|'.join(FIXED)})/$)[^/]+"

    def convert(self, value: str) -> str:
        """The part itself; the endpoint validates it."""
        return value

    def to_string(self, value: str) -> str:
        """The part itself."""
        return value


register_url_convertor("ticket", TicketSegment())


class HeadLikeGet:
    """ASGI middleware: answers HEAD as GET, without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, a HEAD as GET."""
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
    """The methods of every route with this path, as an Allow header names them.

    Starlette names those of the first route alone.
    """
    methods = {
        method
        for route in routes
        if isinstance(route, Route) and route.path_regex.match(path)
        for method in route.methods or ()
    }
    # What is no route is a file of the documentation.
    methods = methods or {"GET"}
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
