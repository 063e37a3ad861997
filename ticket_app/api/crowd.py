"""How many requests are at work at a time, and which connections end when there are too many.

The server keeps a number of connections and lets further ones wait unseen. So the gateway answers
503 long before, and closes those that are open and silent: somebody who opens thousands and sends
nothing gets nothing, and everybody else is served.
"""

import asyncio
import logging
import resource
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

from ticket_app.api.connections import Peer, connections, count_open_files, peer_of
from ticket_app.api.problems import problem

log = logging.getLogger(__name__)

REQUESTS_MAX = 1_024
"""At work at a time in one process; the next is answered 503."""
CONNECTIONS_MAX, PART_OF_OPEN_FILES = 2_048, 4
"""From so many on, or that part of the files that may be open, half of them end."""
LOOK_SECONDS = 0.5
SILENT_SECONDS = 1.0
"""Nobody is closed who has sent something within it."""

CROWDED = problem(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "overloaded",
    "Too many requests are at work. Try again in a second.",
    headers={"Retry-After": "1", "Connection": "close"},
)


class Crowd:
    """The requests that are at work in this process."""

    def __init__(self, port: int, spared: Collection[Peer]) -> None:
        """`spared` are other connections that may be silent: the websockets."""
        self._port, self._spared = port, spared
        self._at_work: set[Peer] = set()
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._most = min(CONNECTIONS_MAX, files // PART_OF_OPEN_FILES)

    async def serve(self, room: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the room answer, or say that there are too many. Health is asked all the same."""
        if len(self._at_work) >= REQUESTS_MAX and not scope["path"].startswith("/api/health"):
            await CROWDED(scope, receive, send)
            return
        peer = peer_of(scope)
        self._at_work.add(peer)
        try:
            await room(scope, receive, send)
        finally:
            self._at_work.discard(peer)

    @asynccontextmanager
    async def thinned(self) -> AsyncIterator[None]:
        """Close what is silent while the block lasts and there are too many."""
        looking = asyncio.create_task(self._look_on())
        try:
            yield
        finally:
            looking.cancel()

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                self._look()
            except OSError:  # no file is left to look with, say: the next look comes
                log.exception("the connections could not be looked at")

    def _look(self) -> None:
        number = count_open_files() - len(self._spared)
        if number > self._most:
            self._close_silent(number - self._most // 2)

    def _close_silent(self, number: int) -> None:
        found = connections(
            self._port, lambda peer: peer not in self._at_work and peer not in self._spared
        )
        silent = {peer: connection.seconds_quiet() for peer, connection in found.items()}
        longest = sorted(silent, key=silent.__getitem__, reverse=True)[:number]
        ended = [found[peer] for peer in longest if silent[peer] > SILENT_SECONDS]
        for connection in ended:
            connection.shut_down()
        for connection in found.values():
            connection.close()
        log.warning("too many connections: %d silent ones were closed", len(ended))
