"""Tells whoever listens that a ticket changed: open pages, the triage worker.

A service publishes once its transaction has committed, from whatever thread it runs in. Listeners
live on the server's event loop; without one (a command, a test) there is nobody to tell. Where the
desk runs as several processes, live/relay.py carries what is published here to the others.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Literal

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Change:
    """A ticket was written; `awaits_triage` says that it waits for a provider since then.

    Without a ticket it stands for changes that nobody could count: read everything again.
    """

    ticket_id: int | None
    awaits_triage: bool = False
    from_here: bool = True


MISSED = Change(None, awaits_triage=True, from_here=False)

Carrier = Callable[[Change], None]
Reach = Literal["ok", "unavailable"]


class Bus:
    """Fan-out of changes to queues. A full queue drops the change: see `subscribe`."""

    def __init__(self) -> None:
        self.reach: Reach | None = None
        """Whether other processes hear of changes right now; None where there are none."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queues: set[asyncio.Queue[Change]] = set()
        self._carriers: list[Carrier] = []

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
            loop.call_soon_threadsafe(self._tell, change)

    def pass_on(self, change: Change) -> None:
        """Tell other processes that a ticket awaits triage which nobody here can take now.

        On the event loop. They heard of the ticket before, but not that they are needed: of ten
        workers nine would ask the database in vain.
        """
        for carry in self._carriers:
            carry(change)

    def deliver(self, change: Change) -> None:
        """Tell every listener of this process, on the event loop."""
        for queue in self._queues:
            if not queue.full():
                queue.put_nowait(change)
            elif queue.maxsize > 1:
                log.warning("a listener is behind; ticket %s was not told to it", change.ticket_id)

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

    @contextmanager
    def carried_by(self, carrier: Carrier) -> Iterator[None]:
        """While the block lasts, this is called on the event loop with what others are to hear."""
        self._carriers.append(carrier)
        try:
            yield
        finally:
            self._carriers.remove(carrier)

    def _tell(self, change: Change) -> None:
        self.deliver(change)
        for carry in self._carriers:
            carry(replace(change, awaits_triage=False))


bus = Bus()
