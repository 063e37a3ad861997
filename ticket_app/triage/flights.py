"""Each text is asked about once: answers are remembered, and who comes meanwhile waits along."""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future

from ticket_app.triage.contract import Triage
from ticket_app.triage.failure import ProviderError
from ticket_app.vocabulary import CallOutcome

ANSWERS_MAX = 1_000
"""Some kilobytes each. What is typed and then filed comes back within minutes."""


def _seen(future: "asyncio.Future[Triage]") -> None:
    """Nobody may be waiting any more: asyncio would complain of an error that nobody looked at."""
    if not future.cancelled():
        future.exception()


class _Flight:
    def __init__(self, future: "Future[Triage]") -> None:
        self.future = future
        self.waiting = 0


class Flights:
    """Calls under way and the last ANSWERS_MAX answers, by key. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a call may land while it is being begun
        self._answers: OrderedDict[Hashable, Triage] = OrderedDict()
        self._flights: dict[Hashable, _Flight] = {}

    def knows(self, key: Hashable) -> bool:
        """Whether the answer is remembered, or on its way."""
        with self._lock:
            return key in self._answers or key in self._flights

    def remembered(self, key: Hashable) -> Triage | None:
        """The answer, if it is one of the last."""
        with self._lock:
            answer = self._answers.get(key)
            if answer is not None:
                self._answers.move_to_end(key)
            return answer

    async def join(
        self, key: Hashable, begin: "Callable[[], Future[Triage]]", seconds: float
    ) -> Triage:
        """The answer that `begin` starts to fetch, or that is under way already.

        Raises TimeoutError after so many seconds, and what the call raises. The call is cancelled
        once nobody waits for it any more.
        """
        flight = self._board(key, begin)
        try:
            waiting = asyncio.wrap_future(flight.future)
            waiting.add_done_callback(_seen)
            # Not wait_for: that would wait on for a call that does not heed its cancellation.
            done, _ = await asyncio.wait({waiting}, timeout=seconds)
            if not done:
                raise TimeoutError
            if waiting.cancelled():  # by LiteLLM: whoever still waits has not asked for it
                raise ProviderError(CallOutcome.UNEXPECTED)
            return waiting.result()
        finally:
            self._leave(key, flight)

    def _board(self, key: Hashable, begin: "Callable[[], Future[Triage]]") -> _Flight:
        with self._lock:
            flight = self._flights.get(key)
            if flight is None:
                flight = self._flights[key] = _Flight(begin())
                flight.future.add_done_callback(lambda future: self._land(key, future))
            flight.waiting += 1
            return flight

    def _leave(self, key: Hashable, flight: _Flight) -> None:
        with self._lock:
            flight.waiting -= 1
            is_the_last = flight.waiting == 0
            if is_the_last and self._flights.get(key) is flight:
                del self._flights[key]  # whoever comes now must not wait for a cancelled call
        if is_the_last:
            flight.future.cancel()

    def _land(self, key: Hashable, future: "Future[Triage]") -> None:
        answered = not future.cancelled() and future.exception() is None
        with self._lock:
            if (flight := self._flights.get(key)) is not None and flight.future is future:
                del self._flights[key]
            if answered:
                self._answers[key] = future.result()
                self._answers.move_to_end(key)
                while len(self._answers) > ANSWERS_MAX:
                    self._answers.popitem(last=False)
