"""Flushes the write-behind queue of the ledger when a server ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ticket_app.services.triage.ledger import flush

STOP_SECONDS = 2.0
"""The server has 5 s to end, and the flush must end within them."""


@asynccontextmanager
async def flushing_ledger() -> AsyncIterator[None]:
    """Flush the ledger at the end of the block. The log says how many calls were lost."""
    try:
        yield
    finally:
        await asyncio.to_thread(flush, STOP_SECONDS)
