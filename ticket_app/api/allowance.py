"""A token bucket: how much somebody may ask for in a while, and how long to wait for more."""

from time import monotonic


class Allowance:
    """So much at once, and so much a second after that."""

    __slots__ = ("_at_once", "_left", "_per_second", "_since")

    def __init__(self, per_second: float, at_once: float) -> None:
        self._per_second = per_second
        self._at_once = at_once
        self._left = at_once
        self._since = monotonic()

    def take(self, cost: float) -> float:
        """Take it, and return for how many seconds to wait before using it."""
        now = monotonic()
        refilled = self._left + (now - self._since) * self._per_second
        self._left, self._since = min(self._at_once, refilled) - cost, now
        return max(0.0, -self._left / self._per_second)
