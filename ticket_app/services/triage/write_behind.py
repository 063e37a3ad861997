"""Lines written behind the back of whoever has them: in order, and many in one transaction."""

from collections import deque
from collections.abc import Callable
from threading import Condition, Thread
from typing import Generic, TypeVar

BATCH_MAX = 100
WAITING_MAX = 1_000

Line = TypeVar("Line")


class WriteBehind(Generic[Line]):
    """Gives what is added to `write`, at most BATCH_MAX at a time, on a thread of its own.

    The thread does not keep a process alive: who ends one calls `flush` before. `write` must not
    raise; what it cannot write is lost.
    """

    def __init__(self, name: str, write: Callable[[list[Line]], None]) -> None:
        self._name, self._write = name, write
        self._waiting: deque[Line] = deque()
        self._changed = Condition()
        self._thread: Thread | None = None
        self._added = self._settled = self._given_up = 0

    def add(self, line: Line) -> bool:
        """Have the line written soon; False with WAITING_MAX waiting. Returns at once."""
        with self._changed:
            if len(self._waiting) >= WAITING_MAX:
                return False
            self._waiting.append(line)
            self._added += 1
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return True

    def flush(self, seconds: float) -> int:
        """Wait so long at most until what was added so far is settled, and give up what is not.

        Returns how many lines that were; what was given up once is not waited for again.
        """
        with self._changed:
            added = self._added
            if added == self._given_up:
                return 0
            if self._changed.wait_for(lambda: self._settled >= added, seconds):
                return 0
            left = self._added - self._settled
            self._settled += len(self._waiting)
            self._waiting.clear()
            self._given_up = self._added
            return left

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._waiting))
                count = min(len(self._waiting), BATCH_MAX)
                lines = [self._waiting.popleft() for _ in range(count)]
            self._write(lines)
            with self._changed:
                self._settled += count
                self._changed.notify_all()
