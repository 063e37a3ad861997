"""A bulkhead: one kind of work has threads of its own, so that it cannot fill those of others.

The executor is a plain one, because the framework's thread pool costs twice as much for each call.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic
from typing import Any, TypeVar

from ticket_app.errors import BusyError

Answer = TypeVar("Answer")
Leaving = Callable[[], Awaitable[None]]
"""Returns an awaitable that ends when the client has left. Called only for work that has waited."""

WAITING_MAX = 1_000
WAITING_SECONDS = 5.0
CHECK_SECONDS = 0.25
"""Interval between two checks of the waiting work for timeouts and clients that have left."""


class Bulkhead:
    """Threads for one kind of work, with a bounded queue (first in, first out).

    BusyError refuses work when WAITING_MAX wait already, or after WAITING_SECONDS in the queue.
    Work whose client has left the queue never starts. One event loop at a time may use it.
    """

    def __init__(self, name: str, threads: int) -> None:
        self._executor = ThreadPoolExecutor(threads, name)
        self._threads = threads
        self._unfinished = 0
        self._waiting: dict[_Queued, None] = {}
        self._checking: asyncio.AbstractEventLoop | None = None

    async def do(self, work: Callable[[], Answer], leaving: Leaving | None = None) -> Answer:
        """Does the work in a thread and returns its result. Raises BusyError, or its error."""
        if self._unfinished - self._threads >= WAITING_MAX:
            raise BusyError
        future = self._executor.submit(work)
        self._unfinished += 1
        try:
            if self._unfinished > self._threads:
                await self._wait_in_queue(_Queued(future, leaving))
                return future.result()
            return await asyncio.wrap_future(future)
        finally:
            self._free_when_done(future)

    async def _wait_in_queue(self, queued: "_Queued") -> None:
        self._watch(queued)
        try:
            await asyncio.wrap_future(queued.future)
        except asyncio.CancelledError:
            if queued.refused:
                raise BusyError from None
            raise
        finally:
            # Removed at once, because an entry keeps its answer in memory.
            self._waiting.pop(queued, None)
            queued.end()

    def _free_when_done(self, future: "Future[Any]") -> None:
        """Counts the work as finished when its thread is: a thread cannot be cancelled."""
        if future.done():
            self._free()
            return
        loop = asyncio.get_running_loop()
        future.add_done_callback(lambda _: self._free_in(loop))

    def _free_in(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            loop.call_soon_threadsafe(self._free)
        except RuntimeError:  # that loop is closed, so nothing waits in it
            self._free()

    def _free(self) -> None:
        self._unfinished -= 1

    def _watch(self, queued: "_Queued") -> None:
        """Adds the work to the checks. One timer serves all: one each costs as much as a page."""
        loop = asyncio.get_running_loop()
        if self._checking is not loop:
            self._waiting.clear()  # entries of a loop that was closed
            self._schedule_check(loop)
        self._waiting[queued] = None

    def _schedule_check(self, loop: asyncio.AbstractEventLoop) -> None:
        self._checking = loop
        loop.call_later(CHECK_SECONDS, self._check, loop)

    def _check(self, loop: asyncio.AbstractEventLoop) -> None:
        for queued in [queued for queued in self._waiting if not queued.still_waits()]:
            del self._waiting[queued]
        if self._waiting:
            self._schedule_check(loop)
        else:
            self._checking = None


class _Queued:
    """Work in the queue of a bulkhead. `refused` is True if it was cancelled before its start."""

    __slots__ = ("_leaving", "_left", "_since", "future", "refused")

    def __init__(self, future: "Future[Any]", leaving: Leaving | None) -> None:
        self.future = future
        self.refused = False
        self._leaving = leaving
        self._since = monotonic()
        self._left: asyncio.Task[None] | None = None

    def still_waits(self) -> bool:
        """Returns False if the work has started; refuses it and returns False after a timeout."""
        if self.future.running() or self.future.done():
            return False
        if monotonic() - self._since >= WAITING_SECONDS:
            self._refuse()
            return False
        if self._leaving is not None and self._left is None:
            self._left = asyncio.create_task(self._watch(self._leaving))
        return True

    def end(self) -> None:
        """Stops watching the client."""
        if self._left is not None:
            self._left.cancel()

    async def _watch(self, leaving: Leaving) -> None:
        await leaving()
        self._refuse()

    def _refuse(self) -> None:
        """Cancels the work unless a thread has just started it."""
        self.refused = self.future.cancel()
