"""Which threads the services run in: a kind of work may fill its own, and nobody else's.

Few of each. Threads that work in turns on one interpreter spend more time on handing it over than
on the work: with 32 requests at once, pages of tickets came out twice as often from four threads as
from eight.
"""

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

Answer = TypeVar("Answer")

QUICK = CapacityLimiter(4)
"""What takes a millisecond or two, and waits for nobody."""
FILING = CapacityLimiter(4)
"""New tickets: they may wait for a turn to write, and nothing else shall make them wait."""
CHANGING = CapacityLimiter(8)
"""What may wait until somebody else is done with the same ticket."""
SEARCHING = CapacityLimiter(4)
"""What may take as long as a statement may."""


async def in_thread(kind: CapacityLimiter, work: Callable[[], Answer]) -> Answer:
    """What the work returns, done in a thread of that kind as soon as one is free."""
    return await run_sync(work, limiter=kind)
