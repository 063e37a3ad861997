"""The background worker that lets the provider improve tickets after they were filed.

It leases the tickets that wait: a lease that expires makes a ticket available again.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

from ticket_app.actor import by_triage
from ticket_app.bus import Change, bus
from ticket_app.errors import DatabaseUnavailableError
from ticket_app.services.triage.improving import (
    Lease,
    improve_ticket,
    lease_tickets,
    release,
    release_with_backoff,
    stop_waiting,
    useful_calls,
)
from ticket_app.settings import get_settings
from ticket_app.vocabulary import TEXT, CallOutcome, EventKind

log = logging.getLogger(__name__)

CHANGES_MAX = 1_000
NEW_TEXT = (EventKind.CREATED, EventKind.RESTORED, None)
"""Kinds of changes after which a job may be due; None are changes that this process missed."""

POLL_SECONDS = 5.0
"""Interval between two polls of the database for tickets that another process left behind."""


@asynccontextmanager
async def improving() -> AsyncIterator[None]:
    """Improve the tickets that wait during the block.

    Without a provider it ends the waiting: the offline engine's answers are then final.
    """
    has_provider = get_settings().provider is not None
    task = asyncio.create_task(Worker().work() if has_provider else _stop_waiting())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Worker:
    """Leases tickets that wait and improves them.

    It makes at most half of AI_CALLS_AT_ONCE calls at a time, so that users who type have the other
    half, and at most AI_BACKLOG_PER_MINUTE a minute, so that it does not flood a provider that is
    available again.
    """

    def __init__(self) -> None:
        settings = get_settings()
        self._concurrency = max(1, settings.ai_calls_at_once // 2)
        self._per_second = settings.ai_backlog_per_minute / 60
        self._allowed = float(self._concurrency)
        self._counted = monotonic()
        self._tasks: dict[asyncio.Task[None], Lease] = {}
        self._news = asyncio.Event()
        self._filed = 0  # by this process since the last lease

    async def work(self) -> None:
        """Work until cancelled. The leases of unfinished calls are then released."""
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
            free = await self._free_calls()
            leases = await self._lease_tickets(free) if free else []
        except DatabaseUnavailableError:
            return  # data/engine.py has logged it, and the next poll tries again
        except Exception:
            # The edge of a background task: nothing is lost, as the jobs are in the database.
            log.exception("the waiting tickets could not be leased")
            return
        self._allowed -= len(leases)
        self._filed = 0
        for lease in leases:
            task = asyncio.create_task(_improve(lease))
            self._tasks[task] = lease
            task.add_done_callback(self._ended)

    async def _lease_tickets(self, most: int) -> list[Lease]:
        """Return the leased tickets; release them if cancelled meanwhile."""
        taking = asyncio.create_task(asyncio.to_thread(lease_tickets, by_triage(), most))
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:
            await asyncio.to_thread(release, by_triage(), await taking)
            raise

    async def _free_calls(self) -> int:
        """Return how many calls may usefully start now."""
        free = self._free()
        return await useful_calls(by_triage(), free) if free > 0 else 0

    def _free(self) -> int:
        """Return how many calls this process may start now by its own limits."""
        now = monotonic()
        self._allowed += (now - self._counted) * self._per_second
        self._allowed = min(self._allowed, float(self._concurrency))
        self._counted = now
        return min(self._concurrency - len(self._tasks), int(self._allowed))

    async def _listen(self, changes: "asyncio.Queue[Change]") -> None:
        while True:
            change = await changes.get()
            if change.origin == "elsewhere" or not _may_await_triage(change):
                continue
            self._news.set()
            if change.origin == "here":
                self._filed += 1
                if self._filed > self._free():
                    bus.hand_on(change)

    async def _wait(self) -> None:
        """Return when a call may start: a ticket was filed, a call ended, or time passed."""
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
        self._news.set()  # another call may start

    async def _give_back(self) -> None:
        leases = list(self._tasks.values())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            await asyncio.to_thread(release, by_triage(), leases)
        except DatabaseUnavailableError:
            log.warning("%d tickets are due again when their leases expire", len(leases))


def _may_await_triage(change: Change) -> bool:
    """Returns True if a job may be due since this change: only a new or restored text has one."""
    return change.kind in NEW_TEXT or not change.fields.isdisjoint(TEXT)


async def _improve(lease: Lease) -> None:
    try:
        await improve_ticket(by_triage(), lease)
    except DatabaseUnavailableError:
        log.warning("ticket %d is due again when its lease expires", lease.ticket_id)
    except Exception:
        # The edge of a background task: the ticket keeps its offline values.
        log.exception("ticket %d could not be improved", lease.ticket_id)
        await _release_with_backoff(lease)


async def _release_with_backoff(lease: Lease) -> None:
    try:
        await asyncio.to_thread(release_with_backoff, by_triage(), lease, CallOutcome.UNEXPECTED)
    except DatabaseUnavailableError:
        log.warning("ticket %d is due again when its lease expires", lease.ticket_id)


async def _stop_waiting() -> None:
    while True:
        try:
            if stopped := await asyncio.to_thread(stop_waiting, by_triage()):
                log.warning("no AI provider is set: %d tickets no longer wait for one", stopped)
        except DatabaseUnavailableError:
            await asyncio.sleep(POLL_SECONDS)
        except Exception:
            # The edge of a background task: the tickets have offline values, and show as waiting.
            log.exception("tickets may wait for an AI provider that is not set")
            return
        else:
            return
