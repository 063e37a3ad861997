"""The background worker that lets the provider improve tickets after they were filed."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ticket_app.live.bus import Change, bus
from ticket_app.services.triage import improve_triage
from ticket_app.settings import get_settings

log = logging.getLogger(__name__)

CALLS_AT_ONCE = 4
WAITING_MAX = 1_000


@asynccontextmanager
async def improving() -> AsyncIterator[None]:
    """Improve changed tickets while the block lasts; does nothing without a provider.

    What waits is in memory: at most WAITING_MAX changes, lost when the process ends. The ticket is
    not: it stands with the offline engine's values.
    """
    if get_settings().provider is None:
        yield
        return
    with bus.subscribe(WAITING_MAX) as changes:
        async with asyncio.TaskGroup() as group:
            workers = [group.create_task(_work(changes)) for _ in range(CALLS_AT_ONCE)]
            try:
                yield
            finally:
                for worker in workers:
                    worker.cancel()


async def _work(changes: asyncio.Queue[Change]) -> None:
    while True:
        change = await changes.get()
        if not change.awaits_triage:
            continue
        try:
            await improve_triage(change.ticket_id, change.awaits_triage)
        except Exception:
            # The edge of a background task: the ticket keeps its offline values, the rest goes on.
            log.exception("ticket %d could not be improved", change.ticket_id)
