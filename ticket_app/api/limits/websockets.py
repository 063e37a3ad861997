"""Limits on all websockets of this process: their number in all, per client, and their memory."""

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Receive, Scope, Send

from ticket_app.api.gateway.origins import is_of_own_page, request_origin
from ticket_app.api.limits.client_address import Networks, client_address
from ticket_app.api.limits.connections import Peer, connections, peer_of
from ticket_app.api.limits.token_bucket import TokenBucket
from ticket_app.api.limits.websocket_connection import WebsocketConnection
from ticket_app.api.session_cookie import session_token
from ticket_app.services.people.identity import HANDSHAKE, Handshake

log = logging.getLogger(__name__)

SOCKETS_MAX = 2_048
SOCKETS_OF_ONE_CLIENT = 256
UNREAD_MAX_OF_ALL = 64 * 1024 * 1024
UNFINISHED_MAX_OF_ALL = 32 * 1024 * 1024
"""Bytes. Beyond these limits the websocket that holds most is cut."""
PER_SECOND, BURST = 150.0, 2_000.0
COST_OF_CONNECTING = 5.0
"""Rate limit of one client in messages over all its websockets, and the cost of a new websocket."""
CLIENTS_KNOWN = 4_096
CHECK_SECONDS = 0.1

QUERY_LONGEST = 512
TOKEN = re.compile(r"[\w.-]{1,64}", re.ASCII)
NEEDED = {b"host", b"origin", b"user-agent", b"accept-language", b"connection", b"upgrade"}
"""Headers that Reflex receives. It stores them with the page's state: no cookie and no secret."""
HEADER_LONGEST = 512


@dataclass
class Client:
    """The rate limit and the number of websockets of one address."""

    bucket: TokenBucket = field(default_factory=lambda: TokenBucket(PER_SECOND, BURST))
    sockets: int = 0


class Websockets:
    """ASGI middleware for the websockets of events. The limits are per process.

    A cookie counts for pages of the desk only. `pages` are other origins of such pages.
    """

    def __init__(
        self, app: ASGIApp, *, port: int, trusted: Networks, pages: Collection[str] = ()
    ) -> None:
        self.unread = 0
        self._app, self._port, self._trusted, self._pages = app, port, trusted, pages
        self.by_peer: dict[Peer, WebsocketConnection] = {}
        self._clients: OrderedDict[str, Client] = OrderedDict()
        self._checking: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the websocket on within the limits, or refuse it."""
        address = client_address(scope, self._trusted)
        client = self._client(address)
        if (why := self._refusal(scope, client)) is not None:
            log.warning("no websocket for %s: %s", address, why)
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        websocket = WebsocketConnection(
            address, receive, send, bucket=client.bucket, on_unread=self._count_unread
        )
        peer = peer_of(scope)
        self.by_peer[peer] = websocket
        client.sockets += 1
        if self._checking is None or self._checking.done():
            self._checking = asyncio.create_task(self._check_regularly())
        try:
            handshake = Handshake(self._token(scope), address)
            known = {**_without_secrets(scope), HANDSHAKE: handshake}
            await self._app(known, websocket.receive, websocket.send)
        finally:
            client.sockets -= 1
            if self.by_peer.get(peer) is websocket:  # a newer one may have the same port
                del self.by_peer[peer]
            websocket.end()

    def _token(self, scope: Scope) -> str | None:
        own = is_of_own_page(scope) or request_origin(scope).origin in self._pages
        return session_token(scope) if own else None

    def _refusal(self, scope: Scope, client: Client) -> str | None:
        if len(self.by_peer) >= SOCKETS_MAX:
            return f"this process has {SOCKETS_MAX}, and takes no more"
        if client.sockets >= SOCKETS_OF_ONE_CLIENT:
            return (
                f"it has {SOCKETS_OF_ONE_CLIENT}, and gets no more. If it is a proxy, name it in "
                "TRUSTED_PROXIES"
            )
        if client.bucket.take(0) > 0:  # a refusal costs no token, or refusals would never end
            return "it connects, or sends, too often"
        query = scope["query_string"]
        tokens = parse_qs(query.decode("latin-1")).get("token", []) if _is_short(query) else []
        if not _is_short(query) or any(not TOKEN.fullmatch(one) for one in tokens):
            return "its address names no page"
        client.bucket.take(COST_OF_CONNECTING)
        return None

    def _client(self, address: str) -> Client:
        client = self._clients.setdefault(address, Client())
        self._clients.move_to_end(address)
        if len(self._clients) > CLIENTS_KNOWN:
            gone = next((name for name, one in self._clients.items() if not one.sockets), None)
            self._clients.pop(gone or "", None)
        return client

    def _count_unread(self, size: int) -> None:
        self.unread += size
        if self.unread > UNREAD_MAX_OF_ALL:
            largest = max(self.by_peer.values(), key=lambda websocket: websocket.unread)
            largest.cut("it holds the most unread bytes of all")

    async def _check_regularly(self) -> None:
        while self.by_peer:
            await asyncio.sleep(CHECK_SECONDS)
            self._find_connections()
            unfinished = {peer: websocket.unfinished() for peer, websocket in self.by_peer.items()}
            for peer, websocket in list(self.by_peer.items()):
                websocket.check(unfinished[peer])
            self._cut_largest(unfinished)

    def _find_connections(self) -> None:
        missing = {peer for peer, websocket in self.by_peer.items() if websocket.connection is None}
        if missing:
            for peer, connection in connections(self._port, missing.__contains__).items():
                self.by_peer[peer].connection = connection

    def _cut_largest(self, unfinished: dict[Peer, int]) -> None:
        total = sum(unfinished.values())
        for peer in sorted(unfinished, key=unfinished.__getitem__, reverse=True):
            if total <= UNFINISHED_MAX_OF_ALL:
                return
            total -= unfinished[peer]
            self.by_peer[peer].cut("its unfinished message is the largest of all")


def _is_short(query: bytes) -> bool:
    return len(query) <= QUERY_LONGEST


def _without_secrets(scope: Scope) -> Scope:
    headers = [
        (name, value[:HEADER_LONGEST])
        for name, value in scope["headers"]
        if name in NEEDED or name.startswith(b"sec-websocket-")
    ]
    return {**scope, "headers": headers}
