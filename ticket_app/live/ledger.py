"""The end of a server waits for its ledger, but not for long."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ticket_app.services.triage.ledger import flush

STOP_SECONDS = 2.0
"""The server has five seconds to end, in which all that it started must."""


@asynccontextmanager
async def keeping_ledger() -> AsyncIterator[None]:
    """When the block ends, what waits for the ledger is written; the log says what is lost."""
    try:
        yield
    finally:
        await asyncio.to_thread(flush, STOP_SECONDS)
