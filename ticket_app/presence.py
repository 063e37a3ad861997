"""Who has the page of a ticket open, and who writes there, in this process and in others.

Nothing of it is stored. An open page is as long in here as its background event runs and its socket
answers. What another process told is forgotten LIFE_SECONDS after its last word, so that nobody
stays who was in a process that was killed. Call everything on the event loop.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from ticket_app.bus import Attendance, Attendee, Bus, bus

LIFE_SECONDS = 7.0
"""Seconds for which another process's word counts. It renews it every HEARTBEAT_SECONDS."""
HEARTBEAT_SECONDS = 2.5
WRITING_SECONDS = 4.0
"""Seconds after a key in which somebody counts as writing. A page reports keys every 1.5 s."""
ATTENDEES_MAX = 1_000
"""People of one process that others hear of: half of the websockets that a process may have."""
PROCESSES_MAX = 128


@dataclass(eq=False)
class _Page:
    """An open page of this process. One whose socket does not answer counts as left."""

    ticket_id: int
    who: str
    name: str
    writes_until: float = 0.0
    answers: bool = True


class Presence:
    """The people at tickets. `changed` is set when this process has something new to tell."""

    def __init__(self, own: Bus = bus) -> None:
        self.changed = asyncio.Event()
        self._bus = own
        self._pages: dict[str, _Page] = {}
        self._elsewhere: dict[str, tuple[float, tuple[Attendee, ...]]] = {}
        self._waiting: dict[int, set[asyncio.Event]] = {}
        self._told: tuple[Attendee, ...] = ()
        self._told_at = 0.0

    @contextmanager
    def visit(self, page: str, ticket_id: int, who: str, name: str) -> Iterator[asyncio.Event]:
        """Counts a page as open during the block. Yields an event that is set when somebody comes,
        goes, begins to write or ends at the ticket."""
        visit, news = _Page(ticket_id, who, name), asyncio.Event()
        self._pages[page] = visit
        self._waiting.setdefault(ticket_id, set()).add(news)
        self._notify({ticket_id})
        try:
            yield news
        finally:
            if self._pages.get(page) is visit:  # the page may have come back
                del self._pages[page]
            self._waiting[ticket_id].discard(news)
            if not self._waiting[ticket_id]:
                del self._waiting[ticket_id]
            self._notify({ticket_id})

    def write(self, page: str, ticket_id: int, *, writes: bool) -> None:
        """Notes that somebody writes at this page, or does no more."""
        visit = self._pages.get(page)
        if visit is None or visit.ticket_id != ticket_id:
            return
        did, now = visit.writes_until > 0, monotonic()
        visit.writes_until = now + WRITING_SECONDS if writes else 0.0
        if did != writes:
            self._notify({ticket_id})

    def at(self, ticket_id: int, but: str) -> list[Attendee]:
        """Returns the people at a ticket but one, by name. Each is there once."""
        found: dict[str, Attendee] = {}
        for each in self._everyone():
            if each.ticket_id == ticket_id and each.who != but:
                known = found.get(each.who)
                found[each.who] = each if known is None or each.writes else known
        return sorted(found.values(), key=lambda each: (each.name.casefold(), each.who))

    def hear(self, attendance: Attendance) -> None:
        """Takes in who is in another process."""
        _, before = self._elsewhere.pop(attendance.process, (0.0, ()))
        if attendance.attendees and len(self._elsewhere) < PROCESSES_MAX:
            self._elsewhere[attendance.process] = (monotonic(), attendance.attendees)
        self._wake({each.ticket_id for each in {*before} ^ {*attendance.attendees}})

    def look(self, answers: Callable[[str], bool]) -> None:
        """Forgets who is gone: pages that do not answer, ended writing, processes without a word.
        Tells the other processes who is here, if that is news or a heartbeat is due."""
        now, gone = monotonic(), set()
        for page, visit in self._pages.items():
            before = visit.answers, visit.writes_until > 0
            visit.answers = answers(page)
            if visit.writes_until < now:
                visit.writes_until = 0.0
            if before != (visit.answers, visit.writes_until > 0):
                gone.add(visit.ticket_id)
        for process, (at, attendees) in list(self._elsewhere.items()):
            if now - at > LIFE_SECONDS:
                del self._elsewhere[process]
                gone |= {each.ticket_id for each in attendees}
        self._wake(gone)
        self._tell()

    def _tell(self) -> None:
        self.changed.clear()
        if self._bus.reach is None:
            return
        here, now = tuple(self._here())[:ATTENDEES_MAX], monotonic()
        if here != self._told or (here and now - self._told_at >= HEARTBEAT_SECONDS):
            self._told, self._told_at = here, now
            self._bus.tell_attendance(Attendance(here))

    def _here(self) -> Iterator[Attendee]:
        for each in self._pages.values():
            if each.answers:
                yield Attendee(each.ticket_id, each.who, each.name, each.writes_until > 0)

    def _everyone(self) -> Iterator[Attendee]:
        yield from self._here()
        for _, attendees in self._elsewhere.values():
            yield from attendees

    def _notify(self, tickets: set[int]) -> None:
        self.changed.set()
        self._wake(tickets)

    def _wake(self, tickets: set[int]) -> None:
        for ticket_id in tickets:
            for news in self._waiting.get(ticket_id, ()):
                news.set()


people = Presence()
