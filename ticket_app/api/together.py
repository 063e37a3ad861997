"""Doing together what arrives together."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from ticket_app.errors import BusyError, DatabaseUnavailableError
from ticket_app.services.threads import WAITING_MAX

Item = TypeVar("Item")
Answer = TypeVar("Answer")
_Asked = tuple[Item, "asyncio.Future[Answer]"]


class Together(Generic[Item, Answer]):
    """Work that costs less in company: what arrives while some is being done, is done next, at
    once. Nothing waits for company; it only makes use of the waiting that there is.

    `work` takes up to `most` items, does all or none, and gives their answers in order. It is done
    in a thread of its own, a lot at a time. For the use of one event loop.
    """

    def __init__(self, work: Callable[[list[Item]], list[Answer]], *, most: int) -> None:
        self._work = work
        self._most = most
        self._thread = ThreadPoolExecutor(1, work.__name__)
        self._waiting: deque[_Asked[Item, Answer]] = deque()
        self._doing: asyncio.Task[None] | None = None

    async def do(self, item: Item) -> Answer:
        """The answer for this item, or what went wrong with it. BusyError behind WAITING_MAX."""
        if len(self._waiting) >= WAITING_MAX:
            raise BusyError
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._doing is None:
            self._doing = asyncio.create_task(self._do_what_waits())
        return await answer

    async def _do_what_waits(self) -> None:
        try:
            while self._waiting:
                some = min(len(self._waiting), self._most)
                await self._do([self._waiting.popleft() for _ in range(some)])
        finally:
            self._doing = None

    async def _do(self, lot: "list[_Asked[Item, Answer]]") -> None:
        lot = [(item, answer) for item, answer in lot if not answer.done()]  # some have left
        if not lot:
            return
        loop = asyncio.get_running_loop()
        items = [item for item, _ in lot]
        try:
            answers = await loop.run_in_executor(self._thread, self._work, items)
        except DatabaseUnavailableError as error:
            # Those behind would wait for the same, one lot after the other.
            _fail([*lot, *self._waiting], error)
            self._waiting.clear()
        except Exception as error:  # noqa: BLE001  # whoever asked is told
            if len(lot) == 1:
                _fail(lot, error)
            else:  # one of them is to blame; the others shall not suffer
                await self._do_singly(lot)
        else:
            for (_, answer), given in zip(lot, answers, strict=True):
                if not answer.done():
                    answer.set_result(given)

    async def _do_singly(self, lot: "list[_Asked[Item, Answer]]") -> None:
        self._waiting.extendleft(reversed(lot))
        for _ in lot:
            if self._waiting:
                await self._do([self._waiting.popleft()])


def _fail(lot: "list[_Asked[Item, Answer]]", error: Exception) -> None:
    for _, answer in lot:
        if not answer.done():
            answer.set_exception(error)
