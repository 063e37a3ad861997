"""Subscribes pages to the notifications of the person at them: a mixin."""

import asyncio
from contextlib import suppress

import reflex as rx
from reflex_base.event.context import EventContext

from ticket_app.bus import bus
from ticket_app.state.acting import acting_if_known
from ticket_app.state.connection.subscription import IDLE_SECONDS, PAUSE_SECONDS, clients


class OfPerson(rx.State, mixin=True):
    """Refreshes a page when the notifications of the person at it have changed, by any edge."""

    @rx.event(background=True, supersedes=True)
    async def watch(self) -> None:
        """Follows the bus, as an on_load event. Reflex cancels it when the page is left."""
        token = EventContext.get().token
        person_id = (await acting_if_known()).identity.person_id
        with bus.told_of_notifications(person_id) as told:
            await self._refresh()
            while clients.is_connected(token):
                with suppress(TimeoutError):  # refreshes without news, too
                    async with asyncio.timeout(IDLE_SECONDS):
                        await told.wait()
                told.clear()
                await self._refresh()
                await asyncio.sleep(PAUSE_SECONDS)

    async def _refresh(self) -> None:
        """Reads again what the page shows. The caller does not hold the state's lock."""
        raise NotImplementedError
