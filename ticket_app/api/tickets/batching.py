"""Batching of concurrent work."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from ticket_app.errors import BusyError, DatabaseUnavailableError
from ticket_app.services.bulkhead import WAITING_MAX

Item = TypeVar("Item")
Answer = TypeVar("Answer")
_Submitted = tuple[Item, "asyncio.Future[Answer]"]


class Batcher(Generic[Item, Answer]):
    """Batches items that are submitted while an earlier batch is being processed.

    No item waits for a batch to fill: a batch is whatever waits anyway. `work` takes up to `most`
    items, processes all or none, and returns their answers in order. It runs in a thread of its
    own, one batch at a time. An instance belongs to one event loop.
    """

    def __init__(self, work: Callable[[list[Item]], list[Answer]], *, most: int) -> None:
        self._work = work
        self._most = most
        self._thread = ThreadPoolExecutor(1, work.__name__)
        self._waiting: deque[_Submitted[Item, Answer]] = deque()
        self._running: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Answer:
        """Return the answer for this item, or raise its error. BusyError behind WAITING_MAX."""
        if len(self._waiting) >= WAITING_MAX:
            raise BusyError
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._running is None:
            self._running = asyncio.create_task(self._run_batches())
        return await answer

    async def _run_batches(self) -> None:
        try:
            while self._waiting:
                size = min(len(self._waiting), self._most)
                await self._run([self._waiting.popleft() for _ in range(size)])
        finally:
            self._running = None

    async def _run(self, batch: "list[_Submitted[Item, Answer]]") -> None:
        batch = [(item, answer) for item, answer in batch if not answer.done()]  # not cancelled
        if not batch:
            return
        loop = asyncio.get_running_loop()
        items = [item for item, _ in batch]
        try:
            answers = await loop.run_in_executor(self._thread, self._work, items)
        except DatabaseUnavailableError as error:
            # Each batch that waits would otherwise run into the same error, one after the other.
            _fail([*batch, *self._waiting], error)
            self._waiting.clear()
        except Exception as error:  # noqa: BLE001  # the submitter gets the error
            if len(batch) == 1:
                _fail(batch, error)
            else:  # one item is to blame; run each alone, so that the others do not fail
                await self._run_singly(batch)
        else:
            for (_, answer), given in zip(batch, answers, strict=True):
                if not answer.done():
                    answer.set_result(given)

    async def _run_singly(self, batch: "list[_Submitted[Item, Answer]]") -> None:
        self._waiting.extendleft(reversed(batch))
        for _ in batch:
            if self._waiting:
                await self._run([self._waiting.popleft()])


def _fail(batch: "list[_Submitted[Item, Answer]]", error: Exception) -> None:
    for _, answer in batch:
        if not answer.done():
            answer.set_exception(error)
