"""Forgetting old idempotency keys in the background, so that their table stays a day's size."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import uniform

from ticket_app.errors import DatabaseUnavailableError
from ticket_app.services.tickets.keys import forget_old_keys

log = logging.getLogger(__name__)

LOOK_SECONDS = 600.0
PAUSE_SECONDS = 1.0
"""While there are more: whoever writes comes first."""


@asynccontextmanager
async def forgetting_keys() -> AsyncIterator[None]:
    """While the block lasts, look every ten minutes or so for keys that are older than a day."""
    task = asyncio.create_task(_forget())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _forget() -> None:
    pause = LOOK_SECONDS
    while True:
        # Processes that start together look one after the other.
        await asyncio.sleep(pause * uniform(0.5, 1.5))  # noqa: S311  # no secret
        pause = LOOK_SECONDS
        try:
            if await asyncio.to_thread(forget_old_keys):
                pause = PAUSE_SECONDS
        except DatabaseUnavailableError:
            log.warning("old idempotency keys stay until the database answers")
        except Exception:
            # The edge of a background task: the next look comes.
            log.exception("old idempotency keys could not be removed")
