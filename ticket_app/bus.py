"""News of changed tickets for listeners in this process: open pages and the triage worker; of
people whose notifications changed, and authors whose drafts did, for their pages; and of ended
sessions, and of who has which ticket open, for other processes.

A service publishes after its transaction has committed, from any thread. Listeners run on the
server's event loop. Without a loop (a command, a test) nobody listens. If the desk runs as several
processes, live/relay.py relays published changes to the others.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from ticket_app.vocabulary import EventKind

log = logging.getLogger(__name__)


Origin = Literal["here", "elsewhere", "handed_on"]
"""The process that wrote the ticket: this one or another. `handed_on` is another one that has no
room for what follows from the change, and leaves it to others."""


@dataclass(frozen=True, slots=True)
class Change:
    """A ticket was written: what happened to it, and of a change the columns that were written.

    A `ticket_id` and a `kind` of None stand for an unknown number of changes: the listener reads
    everything again.
    """

    ticket_id: int | None
    kind: EventKind | None
    fields: frozenset[str] = frozenset()
    origin: Origin = "here"


MISSED = Change(None, None, origin="handed_on")


@dataclass(frozen=True, slots=True)
class Ending:
    """A session or an API token has ended: the one that is known by `key`, or all of a person.

    With neither, any may have ended, and the desk may have got its first account.
    """

    key: str | None = None
    person_id: int | None = None


class Attendee(NamedTuple):
    """Somebody who has the page of a ticket open. `who` is the same for all pages of a person."""

    ticket_id: int
    who: str
    name: str
    writes: bool


@dataclass(frozen=True, slots=True)
class Attendance:
    """All whom one process serves the page of a ticket, in place of what it told before."""

    attendees: tuple[Attendee, ...]
    process: str = ""


@dataclass(frozen=True, slots=True)
class Notified:
    """A person got a notification, has read one, or lost or got back the ticket of one.

    None stands for anybody.
    """

    person_id: int | None


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft of a person was saved or removed; None stands for the agent of an open desk.

    `writer` is the page that saved it, which knows. `comes_or_goes` is False if only its text is
    another one. That is told in this process alone: pages of other processes read it when their
    field gets the focus.
    """

    person_id: int | None
    ticket_id: int
    comes_or_goes: bool
    writer: str = ""


class _Reader(NamedTuple):
    """Who hears of drafts: a person's page for one ticket, or for any; see subscribe_to_drafts."""

    person_id: int | None
    ticket_id: int | None
    writer: str

    def asks_for(self, news: Drafted) -> bool:
        """Returns True if the page is to hear of it."""
        is_own = news.writer != "" and news.writer == self.writer
        if self.person_id != news.person_id or is_own:
            return False
        return news.comes_or_goes if self.ticket_id is None else news.ticket_id == self.ticket_id


News = Change | Ending | Attendance | Notified | Drafted
Relay = Callable[[News], None]
Reach = Literal["ok", "unavailable"]


