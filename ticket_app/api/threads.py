"""Which threads the services run in: a kind of work may fill its own, and nobody else's.

Few of each. Threads that work in turns on one interpreter spend more time on handing it over than
on the work: with 32 requests at once, pages of tickets came out twice as often from four threads as
from eight. And a plain executor: the framework's way to a thread costs twice as much.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TypeVar

Answer = TypeVar("Answer")

QUICK = ThreadPoolExecutor(4, "quick")
"""What takes a millisecond or two, and waits for nobody."""
CHANGING = ThreadPoolExecutor(6, "changing")
"""What may wait until somebody else is done with the same ticket."""
SEARCHING = ThreadPoolExecutor(4, "searching")
"""What may take as long as a statement may."""


async def in_thread(kind: Executor, work: Callable[[], Answer]) -> Answer:
    """What the work returns, done in a thread of that kind as soon as one is free."""
    return await asyncio.get_running_loop().run_in_executor(kind, work)
