"""The tickets of a list for which one has drafts."""

import asyncio
from contextlib import AbstractContextManager
from typing import Any, ClassVar

import reflex as rx

from ticket_app.bus import bus
from ticket_app.errors import TicketAppError
from ticket_app.services.conversation.drafts.saving import drafted_tickets
from ticket_app.services.people.permission import Verb
from ticket_app.state.acting import acting_if_known
from ticket_app.state.connection.subscription import Subscribed
from ticket_app.state.service_calls import call_service


class OwnDrafts(Subscribed, rx.State):
    """`tickets` are all of them, which are few: rows that are loaded later need no query."""

    needs: ClassVar[Verb | None] = Verb.CHANGE_TICKETS

    tickets: list[int] = []

    async def _news(self) -> AbstractContextManager[asyncio.Queue[Any]]:
        return bus.subscribe_to_drafts((await acting_if_known()).identity.person_id)

    async def _refresh(self) -> None:
        try:
            found = await call_service(drafted_tickets)
        except TicketAppError:
            return  # the list says it, and the next refresh reads again
        async with self:
            if found != self.tickets:
                self.tickets = found
