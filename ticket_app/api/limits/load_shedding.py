"""Load shedding: limits on active requests and on idle connections.

The server accepts a number of connections and lets further ones wait unseen. So the gateway answers
503 long before, and closes idle connections: a client that opens thousands and sends nothing gets
nothing, and everybody else is served.
"""

import asyncio
import logging
import resource
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

from ticket_app.api.limits.connections import Peer, connections, count_open_files, peer_of
from ticket_app.api.problems import problem

log = logging.getLogger(__name__)

REQUESTS_MAX = 1_024
"""Active requests in one process. The next one is answered 503."""
CONNECTIONS_MAX, PART_OF_OPEN_FILES = 2_048, 4
"""Beyond so many connections, or that part of the limit of open files, half of them are closed."""
CHECK_SECONDS = 0.5
SILENT_SECONDS = 1.0
"""A connection that sent something within this time is not closed."""

OVERLOADED = problem(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "overloaded",
    "Too many requests are at work. Try again in a second.",
    headers={"Retry-After": "1", "Connection": "close"},
)


class LoadShedder:
    """Sheds load: refuses requests beyond the limit, and closes idle connections."""

    def __init__(self, port: int, spared: Collection[Peer]) -> None:
        """`spared` are connections that may be idle: the websockets."""
        self._port, self._spared = port, spared
        self._active: set[Peer] = set()
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._most = min(CONNECTIONS_MAX, files // PART_OF_OPEN_FILES)

    async def serve(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request to the app, or answer 503. Health checks always pass."""
        if len(self._active) >= REQUESTS_MAX and not scope["path"].startswith("/api/health"):
            await OVERLOADED(scope, receive, send)
            return
        peer = peer_of(scope)
        self._active.add(peer)
        try:
            await app(scope, receive, send)
        finally:
            self._active.discard(peer)

    @asynccontextmanager
    async def closing_idle_connections(self) -> AsyncIterator[None]:
        """Close idle connections during the block whenever there are too many."""
        checking = asyncio.create_task(self._check_regularly())
        try:
            yield
        finally:
            checking.cancel()

    async def _check_regularly(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                self._check()
            except OSError:  # no file descriptor is left, for example; the next check will do
                log.exception("the connections could not be checked")

    def _check(self) -> None:
        number = count_open_files() - len(self._spared)
        if number > self._most:
            self._close_silent(number - self._most // 2)

    def _close_silent(self, number: int) -> None:
        found = connections(
            self._port, lambda peer: peer not in self._active and peer not in self._spared
        )
        silent = {peer: connection.seconds_quiet() for peer, connection in found.items()}
        longest = sorted(silent, key=silent.__getitem__, reverse=True)[:number]
        ended = [found[peer] for peer in longest if silent[peer] > SILENT_SECONDS]
        for connection in ended:
            connection.shut_down()
        for connection in found.values():
            connection.close()
        log.warning("too many connections: %d silent ones were closed", len(ended))
