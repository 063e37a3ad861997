"""Which threads the services run in: a kind of work may fill its own, and nobody else's.

Few of each. Threads that work in turns on one interpreter spend more time on handing it over than
on the work: with 32 requests at once, pages of tickets came out twice as often from four threads as
from eight. And a plain executor: the framework's way to a thread costs twice as much.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from time import monotonic
from typing import Any, TypeVar

from ticket_app.errors import BusyError
from ticket_app.services import figures
from ticket_app.services.tickets import changing, deleting, filing, similar
from ticket_app.services.triage import report as triage_report

Answer = TypeVar("Answer")
Leaving = Callable[[], Awaitable[None]]
"""Ends when nobody waits for the answer any more. Only of work that itself has waited for long."""

WAITING_MAX = 1_000
WAITING_SECONDS = 5.0
SECONDS_BETWEEN_LOOKS = 0.25
"""At those who wait: whether it is too long, and whether they have left."""


class Bulkhead:
    """Threads for one kind of work, with a bounded wait before them.

    Work begins in the order in which it came. BusyError for what finds WAITING_MAX before it, or
    has waited for WAITING_SECONDS; what nobody waits for any more never begins. For the use of one
    event loop at a time.
    """

    def __init__(self, name: str, threads: int) -> None:
        self._executor = ThreadPoolExecutor(threads, name)
        self._threads = threads
        self._asked = 0
        self._waiting: dict[_Turn, None] = {}
        self._looking: asyncio.AbstractEventLoop | None = None

    async def do(self, work: Callable[[], Answer], leaving: Leaving | None = None) -> Answer:
        """What the work returns."""
        if self._asked - self._threads >= WAITING_MAX:
            raise BusyError
        working = self._executor.submit(work)
        self._asked += 1
        try:
            if self._asked > self._threads:
                await self._in_turn(_Turn(working, leaving))
                return working.result()
            return await asyncio.wrap_future(working)
        finally:
            self._free_after(working)

    async def _in_turn(self, turn: "_Turn") -> None:
        self._watch(turn)
        try:
            await asyncio.wrap_future(turn.working)
        except asyncio.CancelledError:
            if turn.given_up:
                raise BusyError from None
            raise
        finally:
            # At once: what is kept keeps its answer, and memory that is used again is at hand.
            self._waiting.pop(turn, None)
            turn.end()

    def _free_after(self, working: "Future[Any]") -> None:
        """A thread goes on with what it has begun, also when nobody waits for it any more."""
        if working.done():
            self._free()
            return
        loop = asyncio.get_running_loop()
        working.add_done_callback(lambda _: self._free_in(loop))

    def _free_in(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            loop.call_soon_threadsafe(self._free)
        except RuntimeError:  # that loop is closed, and nobody waits in it any more
            self._free()

    def _free(self) -> None:
        self._asked -= 1

    def _watch(self, turn: "_Turn") -> None:
        """One timer looks after all that wait: one for each would cost as much as a page."""
        loop = asyncio.get_running_loop()
        if self._looking is not loop:
            self._waiting.clear()  # of a loop that was closed
            self._look_again(loop)
        self._waiting[turn] = None

    def _look_again(self, loop: asyncio.AbstractEventLoop) -> None:
        self._looking = loop
        loop.call_later(SECONDS_BETWEEN_LOOKS, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        for turn in [turn for turn in self._waiting if not turn.still_waits()]:
            del self._waiting[turn]
        if self._waiting:
            self._look_again(loop)
        else:
            self._looking = None


class _Turn:
    """Work in the queue of the threads."""

    __slots__ = ("_asked", "_leaving", "_left", "given_up", "working")

    def __init__(self, working: "Future[Any]", leaving: Leaving | None) -> None:
        self.working = working
        self.given_up = False
        self._leaving = leaving
        self._asked = monotonic()
        self._left: asyncio.Task[None] | None = None

    def still_waits(self) -> bool:
        """Whether it is not begun yet, and not given up for having waited too long."""
        if self.working.running() or self.working.done():
            return False
        if monotonic() - self._asked >= WAITING_SECONDS:
            self._give_up()
            return False
        if self._leaving is not None and self._left is None:
            self._left = asyncio.create_task(self._watch(self._leaving))
        return True

    def end(self) -> None:
        """Nobody waits for it any more."""
        if self._left is not None:
            self._left.cancel()

    async def _watch(self, leaving: Leaving) -> None:
        await leaving()
        self._give_up()

    def _give_up(self) -> None:
        """Unless a thread has just begun it."""
        self.given_up = self.working.cancel()


QUICK = Bulkhead("quick", 4)
"""What takes a millisecond or two, and waits for nobody."""
FILING = Bulkhead("filing-form", 2)
"""The form's tickets; those that come over REST are filed together, in a thread of their own."""
CHANGING = Bulkhead("changing", 6)
"""What may wait until somebody else is done with the same ticket."""
SEARCHING = Bulkhead("searching", 4)
"""What may take as long as a statement may."""
REPORTING = Bulkhead("reporting", 2)
"""What reads much, and is looked at by few."""

KINDS: dict[Callable[..., Any], Bulkhead] = {
    filing.file_once: FILING,
    changing.update_ticket: CHANGING,
    deleting.delete_ticket: CHANGING,
    deleting.ensure_deleted: CHANGING,
    deleting.restore_ticket: CHANGING,
    similar.similar_tickets: SEARCHING,
    figures.ticket_insights: REPORTING,
    triage_report.triage_report: REPORTING,
}
"""All else is quick, unless it searches."""


async def run(
    service: Callable[..., Answer], *args: Any, leaving: Leaving | None = None, **kwargs: Any
) -> Answer:
    """What the service returns, done in a thread of its kind as soon as one is free. BusyError
    where that takes too long."""
    searches = args and getattr(args[0], "search", None) is not None
    kind = SEARCHING if searches else KINDS.get(service, QUICK)
    return await kind.do(partial(service, *args, **kwargs), leaving)
