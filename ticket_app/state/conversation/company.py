"""Who else has the ticket of the address open, and who writes there."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import ClassVar

import reflex as rx
from reflex_base.event.context import EventContext

from ticket_app.bus import Attendee
from ticket_app.errors import BusyError, DatabaseUnavailableError, TicketAppError
from ticket_app.services.people.permission import Verb
from ticket_app.services.presence import being_at, note_writing, others_at, visitor
from ticket_app.state.acting import acting
from ticket_app.state.connection.subscription import IDLE_SECONDS, clients
from ticket_app.state.event_arguments import number_of
from ticket_app.state.service_calls import call_service
from ticket_app.state.tickets.address import number_in

PAUSE_SECONDS = 0.25
AGAIN_SECONDS = 5.0
"""Seconds until a page comes to its ticket again that could not read whose it is."""
NAMED = 3
"""People who are named. Of more there is the number."""


class Company(rx.State):
    """The others at ticket `ticket_id`, in two sentences. Each is empty for nobody."""

    needs: ClassVar[Verb | None] = Verb.USE_NOTES

    ticket_id: int = 0
    here: str = ""
    writing: str = ""

    @rx.event(background=True, supersedes=True)
    async def watch(self) -> None:
        """Is at the ticket, and follows who else is, as an on_load event does: see Subscribed."""
        token, number = EventContext.get().token, number_in(self.router.url.path)
        while number and clients.is_connected(token):
            try:
                await self._attend(token, number)
            except (DatabaseUnavailableError, BusyError):
                await asyncio.sleep(AGAIN_SECONDS)
            except TicketAppError:
                return  # they are not of the team any more

    async def _attend(self, token: str, number: int) -> None:
        """Is at the ticket until the page is left. Raises TicketAppError."""
        own = await call_service(visitor, token)
        with being_at(await acting(), number, token, own) as news:
            while clients.is_connected(token):
                news.clear()
                others = others_at(await acting(), number, own)
                async with self:
                    self._show(number, others)
                # wait_for of Python 3.11 can swallow the cancellation that ends this task.
                with suppress(TimeoutError):
                    async with asyncio.timeout(IDLE_SECONDS):
                        await news.wait()
                await asyncio.sleep(PAUSE_SECONDS)

    @rx.event
    async def write(self, ticket_id: int) -> None:
        """Lets the others see that somebody writes here."""
        note_writing(await acting(), number_of(ticket_id), EventContext.get().token, writes=True)

    def _show(self, number: int, others: Sequence[Attendee]) -> None:
        writers = [each for each in others if each.writes]
        shown = {"ticket_id": number, "here": here_sentence(others)}
        for name, value in (shown | {"writing": writing_sentence(writers)}).items():
            if getattr(self, name) != value:  # Reflex sends a var that is set, even if unchanged
                setattr(self, name, value)


async def stop_writing(ticket_id: int) -> None:
    """Lets the others see that nobody writes any more at the page of the present event."""
    note_writing(await acting(), ticket_id, EventContext.get().token, writes=False)


def here_sentence(others: Sequence[Attendee]) -> str:
    """Returns for example "Ana and Bo are here too"; empty for nobody."""
    if not others:
        return ""
    windows = sum(not each.name for each in others)
    if windows == len(others):  # an open desk tells nobody apart
        return f"Also open in {'another window' if windows == 1 else f'{windows} other windows'}"
    return f"{names_of(others)} {'is' if len(others) == 1 else 'are'} here too"


def writing_sentence(writers: Sequence[Attendee]) -> str:
    """Returns for example "Ana is writing"; empty for nobody."""
    if not writers:
        return ""
    if not any(each.name for each in writers):
        return "Somebody is writing there"
    return f"{names_of(writers)} {'is' if len(writers) == 1 else 'are'} writing"


def names_of(people: Sequence[Attendee]) -> str:
    """Returns the names, each in its own direction of writing: of many the first, and a number."""
    names = [f"\N{FIRST STRONG ISOLATE}{each.name}\N{POP DIRECTIONAL ISOLATE}" for each in people]
    if len(names) > NAMED:
        names = [*names[:NAMED], f"{len(names) - NAMED} more"]
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
