"""Tells whoever listens in this process that a ticket changed: open pages, the triage worker.

A service publishes once its transaction has committed, from whatever thread it runs in. Listeners
live on the server's event loop; without one (a command, a test) there is nobody to tell.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Change:
    """A ticket was written; `awaits_triage` says that it waits for a provider since then."""

    ticket_id: int
    awaits_triage: bool = False


class Bus:
    """Fan-out of changes to queues. A full queue drops the change: see `subscribe`."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queues: set[asyncio.Queue[Change]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Deliver on this event loop while the block lasts (the server's lifespan)."""
        self._loop = asyncio.get_running_loop()
        try:
            yield
        finally:
            self._loop = None

    def publish(self, change: Change) -> None:
        """Tell every listener; returns at once, from any thread."""
        loop = self._loop  # read once: the server's end may set it to None meanwhile
        if loop is not None:
            loop.call_soon_threadsafe(self._deliver, change)

    @contextmanager
    def subscribe(self, capacity: int) -> Iterator[asyncio.Queue[Change]]:
        """A queue of changes from now on.

        A page that reloads as a whole wants a capacity of 1: what comes while it is behind is the
        same news. Who needs every change takes room for the largest burst.
        """
        queue: asyncio.Queue[Change] = asyncio.Queue(capacity)
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)

    def _deliver(self, change: Change) -> None:
        for queue in self._queues:
            if not queue.full():
                queue.put_nowait(change)
            elif queue.maxsize > 1:
                log.warning("a listener is behind; ticket %d was not told to it", change.ticket_id)


bus = Bus()
