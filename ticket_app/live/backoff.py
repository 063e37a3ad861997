"""Exponential backoff with jitter."""

from random import uniform

FIRST_SECONDS = 0.1
SECONDS_MAX = 5.0


class Backoff:
    """The pauses between the retries of one task."""

    def __init__(self) -> None:
        self._seconds = FIRST_SECONDS

    def next(self) -> float:
        """Return the seconds before the next retry: doubled each time up to SECONDS_MAX, +-25 %."""
        seconds, self._seconds = self._seconds, min(self._seconds * 2, SECONDS_MAX)
        return seconds * uniform(0.75, 1.25)  # noqa: S311  # no secret

    def reset(self) -> None:
        """Start again from FIRST_SECONDS after a success."""
        self._seconds = FIRST_SECONDS
