"""Single-flight: concurrent requests for a text share one call, and its answer is cached."""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from ticket_app.triage.provider.failure import ProviderError
from ticket_app.vocabulary import CallOutcome

ANSWERS_MAX = 1_000
"""The size of the cache, at some kilobytes an answer. A text that is typed comes back when it is
filed, minutes later."""


T = TypeVar("T")


def _retrieve_exception(future: "asyncio.Future[Any]") -> None:
    """Retrieves the error, which asyncio would log if no caller waits for it any more."""
    if not future.cancelled():
        future.exception()


class _Call(Generic[T]):
    def __init__(self, future: "Future[T]") -> None:
        self.future = future
        self.waiting = 0


class SingleFlight(Generic[T]):
    """The calls under way and the last `answers_max` answers, by key. Safe from any thread."""

    def __init__(self, answers_max: int = ANSWERS_MAX) -> None:
        self._lock = threading.RLock()  # a call may finish while it is being started
        self._answers_max = answers_max
        self._answers: OrderedDict[Hashable, T] = OrderedDict()
        self._calls: dict[Hashable, _Call[T]] = {}

    def knows(self, key: Hashable) -> bool:
        """Returns True if the answer is cached or a call for it is under way."""
        with self._lock:
            return key in self._answers or key in self._calls

    def cached(self, key: Hashable) -> T | None:
        """Returns the answer, or None if it is not cached."""
        with self._lock:
            answer = self._answers.get(key)
            if answer is not None:
                self._answers.move_to_end(key)
            return answer

    async def join(self, key: Hashable, begin: "Callable[[], Future[T]]", seconds: float) -> T:
        """Returns the answer of the call under way for the key, or of the one that `begin` starts.

        Raises TimeoutError after `seconds`, and the errors of the call. The call is cancelled when
        no caller waits for it any more.
        """
        call = self._start(key, begin)
        try:
            waiting = asyncio.wrap_future(call.future)
            waiting.add_done_callback(_retrieve_exception)
            # wait_for would go on waiting for a call that ignores its cancellation.
            done, _ = await asyncio.wait({waiting}, timeout=seconds)
            if not done:
                raise TimeoutError
            if waiting.cancelled():  # by LiteLLM, since a caller still waits
                raise ProviderError(CallOutcome.UNEXPECTED)
            return waiting.result()
        finally:
            self._leave(key, call)

    def _start(self, key: Hashable, begin: "Callable[[], Future[T]]") -> _Call[T]:
        with self._lock:
            call = self._calls.get(key)
            if call is None:
                call = self._calls[key] = _Call(begin())
                call.future.add_done_callback(lambda future: self._finish(key, future))
            call.waiting += 1
            return call

    def _leave(self, key: Hashable, call: _Call[T]) -> None:
        with self._lock:
            call.waiting -= 1
            is_last = call.waiting == 0
            if is_last and self._calls.get(key) is call:
                del self._calls[key]  # a new caller must not join a cancelled call
        if is_last:
            call.future.cancel()

    def _finish(self, key: Hashable, future: "Future[T]") -> None:
        answered = not future.cancelled() and future.exception() is None
        with self._lock:
            if (call := self._calls.get(key)) is not None and call.future is future:
                del self._calls[key]
            if answered:
                self._answers[key] = future.result()
                self._answers.move_to_end(key)
                while len(self._answers) > self._answers_max:
                    self._answers.popitem(last=False)
