"""A write-behind queue: callers add items and go on; a thread writes them in order, in batches."""

from collections import deque
from collections.abc import Callable
from threading import Condition, Thread
from typing import Generic, TypeVar

BATCH_MAX = 100
WAITING_MAX = 1_000

Item = TypeVar("Item")


class WriteBehind(Generic[Item]):
    """Passes added items to `write` in batches of at most BATCH_MAX, on a thread of its own.

    The thread is a daemon: call `flush` before the process ends. `write` must not raise; the items
    that it cannot write are lost.
    """

    def __init__(self, name: str, write: Callable[[list[Item]], None]) -> None:
        self._name, self._write = name, write
        self._waiting: deque[Item] = deque()
        self._changed = Condition()
        self._thread: Thread | None = None
        self._added = self._settled = self._dropped_at = 0

    def add(self, item: Item) -> bool:
        """Queues the item without blocking; returns False if WAITING_MAX items wait already."""
        with self._changed:
            if len(self._waiting) >= WAITING_MAX:
                return False
            self._waiting.append(item)
            self._added += 1
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return True

    def flush(self, seconds: float) -> int:
        """Waits up to `seconds` until the items added so far are written, and drops the others.

        Returns how many items may be missing. A later call does not wait for those again.
        """
        with self._changed:
            added = self._added
            if added == self._dropped_at:
                return 0
            if self._changed.wait_for(lambda: self._settled >= added, seconds):
                return 0
            left = self._added - self._settled
            self._settled += len(self._waiting)
            self._waiting.clear()
            self._dropped_at = self._added
            return left

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._waiting))
                count = min(len(self._waiting), BATCH_MAX)
                batch = [self._waiting.popleft() for _ in range(count)]
            self._write(batch)
            with self._changed:
                self._settled += count
                self._changed.notify_all()
