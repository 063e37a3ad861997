"""Calls of services from event handlers, off the event loop."""

import asyncio
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from reflex_base.event.context import EventContext

from ticket_app.actor import Actor
from ticket_app.services.threads import run
from ticket_app.state.acting import acting
from ticket_app.state.connection.subscription import clients

POLL_SECONDS = 0.25
P = ParamSpec("P")
R = TypeVar("R")


async def call_service(
    service: Callable[Concatenate[Actor, P], R], *args: P.args, **kwargs: P.kwargs
) -> R:
    """Calls a service for the actor of this event, in a thread, so that a query does not block
    other pages' events.

    Raises BusyError if no thread is free in time or the page is closed meanwhile.
    """
    return await run(await acting(), service, *args, leaving=_page_left, **kwargs)


async def _page_left() -> None:
    """Returns when the page was closed."""
    token = EventContext.get().token
    while clients.is_connected(token):  # noqa: ASYNC110  # there is no event to wait for
        await asyncio.sleep(POLL_SECONDS)
