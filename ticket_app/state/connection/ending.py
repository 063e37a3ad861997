"""Ends the open pages of sessions that have ended, by whomever and in whatever process."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from ticket_app.actor import by_command
from ticket_app.errors import BusyError, DatabaseUnavailableError
from ticket_app.services.people import identity, sessions
from ticket_app.services.threads import run
from ticket_app.state.acting import visitors
from ticket_app.state.connection.event_namespace import CheckedEventNamespace

log = logging.getLogger(__name__)

CHECK_SECONDS = 2.0
"""Seconds after which a page notices that its session was ended by a command, or by another process
that the bus does not reach. Everything else is noticed at once."""
KEYS_AT_ONCE = 500


@asynccontextmanager
async def ending_sessions(
    namespace: Callable[[], CheckedEventNamespace | None],
) -> AsyncIterator[None]:
    """During the block, ends the pages of sessions that have ended, and all pages of an open desk
    when it closes."""
    task = asyncio.create_task(_keep_checking(namespace))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _keep_checking(namespace: Callable[[], CheckedEventNamespace | None]) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    with (
        identity.hearing_of_endings(),
        identity.told_of_endings(lambda: loop.call_soon_threadsafe(ended.set)),
    ):
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(CHECK_SECONDS):
                    await ended.wait()
            ended.clear()
            try:
                await identity.refresh()
                for token in await ended_pages():
                    if (pages := namespace()) is not None:
                        await pages.end_page(token)
            except (DatabaseUnavailableError, BusyError):
                continue  # the next check asks again
            except Exception:
                # The edge of a background task: it checks again after CHECK_SECONDS.
                log.exception("the sessions of open pages could not be checked")


async def ended_pages() -> list[str]:
    """Returns the tokens of pages whose session has ended, or that no session lets in."""
    if await identity.is_open():
        return []
    keys = {each.session_key for each in visitors.values() if each.session_key is not None}
    ended: set[str | None] = {None}
    known = sorted(keys)
    for start in range(0, len(known), KEYS_AT_ONCE):
        some = known[start : start + KEYS_AT_ONCE]
        ended |= set(some) - await run(by_command(), sessions.in_force, some)
    # A page that came meanwhile has a session that was not looked up.
    return [
        token
        for token, each in visitors.items()
        if not each.is_public and each.session_key in ended
    ]