class Bus:
    """Fans out changes to queues. A full queue drops the change: see `subscribe`."""

    def __init__(self) -> None:
        self.reach: Reach | None = None
        """`ok` if other processes receive changes now; None if the desk has one process."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queues: dict[asyncio.Queue[Change], int | None] = {}
        self._of_people: dict[asyncio.Event, int | None] = {}
        self._relays: list[Relay] = []
        self._of_drafts: dict[asyncio.Queue[Drafted], _Reader] = {}
        self._of_endings: list[Callable[[Ending], None]] = []
        self._of_attendances: list[Callable[[Attendance], None]] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Delivers on this event loop while the block lasts (the server's lifespan)."""
        self._loop = asyncio.get_running_loop()
        try:
            yield
        finally:
            self._loop = None

    def publish(self, *changes: Change) -> None:
        """Sends changes to every listener. Returns at once, from any thread.

        Waking the loop costs more than the changes do, so a batch is published by one call.
        """
        loop = self._loop  # read once: another thread may set it to None when the server stops
        if loop is not None and changes:
            loop.call_soon_threadsafe(self._tell, changes)

    def publish_ending(self, ending: Ending) -> None:
        """Tells other processes of an ending. This one knows. Returns at once, from any thread."""
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(self._relay, ending)

    def publish_notified(self, notified: Notified) -> None:
        """Tells the pages of this person, in every process. Returns at once, from any thread."""
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(self._tell_notified, notified)

    def publish_draft(self, news: Drafted) -> None:
        """Tells the author's pages of a draft. Returns at once, from any thread."""
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(self._tell_of_draft, news)

    def publish_here(self, change: Change) -> None:
        """As `publish`, for the listeners of this process: the others find out by themselves."""
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(self.deliver, change)

    def tell_attendance(self, attendance: Attendance) -> None:
        """Tells other processes who is here. Call it on the event loop."""
        self._relay(attendance)

    def hand_on(self, change: Change) -> None:
        """Leaves what follows from a change to other processes: this one has no room for it now.

        Call it on the event loop. The others know of the change, but not that they are needed: nine
        of ten workers would query the database in vain.
        """
        self._relay(replace(change, origin="handed_on"))

    def deliver(self, change: Change) -> None:
        """Sends a change to every listener of this process. Call it on the event loop."""
        for queue, ticket_id in self._queues.items():
            if ticket_id is not None and change.ticket_id not in (ticket_id, None):
                continue
            if not queue.full():
                queue.put_nowait(change)
            elif queue.maxsize > 1:
                log.warning(
                    "a listener's queue is full: it misses a change of ticket %s", change.ticket_id
                )

    def deliver_draft(self, news: Drafted) -> None:
        """Tells the author's pages in this process of a draft. Call it on the event loop."""
        for queue, reader in self._of_drafts.items():
            if reader.asks_for(news) and not queue.full():
                queue.put_nowait(news)

    def deliver_ending(self, ending: Ending) -> None:
        """Tells this process of an ending in another one. Call it on the event loop."""
        for listener in self._of_endings:
            listener(ending)

    def deliver_attendance(self, attendance: Attendance) -> None:
        """Tells this process who is in another one. Call it on the event loop."""
        for listener in self._of_attendances:
            listener(attendance)

    @contextmanager
    def told_of_attendances(self, listener: Callable[[Attendance], None]) -> Iterator[None]:
        """Calls the listener during the block with who is in another process."""
        self._of_attendances.append(listener)
        try:
            yield
        finally:
            self._of_attendances.remove(listener)

    def deliver_notified(self, notified: Notified) -> None:
        """Tells the pages of this process that belong to the person. Call it on the event loop."""
        for told, person_id in self._of_people.items():
            if notified.person_id is None or person_id in (notified.person_id, None):
                told.set()

    @contextmanager
    def told_of_notifications(self, person_id: int | None) -> Iterator[asyncio.Event]:
        """Yields an event that is set when the notifications of this person have changed.

        None stands for anybody: an open desk has one agent, whom it adds when it needs them.
        """
        told = asyncio.Event()
        self._of_people[told] = person_id
        try:
            yield told
        finally:
            del self._of_people[told]

    @contextmanager
    def told_of_endings(self, listener: Callable[[Ending], None]) -> Iterator[None]:
        """Calls the listener during the block with each ending in another process."""
        self._of_endings.append(listener)
        try:
            yield
        finally:
            self._of_endings.remove(listener)

    @contextmanager
    def subscribe(
        self, capacity: int, ticket_id: int | None = None
    ) -> Iterator[asyncio.Queue[Change]]:
        """Yields a queue of the changes from now on: of every ticket, or of this one.

        A page that reloads as a whole takes a capacity of 1: later changes add no news while one
        waits. A listener that needs every change takes a capacity for the largest burst.
        """
        queue: asyncio.Queue[Change] = asyncio.Queue(capacity)
        self._queues[queue] = ticket_id
        try:
            yield queue
        finally:
            del self._queues[queue]

    @contextmanager
    def subscribe_to_drafts(
        self, person_id: int | None, ticket_id: int | None = None, writer: str = ""
    ) -> Iterator[asyncio.Queue[Drafted]]:
        """Yields a queue of news of a person's drafts for one ticket, but those that this `writer`
        saved; with None, of those that come or go for any. It holds one: later ones add no news
        while it waits."""
        queue: asyncio.Queue[Drafted] = asyncio.Queue(1)
        self._of_drafts[queue] = _Reader(person_id, ticket_id, writer)
        try:
            yield queue
        finally:
            del self._of_drafts[queue]

    @contextmanager
    def relayed_by(self, relay: Relay) -> Iterator[None]:
        """Calls `relay` on the event loop with all news for other processes during the block."""
        self._relays.append(relay)
        try:
            yield
        finally:
            self._relays.remove(relay)

    def _tell(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self.deliver(change)
            self._relay(replace(change, origin="elsewhere"))

    def _tell_notified(self, notified: Notified) -> None:
        self.deliver_notified(notified)
        self._relay(notified)

    def _tell_of_draft(self, news: Drafted) -> None:
        self.deliver_draft(news)
        if news.comes_or_goes:
            self._relay(news)

    def _relay(self, news: News) -> None:
        for relay in self._relays:
            relay(news)


bus = Bus()
