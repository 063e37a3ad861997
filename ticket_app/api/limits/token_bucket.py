"""A token bucket for rate limits."""

from time import monotonic


class TokenBucket:
    """Holds `burst` tokens at first, and refills with `per_second` tokens a second up to that."""

    __slots__ = ("_burst", "_left", "_per_second", "_since")

    def __init__(self, per_second: float, burst: float) -> None:
        self._per_second = per_second
        self._burst = burst
        self._left = burst
        self._since = monotonic()

    def take(self, cost: float) -> float:
        """Take `cost` tokens, also beyond what is left; return the seconds to wait for them."""
        now = monotonic()
        refilled = self._left + (now - self._since) * self._per_second
        self._left, self._since = min(self._burst, refilled) - cost, now
        return max(0.0, -self._left / self._per_second)
