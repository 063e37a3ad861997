"""The page of a signed link: one ticket, for whoever has the link."""

from typing import ClassVar

import reflex as rx

from ticket_app.errors import TicketAppError, TicketNotFoundError
from ticket_app.services.people.permission import Verb
from ticket_app.services.people.tokens import TOKEN_LENGTHS
from ticket_app.services.tickets import links
from ticket_app.state.connection.returning import Returning
from ticket_app.state.connection.subscription import Subscribed
from ticket_app.state.event_arguments import text_of
from ticket_app.state.portal.address import ticket_number
from ticket_app.state.portal.plain_words import NO_TICKET, OwnTicket, own_ticket_of
from ticket_app.state.service_calls import call_service


class LinkedTicket(Returning, Subscribed, rx.State):
    """The ticket of the address. `is_wrong` is True if the link leads to none."""

    needs: ClassVar[Verb | None] = None

    ticket: OwnTicket = NO_TICKET
    is_wrong: bool = False
    problem: str = ""

    _ticket_id: int = 0
    _key: str = ""

    @rx.event
    async def load(self) -> None:
        """Reads the address and its ticket."""
        query = self.router.url.query_parameters
        self._ticket_id = ticket_number(query.get("ticket"))
        self._key = text_of(query.get("key"), max(TOKEN_LENGTHS) + 1)
        await self._read()

    @rx.event
    async def retry(self) -> None:
        """Reads the ticket again after an error."""
        await self._read()

    def _is_read(self) -> bool:
        return self.ticket != NO_TICKET or self.is_wrong or bool(self.problem)

    def _followed(self) -> int | None:
        # The address, because `load` may not have read it yet.
        return ticket_number(self.router.url.query_parameters.get("ticket"))

    async def _read(self) -> None:
        try:
            found = await call_service(links.linked_ticket, self._ticket_id, self._key)
        except TicketNotFoundError:
            self._show(NO_TICKET)
        except TicketAppError as error:
            self.problem = error.detail
        else:
            self._show(own_ticket_of(found))

    def _show(self, ticket: OwnTicket) -> None:
        # Reflex sends a var that is set, even if it is unchanged.
        if ticket != self.ticket:
            self.ticket = ticket
        if self.is_wrong is not (ticket == NO_TICKET):
            self.is_wrong = ticket == NO_TICKET
        if self.problem:
            self.problem = ""

    async def _refresh(self) -> None:
        async with self:
            await self._read()
