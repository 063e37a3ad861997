"""Every websocket of this process: how many there are, of whom, and what they hold together."""

import asyncio
import logging
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Receive, Scope, Send

from ticket_app.api.allowance import Allowance
from ticket_app.api.callers import Networks, client_address
from ticket_app.api.connections import Peer, connections, peer_of
from ticket_app.api.line import Line

log = logging.getLogger(__name__)

SOCKETS_MAX = 2_048
SOCKETS_OF_ONE_CLIENT = 256
UNREAD_MAX_OF_ALL = 64 * 1024 * 1024
UNFINISHED_MAX_OF_ALL = 32 * 1024 * 1024
"""Bytes; beyond it the line that holds most is cut."""
PER_SECOND, AT_ONCE = 150.0, 2_000.0
COST_OF_CONNECTING = 5.0
"""Of one client, all its lines together: messages, and what a new line counts for."""
CLIENTS_KNOWN = 4_096
LOOK_SECONDS = 0.1

QUERY_LONGEST = 512
TOKEN = re.compile(r"[\w.-]{1,64}", re.ASCII)
NEEDED = {b"host", b"origin", b"user-agent", b"accept-language", b"connection", b"upgrade"}
"""Headers that Reflex gets to see; it keeps them with the page's state. No cookie, no secret."""
HEADER_LONGEST = 512


@dataclass
class Client:
    """Whoever comes from one address."""

    allowance: Allowance = field(default_factory=lambda: Allowance(PER_SECOND, AT_ONCE))
    sockets: int = 0


class Websockets:
    """ASGI middleware for the websocket of events. The limits are those of one process."""

    def __init__(self, app: ASGIApp, *, port: int, trusted: Networks) -> None:
        self.unread = 0
        self._app, self._port, self._trusted = app, port, trusted
        self.lines: dict[Peer, Line] = {}
        self._clients: OrderedDict[str, Client] = OrderedDict()
        self._looking: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the websocket on, within limits, or refuse it."""
        address = client_address(scope, self._trusted)
        client = self._client(address)
        if (why := self._refusal(scope, client)) is not None:
            log.warning("no websocket for %s: %s", address, why)
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        line = Line(address, receive, send, allowance=client.allowance, grown=self._has_grown)
        peer = peer_of(scope)
        self.lines[peer] = line
        client.sockets += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_on())
        try:
            await self._app(_without_secrets(scope), line.receive, line.send)
        finally:
            client.sockets -= 1
            if self.lines.get(peer) is line:  # else a newer one comes from the same port
                del self.lines[peer]
            line.end()

    def _refusal(self, scope: Scope, client: Client) -> str | None:
        if len(self.lines) >= SOCKETS_MAX:
            return f"this process has {SOCKETS_MAX}, and takes no more"
        if client.sockets >= SOCKETS_OF_ONE_CLIENT:
            return (
                f"it has {SOCKETS_OF_ONE_CLIENT}, and gets no more. If it is a proxy, name it in "
                "TRUSTED_PROXIES"
            )
        if client.allowance.take(0) > 0:  # to be refused costs nothing, or it would never end
            return "it connects, or sends, too often"
        query = scope["query_string"]
        tokens = parse_qs(query.decode("latin-1")).get("token", []) if _is_short(query) else []
        if not _is_short(query) or any(not TOKEN.fullmatch(one) for one in tokens):
            return "its address names no page"
        client.allowance.take(COST_OF_CONNECTING)
        return None

    def _client(self, address: str) -> Client:
        client = self._clients.setdefault(address, Client())
        self._clients.move_to_end(address)
        if len(self._clients) > CLIENTS_KNOWN:
            gone = next((name for name, one in self._clients.items() if not one.sockets), None)
            self._clients.pop(gone or "", None)
        return client

    def _has_grown(self, size: int) -> None:
        self.unread += size
        if self.unread > UNREAD_MAX_OF_ALL:
            largest = max(self.lines.values(), key=lambda line: line.unread)
            largest.cut("of all that do not read it has left most")

    async def _look_on(self) -> None:
        while self.lines:
            await asyncio.sleep(LOOK_SECONDS)
            self._find_connections()
            unfinished = {peer: line.unfinished() for peer, line in self.lines.items()}
            for peer, line in list(self.lines.items()):
                line.look(unfinished[peer])
            self._cut_largest(unfinished)

    def _find_connections(self) -> None:
        missing = {peer for peer, line in self.lines.items() if line.connection is None}
        if missing:
            for peer, connection in connections(self._port, missing.__contains__).items():
                self.lines[peer].connection = connection

    def _cut_largest(self, unfinished: dict[Peer, int]) -> None:
        total = sum(unfinished.values())
        for peer in sorted(unfinished, key=unfinished.__getitem__, reverse=True):
            if total <= UNFINISHED_MAX_OF_ALL:
                return
            total -= unfinished[peer]
            self.lines[peer].cut("of all unfinished messages it sends the largest")


def _is_short(query: bytes) -> bool:
    return len(query) <= QUERY_LONGEST


def _without_secrets(scope: Scope) -> Scope:
    headers = [
        (name, value[:HEADER_LONGEST])
        for name, value in scope["headers"]
        if name in NEEDED or name.startswith(b"sec-websocket-")
    ]
    return {**scope, "headers": headers}
