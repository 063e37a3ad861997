"""Works for the followers of the record of events, in a task each.

A change in this process or, with Redis, in another wakes them; a poll finds what no news told of.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import uniform

from ticket_app.actor import by_command
from ticket_app.bus import Change, bus
from ticket_app.errors import DatabaseUnavailableError
from ticket_app.services.followers.following import Following, follow, leave, prepare
from ticket_app.services.followers.notifying import CONCERNS, NAME, notify

log = logging.getLogger(__name__)

FOLLOWERS = {NAME: (notify, CONCERNS)}
POLL_SECONDS = 3.0
PAUSE_SECONDS = 0.5
"""Pause after each look at the record, so that other writers come first and open transactions can
end. A batch is some ten statements and two commits: twenty a second took a quarter of the processor
from a desk that files all the time. So did the looks of a process without the lease, which each
change wakes."""


@asynccontextmanager
async def following() -> AsyncIterator[None]:
    """During the block, show the events of the record to each follower."""
    mine = [prepare(by_command(), name, *follower) for name, follower in FOLLOWERS.items()]
    tasks = [asyncio.create_task(_work(each)) for each in mine]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _work(mine: Following) -> None:
    with bus.subscribe(1) as changes:
        try:
            while True:
                more = await _step(mine)
                await asyncio.sleep(PAUSE_SECONDS)
                if not more:
                    await _wait(changes)
        finally:
            await asyncio.to_thread(_leave, mine)


async def _step(mine: Following) -> bool:
    """Returns True if there may be more to do at once."""
    working = asyncio.create_task(asyncio.to_thread(follow, by_command(), mine))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        mine.stopping = True
        await asyncio.gather(working, return_exceptions=True)
        raise
    except DatabaseUnavailableError:
        return False  # data/engine.py has logged it, and the next poll tries again
    except Exception:
        # The edge of a background task: nothing is lost, as the place is in the database.
        log.exception("the follower %s could not go on", mine.name)
        return False


async def _wait(changes: "asyncio.Queue[Change]") -> None:
    """Return after a change, or when it is time for a poll."""
    try:
        # Jitter, so that processes which start together do not poll together.
        async with asyncio.timeout(POLL_SECONDS * uniform(0.5, 1.5)):  # noqa: S311  # no secret
            await changes.get()
    except TimeoutError:
        return


def _leave(mine: Following) -> None:
    try:
        leave(by_command(), mine)
    except DatabaseUnavailableError:
        log.warning("the lease of %s ends by itself", mine.name)
