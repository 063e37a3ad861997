"""The background worker that lets the provider improve tickets after they were filed."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

from ticket_app.bus import Change, bus
from ticket_app.errors import DatabaseUnavailableError
from ticket_app.services.triage.improving import (
    Claim,
    claim_tickets,
    improve_ticket,
    put_back,
    release,
    stop_waiting,
    useful_calls,
)
from ticket_app.settings import get_settings
from ticket_app.vocabulary import CallOutcome

log = logging.getLogger(__name__)

CHANGES_MAX = 1_000
POLL_SECONDS = 5.0
"""Between two looks into the database: for what another process left behind."""


@asynccontextmanager
async def improving() -> AsyncIterator[None]:
    """Improve the tickets that wait while the block lasts.

    Without a provider nothing waits any longer: the offline engine's answers are the last word.
    """
    has_provider = get_settings().provider is not None
    task = asyncio.create_task(Worker().work() if has_provider else _stop_waiting())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Worker:
    """Takes what waits, as many at once as half of AI_CALLS_AT_ONCE, and at most
    AI_BACKLOG_PER_MINUTE a minute: a provider that comes back is not flooded, and who types has
    the other half.
    """

    def __init__(self) -> None:
        settings = get_settings()
        self._at_once = max(1, settings.ai_calls_at_once // 2)
        self._per_second = settings.ai_backlog_per_minute / 60
        self._allowed = float(self._at_once)
        self._counted = monotonic()
        self._tasks: dict[asyncio.Task[None], Claim] = {}
        self._news = asyncio.Event()
        self._filed = 0  # here, since tickets were last taken

    async def work(self) -> None:
        """Until cancelled. What is under way then is given back."""
        with bus.subscribe(CHANGES_MAX) as changes:
            listener = asyncio.create_task(self._listen(changes))
            try:
                while True:
                    await self._start_some()
                    await self._wait()
            finally:
                listener.cancel()
                await self._give_back()

    async def _start_some(self) -> None:
        try:
            room = await self._room()
            claims = await self._claimed(room) if room else []
        except DatabaseUnavailableError:
            return  # the engine has logged it; the next look comes
        except Exception:
            # The edge of a background task: nothing is lost, what waits is in the database.
            log.exception("no ticket could be taken for improving")
            return
        self._allowed -= len(claims)
        self._filed = 0
        for claim in claims:
            task = asyncio.create_task(_improve(claim))
            self._tasks[task] = claim
            task.add_done_callback(self._ended)

    async def _claimed(self, most: int) -> list[Claim]:
        """What was taken; given back, where the end comes while it is being taken."""
        taking = asyncio.create_task(asyncio.to_thread(claim_tickets, most))
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:
            await asyncio.to_thread(release, await taking)
            raise

    async def _room(self) -> int:
        """How many calls are of use to start now."""
        free = self._free()
        return await useful_calls(free) if free > 0 else 0

    def _free(self) -> int:
        """How many calls may start now, as far as this process is concerned."""
        now = monotonic()
        self._allowed += (now - self._counted) * self._per_second
        self._allowed = min(self._allowed, float(self._at_once))
        self._counted = now
        return min(self._at_once - len(self._tasks), int(self._allowed))

    async def _listen(self, changes: "asyncio.Queue[Change]") -> None:
        while True:
            change = await changes.get()
            if not change.awaits_triage:
                continue
            self._news.set()
            if change.from_here:
                self._filed += 1
                if self._filed > self._free():
                    bus.pass_on(change)

    async def _wait(self) -> None:
        """Return when a call may start: a ticket came, a call ended, or time passed."""
        if self._allowed < 1:
            await asyncio.sleep(min(1 / self._per_second, POLL_SECONDS))
            return
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._news.wait()
        except TimeoutError:
            return
        self._news.clear()

    def _ended(self, task: "asyncio.Task[None]") -> None:
        del self._tasks[task]
        self._news.set()  # there is room for another

    async def _give_back(self) -> None:
        claims = list(self._tasks.values())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            await asyncio.to_thread(release, claims)
        except DatabaseUnavailableError:
            log.warning("%d tickets come up again when their lease ends", len(claims))


async def _improve(claim: Claim) -> None:
    try:
        await improve_ticket(claim)
    except DatabaseUnavailableError:
        log.warning("ticket %d comes up again when its lease ends", claim.ticket_id)
    except Exception:
        # The edge of a background task: the ticket keeps its offline values, the rest goes on.
        log.exception("ticket %d could not be improved", claim.ticket_id)
        await _put_back(claim)


async def _put_back(claim: Claim) -> None:
    try:
        await asyncio.to_thread(put_back, claim, CallOutcome.UNEXPECTED)
    except DatabaseUnavailableError:
        log.warning("ticket %d comes up again when its lease ends", claim.ticket_id)


async def _stop_waiting() -> None:
    while True:
        try:
            if stopped := await asyncio.to_thread(stop_waiting):
                log.warning("no AI provider is set: %d wait for one no longer", stopped)
        except DatabaseUnavailableError:
            await asyncio.sleep(POLL_SECONDS)
        except Exception:
            # The edge of a background task: what waits is told as waiting, and is triaged.
            log.exception("tickets may wait for an AI provider that is not set")
            return
        else:
            return
