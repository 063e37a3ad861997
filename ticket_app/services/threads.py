"""Which threads the services run in: a kind of work may fill its own, and nobody else's.

Few of each. Threads that work in turns on one interpreter spend more time on handing it over than
on the work: with 32 requests at once, pages of tickets came out twice as often from four threads as
from eight. And a plain executor: the framework's way to a thread costs twice as much.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from ticket_app.errors import BusyError
from ticket_app.services import changing, figures, filing, similar, tickets, triage_report

Answer = TypeVar("Answer")
Leaving = Callable[[], Awaitable[None]]
"""Ends when nobody waits for the answer any more. Only of work that itself has waited for long."""

WAITING_MAX = 1_000
WAITING_SECONDS = 5.0
LONG_SECONDS = 0.25
"""Who has waited for so long may have left; before, to look would cost more than it saves."""


class Bulkhead:
    """Threads for one kind of work, with a bounded wait before them.

    Work begins in the order in which it came. BusyError for what finds WAITING_MAX before it, or
    has waited for WAITING_SECONDS; what nobody waits for any more never begins. For the use of one
    event loop at a time.
    """

    def __init__(self, name: str, threads: int) -> None:
        self._executor = ThreadPoolExecutor(threads, name)
        self._free = threads
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def do(self, work: Callable[[], Answer], leaving: Leaving | None = None) -> Answer:
        """What the work returns."""
        if self._free:
            self._free -= 1
        else:
            await self._turn(leaving)
        working = self._executor.submit(work)
        try:
            return await asyncio.wrap_future(working)
        finally:
            self._free_after(working)

    async def _turn(self, leaving: Leaving | None) -> None:
        if len(self._waiting) >= WAITING_MAX:
            raise BusyError
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(WAITING_SECONDS):
                await (turn if leaving is None else _unless_left(turn, leaving))
        except (TimeoutError, BusyError, asyncio.CancelledError) as ended:
            if turn.done() and not turn.cancelled():  # it came at this very moment
                self._hand_on()
            elif turn in self._waiting:
                self._waiting.remove(turn)
            if isinstance(ended, TimeoutError):
                raise BusyError from None
            raise

    def _free_after(self, working: "Future[Any]") -> None:
        """A thread goes on with what was begun, also when nobody waits for it any more."""
        if working.done():
            self._hand_on()
            return
        loop = asyncio.get_running_loop()
        working.add_done_callback(lambda _: self._hand_on_in(loop))

    def _hand_on_in(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            loop.call_soon_threadsafe(self._hand_on)
        except RuntimeError:  # that loop is closed, and nobody waits in it any more
            self._free += 1

    def _hand_on(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


async def _unless_left(turn: "asyncio.Future[None]", leaving: Leaving) -> None:
    """Returns at the turn; BusyError once nobody waits for it."""
    done, _ = await asyncio.wait([turn], timeout=LONG_SECONDS)
    if done:
        return
    left = asyncio.ensure_future(leaving())
    try:
        await asyncio.wait([turn, left], return_when=asyncio.FIRST_COMPLETED)
        if not turn.done():
            left.result()
            raise BusyError
    finally:
        left.cancel()


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
    tickets.delete_ticket: CHANGING,
    tickets.restore_ticket: CHANGING,
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
