"""The page of one ticket: what was said there, newest at the end. The address names the ticket."""

from datetime import datetime
from typing import ClassVar

import reflex as rx

from ticket_app.actor import Actor
from ticket_app.errors import TicketAppError, TicketNotFoundError
from ticket_app.schemas.conversation import MessagePublic
from ticket_app.schemas.tickets import TicketPublic
from ticket_app.services.conversation.holding import held_messages
from ticket_app.services.conversation.paging import conversation_page
from ticket_app.services.people.permission import Verb
from ticket_app.services.tickets.listing import get_ticket
from ticket_app.state.connection.returning import Returning
from ticket_app.state.connection.subscription import Subscribed
from ticket_app.state.conversation.entries import HeldEntry, entries_of, held_entry_of
from ticket_app.state.conversation.paged import Paged, Stretch, last_message
from ticket_app.state.portal.address import ticket_number
from ticket_app.state.service_calls import call_service
from ticket_app.state.tickets.address import address_of, number_in
from ticket_app.state.tickets.rows import TicketRow, row_of
from ticket_app.theme import NAME
from ticket_app.vocabulary import ID_MAX, Side

NO_TICKET = TicketRow(
    id=0, title="", excerpt="", category="", priority="", status="", sentiment="", urgency=0,
    requester="", filed_at="", engine="", triage="", category_by="", priority_by="", version=0,
)  # fmt: skip


class Conversation(Paged, Returning, Subscribed, rx.State):
    """The ticket of the address, or `missing`. It is `gone` if it was deleted while it is shown.

    `held` are the reader's own messages that nobody else sees yet. `seen` is the newest message
    shown, whose number goes with what is sent. `before` is the message of an address
    of what was said before it; 0 at that of the newest.
    """

    needs: ClassVar[Verb | None] = Verb.CHANGE_TICKETS

    tab_title: str = f"Ticket · {NAME}"
    heading: str = "Ticket"
    ticket: TicketRow = NO_TICKET
    description: str = ""
    held: list[HeldEntry] = []
    seen: int = 0
    before: int = 0
    missing: bool = False
    gone: bool = False
    loaded: bool = False

    @rx.event
    async def load(self) -> None:
        """Reads the address, and the newest page of its conversation."""
        number = number_in(self.router.url.path)
        before = ticket_number(self.router.url.query_parameters.get("before")) or 0
        if (number, before) != (self.ticket.id, self.before) or not self.loaded:
            self._forget_entries()
        self.before = before
        await self._read(number)
        self.loaded = True

    @rx.event
    async def retry(self) -> None:
        """Reads the page again after an error."""
        await self._read(number_in(self.router.url.path))

    def _is_read(self) -> bool:
        return self.loaded

    def _followed(self) -> int | None:
        # The address, because `load` may not have read it yet. No ticket has the largest number.
        return number_in(self.router.url.path) or ID_MAX

    async def _read(self, number: int) -> None:
        """Reads the ticket and the newest entries."""
        limit = self._messages_to_read()
        try:
            ticket, found, written_at = await call_service(
                _ticket_with_stretch, number, self.before or None, limit
            )
            held = await call_service(held_messages, number)
        except TicketNotFoundError:
            self._lose(number)
        except TicketAppError as error:
            self.problem = error.detail
        else:
            self._show(ticket, found)
            released = max(0, len(self.held) - len(held))  # they are no news to their author
            self._set(
                held=[held_entry_of(each, written_at) for each in held],
                arrived=max(0, self.arrived - released),
            )

    async def _show_own(self, ticket_id: int) -> None:
        """Shows at once what the reader has posted to this ticket, if it is still shown."""
        if ticket_id == self.ticket.id:
            await self._read(ticket_id)
            self.arrived = 0

    def _lose(self, number: int) -> None:
        """Keeps a ticket that is shown and was deleted. Without one, says that there is none."""
        self.problem = ""
        self.gone = number == self.ticket.id != 0
        self.missing = not self.gone
        if self.missing:
            self.ticket, self.heading, self.tab_title = NO_TICKET, "Ticket", f"Ticket · {NAME}"

    def _show(self, ticket: TicketPublic, found: Stretch) -> None:
        self._set(
            ticket=row_of(ticket),
            heading=f"Ticket {ticket.id}",
            tab_title=f"#{ticket.id} {ticket.title} · {NAME}",
            description=ticket.description,
            missing=False,
            gone=False,
            problem="",
        )
        self._show_newest(found)
        self._set(seen=last_message(self.newest))

    async def _stretch(self, before: int | None, limit: int) -> Stretch:
        _, found, _ = await call_service(_ticket_with_stretch, self.ticket.id, before, limit)
        return found

    def _address_before(self, oldest: int) -> str:
        return address_of(self.ticket.id, oldest)

    async def _refresh(self) -> None:
        async with self:
            if self.loaded:
                await self._read(number_in(self.router.url.path))


def _ticket_with_stretch(
    actor: Actor, ticket_id: int, before: int | None, limit: int
) -> tuple[TicketPublic, Stretch, datetime | None]:
    """Returns the ticket, its newest messages, and when others than the actor wrote last."""
    ticket = get_ticket(actor, ticket_id)
    page = conversation_page(actor, ticket_id, limit, before)
    requester = ticket.requester_name or ticket.requester_email or ""
    of_others = [each.created_at for each in page.messages if not _is_own(actor, each)]
    stretch = Stretch(entries_of(page, requester), page.has_older)
    return ticket, stretch, max(of_others, default=None)


def _is_own(actor: Actor, message: MessagePublic) -> bool:
    """Returns True for the actor's own words. At an open desk the team is one agent."""
    own = actor.identity.person_id
    return message.author_id == own and (own is not None or message.side is Side.TEAM)
