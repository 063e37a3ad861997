"""Subscribes pages to the bus: a mixin for every State whose content others may change."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Any, ClassVar

import reflex as rx
from reflex_base.event.context import EventContext

from ticket_app.bus import bus

IDLE_SECONDS = 60.0
"""Seconds after which a page is refreshed without any change, since a new day may have begun."""
PAUSE_SECONDS = 0.25
"""Seconds between two refreshes of a page: a burst of changes costs at most 4 a second."""


class Clients:
    """Tells if a client is connected. The assembly sets the function."""

    is_connected: Callable[[str], bool] = staticmethod(lambda _: True)


clients = Clients()


class Subscribed(rx.State, mixin=True):
    """Refreshes a page after each change of a ticket, by any edge."""

    pause_seconds: ClassVar[float] = PAUSE_SECONDS

    @rx.event(background=True, supersedes=True)
    async def watch(self) -> None:
        """Follows the bus, as the last on_load event. Reflex cancels it when the page is left.

        Started in another way, it ends once its client is disconnected.
        """
        token = EventContext.get().token
        with await self._news() as changes:
            await self._refresh()  # reads what changed between `load` and the subscription
            while clients.is_connected(token):
                # wait_for of Python 3.11 can swallow the cancellation that ends this task.
                with suppress(TimeoutError):  # refreshes without a change, too
                    async with asyncio.timeout(IDLE_SECONDS):
                        await changes.get()
                await self._refresh()
                await asyncio.sleep(self.pause_seconds)

    async def _news(self) -> AbstractContextManager[asyncio.Queue[Any]]:
        """Returns the subscription, whose news each lead to a refresh."""
        return bus.subscribe(1, self._followed())

    def _followed(self) -> int | None:
        """Returns the id of the ticket that the page is about; None if it is about many."""
        return None

    async def _refresh(self) -> None:
        """Reads again what the page shows. The caller does not hold the state's lock."""
        raise NotImplementedError
