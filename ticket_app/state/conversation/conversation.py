"""The page of one ticket: what was said there, newest at the end. The address names the ticket."""

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import reflex as rx

from ticket_app.actor import Actor
from ticket_app.errors import TicketAppError, TicketNotFoundError
from ticket_app.schemas.conversation import PAGE_MAX
from ticket_app.schemas.tickets import TicketPublic
from ticket_app.services.conversation.paging import ConversationPage, conversation_page
from ticket_app.services.people.permission import Verb
from ticket_app.services.tickets.listing import get_ticket
from ticket_app.state.connection.returning import Returning
from ticket_app.state.connection.subscription import Subscribed
from ticket_app.state.conversation.address import address_of, number_in
from ticket_app.state.conversation.entries import Entry, entries_of
from ticket_app.state.event_arguments import number_of
from ticket_app.state.portal.address import ticket_number
from ticket_app.state.service_calls import call_service
from ticket_app.state.tickets.rows import TicketRow, row_of
from ticket_app.theme import NAME
from ticket_app.vocabulary import ID_MAX

PAGE = 50
"""Messages that are read at once."""
NEWEST_MAX = PAGE_MAX - 1
"""Messages of `newest`. What comes beyond them takes the place of the oldest ones."""
EARLIER_MAX = 150
"""Messages of `earlier`, because each page sends them all. Older ones have an address."""
MARGIN = 20
"""Messages that are read beyond those shown, to find new ones."""
NO_TICKET = TicketRow(
    id=0, title="", excerpt="", category="", priority="", status="", sentiment="", urgency=0,
    requester="", filed_at="", engine="", triage="", category_by="", priority_by="", version=0,
)  # fmt: skip


class _Read(NamedTuple):
    """A ticket, and a page of its conversation with its messages' HTML."""

    ticket: TicketPublic
    entries: list[Entry]
    has_older: bool


class Conversation(Returning, Subscribed, rx.State):
    """The ticket of the address, or `missing`. It is `gone` if it was deleted while it is shown.

    `newest` are the last entries, which follow the desk, and `earlier` those before them that the
    reader asked for. `oldest` is the first message shown, `has_older` is True if more can be read
    above it, `older_at` is the address of what is above that, and `is_older` is True at such an
    address. `arrived` counts the messages
    that came while the reader looks at others.
    """

    needs: ClassVar[Verb | None] = Verb.CHANGE_TICKETS

    tab_title: str = f"Ticket · {NAME}"
    heading: str = "Ticket"
    ticket: TicketRow = NO_TICKET
    description: str = ""
    newest: list[Entry] = []
    earlier: list[Entry] = []
    oldest: int = 0
    has_older: bool = False
    older_at: str = ""
    is_older: bool = False
    arrived: int = 0
    missing: bool = False
    gone: bool = False
    loaded: bool = False
    problem: str = ""

    _before: int | None = None
    _is_cut: bool = False

    @rx.event
    async def load(self) -> None:
        """Reads the address, and the newest page of its conversation."""
        number = number_in(self.router.url.path)
        before = ticket_number(self.router.url.query_parameters.get("before")) or None
        if (number, before) != (self.ticket.id, self._before) or not self.loaded:
            self.newest, self.earlier, self.arrived = [], [], 0
        self._before, self.is_older = before, before is not None
        await self._read(number)
        self.loaded = True

    @rx.event
    async def retry(self) -> None:
        """Reads the page again after an error."""
        await self._read(number_in(self.router.url.path))

    @rx.event
    async def load_older(self, oldest: int) -> None:
        """Adds a page above the message `oldest`, unless another is the oldest one by now."""
        if not self.has_older or number_of(oldest) != self.oldest:
            return
        try:
            found = await call_service(_read, self.ticket.id, self.oldest, PAGE)
        except TicketAppError as error:
            self.problem = error.detail
            return
        self.earlier = [*found.entries, *self.earlier]
        self._show_extent(has_more=found.has_older)

    @rx.event
    def see(self) -> None:
        """Records that the reader sees the end of the conversation."""
        self.arrived = 0

    def _is_read(self) -> bool:
        return self.loaded

    def _followed(self) -> int | None:
        # The address, because `load` may not have read it yet. No ticket has the largest number.
        return number_in(self.router.url.path) or ID_MAX

    async def _read(self, number: int) -> None:
        """Reads the ticket and the newest entries. Those that are shown keep their places."""
        known = _messages(self.newest)
        limit = min(max(known + MARGIN, PAGE), NEWEST_MAX) if known else PAGE
        try:
            found = await call_service(_read, number, self._before, limit)
        except TicketNotFoundError:
            self._lose(number)
        except TicketAppError as error:
            self.problem = error.detail
        else:
            self._show(found)

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

    def _show(self, found: _Read) -> None:
        entries, last = found.entries, _last_message(self.newest)
        place = _place_of(_first_message(self.newest), entries)
        if place is not None and self._is_cut:
            entries = entries[place:]
        number, title = found.ticket.id, found.ticket.title
        new = sum(each.number > last for each in entries) if last else 0
        self._set(
            ticket=row_of(found.ticket),
            heading=f"Ticket {number}",
            tab_title=f"#{number} {title} · {NAME}",
            description=found.ticket.description,
            newest=entries,
            arrived=self.arrived + new,
            missing=False,
            gone=False,
            problem="",
        )
        if place is None:
            self._set(earlier=[])
            self._is_cut = found.has_older
            self._show_extent(has_more=found.has_older)

    def _show_extent(self, *, has_more: bool) -> None:
        """Says what is above the oldest entry."""
        is_full = _messages(self.earlier) >= EARLIER_MAX
        oldest = _first_message([*self.earlier, *self.newest])
        older_at = address_of(self.ticket.id, oldest) if has_more and is_full else ""
        self._set(oldest=oldest, has_older=has_more and not is_full, older_at=older_at)

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            if getattr(self, name) != value:  # Reflex sends a var that is set, even if unchanged
                setattr(self, name, value)

    async def _refresh(self) -> None:
        async with self:
            if self.loaded:
                await self._read(number_in(self.router.url.path))


def _read(actor: Actor, ticket_id: int, before: int | None, limit: int) -> _Read:
    ticket = get_ticket(actor, ticket_id)
    page: ConversationPage = conversation_page(actor, ticket_id, limit, before)
    requester = ticket.requester_name or ticket.requester_email or ""
    return _Read(ticket, entries_of(page, requester), page.has_older)


def _messages(entries: Sequence[Entry]) -> int:
    return sum(each.number > 0 for each in entries)


def _first_message(entries: Sequence[Entry]) -> int:
    """Returns the number of the oldest message; 0 if there is none."""
    return next((each.number for each in entries if each.number), 0)


def _last_message(entries: Sequence[Entry]) -> int:
    return _first_message(entries[::-1])


def _place_of(number: int, entries: Sequence[Entry]) -> int | None:
    places = (place for place, each in enumerate(entries) if each.number == number)
    return next(places, None) if number else None
