"""The page of a signed link: one ticket, for whoever has the link."""

from typing import ClassVar

import reflex as rx
from reflex.event import EventSpec

from ticket_app.actor import Actor
from ticket_app.errors import TicketAppError, TicketNotFoundError
from ticket_app.services.conversation import linked
from ticket_app.services.people.permission import Verb
from ticket_app.services.people.tokens import TOKEN_LENGTHS
from ticket_app.services.tickets import links
from ticket_app.state.connection.returning import Returning
from ticket_app.state.connection.subscription import Subscribed
from ticket_app.state.conversation.entries import by_link, entries_of
from ticket_app.state.conversation.paged import Paged, Stretch
from ticket_app.state.event_arguments import number_of, text_of
from ticket_app.state.notices import Notice
from ticket_app.state.portal.address import ticket_number
from ticket_app.state.portal.plain_words import (
    CLOSED,
    NO_TICKET,
    TEAM,
    YOU,
    OwnTicket,
    own_ticket_of,
)
from ticket_app.state.service_calls import call_service


class LinkedTicket(Paged, Returning, Subscribed, rx.State):
    """The ticket of the address. `is_wrong` is True if the link leads to none."""

    needs: ClassVar[Verb | None] = None

    ticket: OwnTicket = NO_TICKET
    is_wrong: bool = False

    _ticket_id: int = 0
    _key: str = ""

    @rx.event
    async def load(self) -> None:
        """Reads the address and its ticket."""
        query = self.router.url.query_parameters
        number = ticket_number(query.get("ticket"))
        if number != self._ticket_id:
            self._forget_entries()
        self._ticket_id = number
        self._key = text_of(query.get("key"), max(TOKEN_LENGTHS) + 1)
        await self._read()

    @rx.event
    async def close(self, ticket_id: int) -> EventSpec | None:
        """Closes this ticket if it is shown: its requester needs no help any more."""
        if number_of(ticket_id) != self._ticket_id:
            return None
        try:
            await call_service(linked.close_linked, self._ticket_id, self._key)
        except TicketAppError as error:
            self.problem = error.detail
            return None
        await self._read()
        return Notice.say(CLOSED)

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
        limit = self._messages_to_read()
        try:
            found = await call_service(links.linked_ticket, self._ticket_id, self._key)
            said = await self._stretch(None, limit)
        except TicketNotFoundError:
            self._show(NO_TICKET)
        except TicketAppError as error:
            self.problem = error.detail
        else:
            self._show(own_ticket_of(found))
            self._show_newest(said)

    async def _stretch(self, before: int | None, limit: int) -> Stretch:
        return await call_service(_stretch, self._ticket_id, self._key, limit, before)

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


def _stretch(
    actor: Actor, ticket_id: int, signature: str, limit: int, before: int | None
) -> Stretch:
    page = linked.linked_conversation(actor, ticket_id, signature, limit, before)
    return Stretch(by_link(entries_of(page, YOU, TEAM), signature), page.has_older)
