"""Pages that follow the desk: a mixin for every State whose content others may change."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import ClassVar

import reflex as rx
from reflex_base.event.context import EventContext

from ticket_app.bus import bus

IDLE_SECONDS = 60.0
"""Without any change a page is refreshed this often: a day may have ended."""
PAUSE_SECONDS = 0.25
"""Between two refreshes of one page, so that a burst of changes costs four queries a second."""


class Presence:
    """Whether a client is connected; the application says how to find out."""

    ask: Callable[[str], bool] = staticmethod(lambda _: True)


presence = Presence()


class Live(rx.State, mixin=True):
    """Refreshes a page after each change of a ticket, whichever edge it came by."""

    pause_seconds: ClassVar[float] = PAUSE_SECONDS

    @rx.event(background=True, supersedes=True)
    async def watch(self) -> None:
        """Start as the last on_load event of a page; Reflex cancels it when the page is left.

        One that was started in another way ends by itself once its client is gone.
        """
        token = EventContext.get().token
        with bus.subscribe(1) as changes:
            await self._refresh()  # what changed between the page's reading and this
            while presence.ask(token):
                # Not wait_for: Python 3.11's can swallow the cancellation that ends this task.
                with suppress(TimeoutError):  # nothing happened, but a day may have ended
                    async with asyncio.timeout(IDLE_SECONDS):
                        await changes.get()
                await self._refresh()
                await asyncio.sleep(self.pause_seconds)

    async def _refresh(self) -> None:
        """Read again what the page shows; called without the state's lock held."""
        raise NotImplementedError
