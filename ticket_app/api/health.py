"""REST for whoever watches the desk."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from fastapi import APIRouter, Request, Response

from ticket_app.services.health import Health, check_health, health_unknown

router = APIRouter(prefix="/api/health", tags=["health"])

ANSWER_SECONDS = 2.0
"""Sooner than whoever watches a container gives up."""


class Checkup:
    """One look at a time at how the desk is, which all share that ask meanwhile.

    In a thread of its own: it must answer while all others wait, and has an answer when its own
    look does not end. For the use of one event loop.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "health")
        self._looking: asyncio.Future[Health] | None = None

    async def health(self) -> Health:
        """What is seen within ANSWER_SECONDS, or that nothing is."""
        if self._looking is None or self._looking.done():
            loop = asyncio.get_running_loop()
            self._looking = loop.run_in_executor(self._thread, check_health)
        looking = self._looking
        await asyncio.wait([looking], timeout=ANSWER_SECONDS)
        return looking.result() if looking.done() else health_unknown()


@router.get("/", responses={503: {"model": Health}})
async def get_health(request: Request, response: Response) -> Health:
    """200 when the desk can take tickets, else 503; the body says why, without secrets."""
    health: Health = await request.app.state.checkup.health()
    response.status_code = 200 if health.ready else 503
    return health
