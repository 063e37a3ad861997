"""REST for whoever watches the desk."""

import asyncio

from fastapi import APIRouter, Response

from ticket_app.services.health import Health, check_health

router = APIRouter(prefix="/api/health", tags=["health"])


@router.get("/", responses={503: {"model": Health}})
async def get_health(response: Response) -> Health:
    """200 when the desk can take tickets, else 503; the body says why, without secrets."""
    # Not in the threads that requests share: it must answer while all of those wait.
    health = await asyncio.to_thread(check_health)
    response.status_code = 200 if health.ready else 503
    return health
