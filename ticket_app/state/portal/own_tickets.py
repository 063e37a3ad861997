"""One's own tickets: a list, newest first, or one of them. The address says which."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import urlencode

import reflex as rx
from reflex.event import EventSpec

from ticket_app.actor import Actor
from ticket_app.errors import TicketAppError, TicketNotFoundError
from ticket_app.schemas.inputs import parse
from ticket_app.schemas.tickets import TicketListQuery, TicketPage
from ticket_app.services.conversation import own as conversation
from ticket_app.services.people.permission import Verb
from ticket_app.services.tickets import own
from ticket_app.state.connection.returning import Returning
from ticket_app.state.connection.subscription import Subscribed
from ticket_app.state.conversation.entries import entries_of
from ticket_app.state.conversation.paged import Paged, Stretch
from ticket_app.state.event_arguments import number_of, text_of
from ticket_app.state.notices import Notice
from ticket_app.state.portal.address import ticket_number
from ticket_app.state.portal.plain_words import (
    CLOSED,
    DELETED,
    NO_TICKET,
    TEAM,
    YOU,
    OwnTicket,
    own_ticket_of,
)
from ticket_app.state.service_calls import call_service
from ticket_app.vocabulary import SEARCH_MAX

PAGE = 25
CURSOR_LONGEST = 64


class OwnTickets(Paged, Returning, Subscribed, rx.State):
    """A page of `rows`, or `ticket` if the address names one (`is_missing` if it is not one's own).

    `older` is the address of the next page, `is_older` True on any page but the first. `waiting` is
    the number of tickets that came since, and are not shown yet.
    """

    needs: ClassVar[Verb | None] = Verb.USE_ACCOUNT
    pause_seconds: ClassVar[float] = 1.0

    rows: list[OwnTicket] = []
    ticket: OwnTicket = NO_TICKET
    is_missing: bool = False
    older: str = ""
    is_older: bool = False
    search: str = ""
    waiting: int = 0
    loaded: bool = False

    _names_one: bool = False
    _ticket_id: int = 0
    _cursor: str = ""

    @rx.event
    async def load(self) -> EventSpec | None:
        """Reads the address, and what it names."""
        query = self.router.url.query_parameters
        number = ticket_number(query.get("ticket"))
        if number != self._ticket_id:
            self._forget_entries()
        self._names_one, self._ticket_id = "ticket" in query, number
        self._cursor = text_of(query.get("before"), CURSOR_LONGEST)
        self.is_older = bool(self._cursor)
        before, self.search = self.search, text_of(query.get("search"), 2 * SEARCH_MAX).strip()
        await self._read()
        return rx.set_value("search", self.search) if self.search != before else None

    @rx.event
    async def show_waiting(self) -> None:
        """Shows the new tickets at the top."""
        await self._read()

    @rx.event
    async def close(self, ticket_id: int) -> EventSpec | None:
        """Closes this ticket if it is shown: its requester needs no help any more."""
        if number_of(ticket_id) != self._ticket_id:
            return None
        try:
            await call_service(conversation.close_own, self._ticket_id)
        except TicketAppError as error:
            self.problem = error.detail
            return None
        await self._read()
        return Notice.say(CLOSED)

    @rx.event
    def find(self, data: dict[str, Any]) -> EventSpec:
        """Searches among one's own tickets."""
        return rx.redirect(address_of(search=_sought_in(data)))

    def _is_read(self) -> bool:
        return self.loaded

    async def _read(self) -> None:
        try:
            if self._names_one:
                await self._read_one()
            else:
                self._show_page(await self._page())
            self.problem = ""
        except TicketAppError as error:
            self.problem = error.detail
        self.loaded = True

    async def _read_one(self) -> None:
        limit = self._messages_to_read()
        try:
            found = own_ticket_of(await call_service(own.own_ticket, self._ticket_id))
            self._show_newest(await self._stretch(None, limit))
        except TicketNotFoundError:
            found = NO_TICKET
        if found != self.ticket:
            self.ticket = found
        self.is_missing = found == NO_TICKET

    async def _stretch(self, before: int | None, limit: int) -> Stretch:
        return await call_service(_stretch, self._ticket_id, limit, before)

    async def _page(self, limit: int = PAGE) -> TicketPage:
        asked = {"limit": limit, "cursor": self._cursor or None, "search": self.search}
        return await call_service(own.own_tickets, parse(TicketListQuery, asked))

    def _show_page(self, page: TicketPage) -> None:
        self.rows = [own_ticket_of(each, whole=False) for each in page.items]
        self.ticket, self.is_missing, self.waiting = NO_TICKET, False, 0
        after = page.next_cursor
        self.older = address_of(search=self.search, before=after) if after else ""

    async def _refresh(self) -> None:
        """Reads again what is shown. Rows keep their places, and new ones wait."""
        async with self:
            if not self.loaded:
                return  # `load` reads first
            if self._names_one or not self.rows or self.problem:
                await self._read()
                return
            try:
                page = await self._page(2 * PAGE)
            except TicketAppError as error:
                self.problem = error.detail
                return
            now = {each.id: own_ticket_of(each, whole=False) for each in page.items}
            # A row of a search may have another text by now, and one may be on the next page.
            known_to = min(now, default=0) if page.next_cursor else 0
            rows = [
                now.get(row.id) or (row if self.search or row.id < known_to else _deleted(row))
                for row in self.rows
            ]
            if rows != self.rows:
                self.rows = rows
            newest = max(row.id for row in rows)
            waiting = 0 if self.is_older else sum(number > newest for number in now)
            if waiting != self.waiting:
                self.waiting = waiting


def _stretch(actor: Actor, ticket_id: int, limit: int, before: int | None) -> Stretch:
    page = conversation.own_conversation(actor, ticket_id, limit, before)
    return Stretch(entries_of(page, YOU, TEAM), page.has_older)


def _deleted(row: OwnTicket) -> OwnTicket:
    return replace(row, status=DELETED, state="Deleted")


def _sought_in(data: Any) -> str:
    sought = data.get("search") if isinstance(data, dict) else ""
    return text_of(sought, 2 * SEARCH_MAX).strip()


def address_of(**parts: str | None) -> str:
    """Returns the address of a page of one's own tickets."""
    given: Mapping[str, str] = {name: value for name, value in parts.items() if value}
    return f"/my?{urlencode(given, errors='replace')}" if given else "/my"
