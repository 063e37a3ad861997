"""How long to wait between two tries: longer each time, never for ever, never all at once."""

from random import uniform

FIRST_SECONDS = 0.1
SECONDS_MAX = 5.0


class Pauses:
    """The pauses of one who tries again and again."""

    def __init__(self) -> None:
        self._seconds = FIRST_SECONDS

    def next(self) -> float:
        """Seconds to wait before the next try: twice as long each time, within SECONDS_MAX."""
        seconds, self._seconds = self._seconds, min(self._seconds * 2, SECONDS_MAX)
        return seconds * uniform(0.75, 1.25)  # noqa: S311  # no secret

    def reset(self) -> None:
        """It worked: the next failure is a first one."""
        self._seconds = FIRST_SECONDS
