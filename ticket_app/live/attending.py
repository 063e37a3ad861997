"""Keeps what is known of the people at tickets up to date, and tells other processes of it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from ticket_app.bus import Bus, bus
from ticket_app.presence import Presence, people

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
PAUSE_SECONDS = 0.3
"""Pause between two messages to other processes, however many people come and go."""


@asynccontextmanager
async def attending(
    answers: Callable[[str], bool], own: Bus = bus, presence: Presence = people
) -> AsyncIterator[None]:
    """Look after who is at tickets during the block, and say at its end that nobody is here.

    `answers` tells if the socket of a page answers.
    """
    task = asyncio.create_task(_keep_looking(presence, answers))
    try:
        with own.told_of_attendances(presence.hear):
            yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        presence.look(lambda _: False)


async def _keep_looking(presence: Presence, answers: Callable[[str], bool]) -> None:
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await presence.changed.wait()
        try:
            presence.look(answers)
        except Exception:
            # The edge of a background task: it looks again.
            log.exception("it cannot be seen who is at tickets")
        await asyncio.sleep(PAUSE_SECONDS)
