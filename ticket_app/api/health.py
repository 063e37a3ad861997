"""REST for health checks."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from fastapi import Request, Response

from ticket_app.actor import Actor
from ticket_app.api.problems import make_router
from ticket_app.api.recognition import actor_of
from ticket_app.services.health import Health, check_health, health_unknown, visible_health

router = make_router("health")

ANSWER_SECONDS = 2.0
"""Less than the usual timeout of a container's health check."""


class SharedHealthCheck:
    """A health check with single-flight: concurrent requests share one check.

    It runs in a thread of its own, so that it answers while all other threads wait, and it has an
    answer even if the check does not end. An instance belongs to one event loop.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "health")
        self._pending: asyncio.Future[Health] | None = None

    async def health(self, actor: Actor) -> Health:
        """Return what the actor may see of the check, or of an unknown health after
        ANSWER_SECONDS."""
        if self._pending is None or self._pending.done():
            loop = asyncio.get_running_loop()
            self._pending = loop.run_in_executor(self._thread, check_health, actor)
        pending = self._pending
        await asyncio.wait([pending], timeout=ANSWER_SECONDS)
        return visible_health(actor, pending.result() if pending.done() else health_unknown(actor))


@router.get("/", responses={503: {"model": Health}})
async def get_health(request: Request, response: Response) -> Health:
    """200 when the desk can take tickets, else 503; the body says why, without secrets.

    Once the desk has accounts, `database`, `redis` and `provider` are null unless an agent asks.
    """
    health: Health = await request.app.state.health_check.health(actor_of(request))
    response.status_code = 200 if health.ready else 503
    return health
