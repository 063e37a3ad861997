"""The queue: which tickets are wanted (in the address), and the rows that are loaded."""

from time import time
from typing import Any
from urllib.parse import urlencode

import reflex as rx
from reflex.event import EventSpec

from ticket_app.errors import TicketAppError
from ticket_app.schemas.inputs import parse
from ticket_app.schemas.tickets import PAGE_MAX, TicketListQuery, TicketPage
from ticket_app.services.tickets.listing import get_tickets
from ticket_app.services.tickets.seeking import Meant, meant_by, page_meant_by
from ticket_app.state.asking import ask, number_of, text_of
from ticket_app.state.form import Form
from ticket_app.state.holding import held, missing
from ticket_app.state.live import Live
from ticket_app.state.returning import Returning
from ticket_app.state.rows import TicketRow, row_of
from ticket_app.state.wanted import (
    FACETS,
    NOWHERE,
    found_in_words,
    is_under_way,
    known_values,
    wanted_by,
)
from ticket_app.vocabulary import SEARCH_MAX

PAGE = 30
ROWS_MAX = 180
"""A page holds at most this many rows, since each change sends them all; then it turns over."""
SOUGHT_MAX = 8
SOUGHT_LONGEST = 2 * SEARCH_MAX
"""Characters of a search that are kept: enough to say that it is too long."""
CURSOR_LONGEST = 64
QUERY_LONGEST = 2_000
MARGIN = 20
"""Rows that are read beyond those shown, to find what has come among them."""
ATTENTION = ("pointer", "focus")
TOUCH = "touch"
LINGER_SECONDS = 5.0
"""A list that was left holds still for so long: whoever goes for what waits is to find it."""


class Queue(Returning, Live, rx.State):
    """The address is the truth: a filter is changed by going to another address.

    `extent` is how many rows were shown and for which address; a page that loads anew shows as many
    again.
    """

    rows: list[TicketRow] = []
    status: list[str] = []
    priority: list[str] = []
    category: list[str] = []
    sentiment: list[str] = []
    search: str = ""
    older: bool = False
    more: bool = False
    full: bool = False
    loaded: bool = False
    matching: str = ""
    found: str = ""
    led: int = 0
    waiting: str = ""
    extent: str = rx.SessionStorage("")
    problem: str = ""
    impossible: bool = False

    _impossible: str = ""
    _before: str = ""
    _next: str = ""
    _sought: list[str] = []
    _seeking: bool = False
    _query_read: str = ""
    _headed: tuple[str, float] = NOWHERE
    _attention: set[str] = set()
    _left_at: float = 0.0
    _filed: int = 0

    @rx.event
    async def load(self) -> EventSpec | None:
        """Read the filters from the address, and the first page of what they want."""
        query = str(self.router.url.query)
        if self.loaded and is_under_way(self._headed, query, self._query_read):
            await self._read_as_before(query)
            return None
        self._headed = NOWHERE
        wanted, self._impossible = wanted_by(query)
        self.impossible = bool(self._impossible)
        for facet in FACETS:
            setattr(self, facet, known_values(facet, wanted.get(facet, [])))
        before, self.search = self.search, text_of(wanted.get("search", ""), SOUGHT_LONGEST)
        self._before = text_of(wanted.get("cursor") or "", CURSOR_LONGEST)
        self.older = bool(self._before)
        await self._read_as_before(query[:QUERY_LONGEST])
        if self.problem:
            self.rows, self.more, self.full, self.matching = [], False, False, ""
        self.found = self.matching
        if self._was_typed():
            return None
        self._seeking = False
        return rx.set_value("search", self.search) if self.search != before else None

    @rx.event
    async def load_more(self, shown: int) -> None:
        """Append the next page to the rows that the page showed, until it is full."""
        at_end = not self.more or not self._next or len(self.rows) >= ROWS_MAX
        if at_end or len(self.rows) > number_of(shown):
            return
        try:
            page = await ask(page_meant_by, self._query(PAGE, self._next))
        except TicketAppError as error:
            self.problem = error.detail
            return
        known = {row.id for row in self.rows}
        self._keep([*self.rows, *(row_of(t) for t in page.items if t.id not in known)], page)

    @rx.event
    def turn_over(self) -> EventSpec | None:
        """Go to the tickets older than those of this page."""
        return self._go(before=self._next)

    @rx.event
    def to_the_newest(self) -> EventSpec | None:
        """Back to the first page, with the same filters."""
        return self._go()

    @rx.event
    def narrow(self, facet: str, value: str, chosen: bool) -> EventSpec | None:
        """Take a value into a filter, or out of it."""
        if facet not in FACETS or not known_values(facet, [value]):
            return None
        kept = [one for one in getattr(self, facet) if one != value]
        # Set here, too: the next click may come before the address has been read.
        setattr(self, facet, [*kept, value] if chosen is True else kept)
        return self._go()

    @rx.event
    def seek(self, text: str) -> EventSpec | None:
        """Search for a text, in addition to the filters: one step of the history, however many
        keys it takes."""
        sought = text_of(text, SOUGHT_LONGEST).strip()
        self._sought = [*self._sought[1 - SOUGHT_MAX :], sought]
        again, self._seeking = self._seeking, True
        return self._go(replace=again and self.router.url.path == "/", search=sought)

    @rx.event
    def enter(self, data: dict[str, Any]) -> EventSpec | None:
        """Enter in the box beside the queue, which may come before its last key was told of."""
        return self.seek(_sought_in(data))

    @rx.event
    def find(self, data: dict[str, Any]) -> EventSpec | None:
        """From another page: go to the queue, for this search alone."""
        sought = _sought_in(data)
        return rx.redirect(
            f"/?{urlencode({'search': sought}, errors='replace')}" if sought else "/"
        )

    @rx.event
    def clear(self) -> EventSpec | None:
        """Drop every filter and the search, which the page has emptied already."""
        self._sought = [*self._sought[1 - SOUGHT_MAX :], ""]
        self._seeking = False
        return rx.redirect("/")

    @rx.event
    def attend(self, by: str, here: bool) -> None:
        """The pointer or the focus has come into the list, or has left it."""
        if by not in ATTENTION:
            return
        self._attention = (self._attention - {by}) | ({by} if here is True else set())
        if not self._attention:
            self._left_at = time()

    @rx.event
    def begin(self, touch: bool) -> None:
        """The list has just been drawn; a finger gives no notice of where it will press."""
        self._attention, self._left_at = {TOUCH} if touch is True else set(), 0.0

    @rx.event
    async def show_waiting(self) -> None:
        """Show what has come, at the top."""
        await self._read(min(max(len(self.rows), PAGE) + MARGIN, ROWS_MAX))

    @rx.event
    async def retry(self) -> None:
        """Read again after an error."""
        await self._read(PAGE)

    def _is_read(self) -> bool:
        return self.loaded

    async def _read_as_before(self, query: str) -> None:
        """The same list again (a reload, a reconnection, the way back) is as long as it was."""
        rows, _, before = self.extent.partition(" ")
        again = before == query and rows.isdecimal() and len(rows) <= len(str(ROWS_MAX))
        self._query_read = query
        if again and self._is_attended() and self.rows and self.loaded:
            await self._hold()
        else:
            await self._read(min(max(int(rows), PAGE), ROWS_MAX) if again else PAGE)

    async def _read(self, limit: int) -> None:
        """Read the list anew, with everything that waited."""
        if (meant := await self._meant(limit)) is not None:
            first = [meant.ticket] if meant.ticket else []
            others = (ticket for ticket in meant.page.items if ticket.id != self.led)
            self._keep([row_of(ticket) for ticket in (*first, *others)], meant.page)
            self.waiting = ""
        self.loaded = True

    async def _hold(self) -> None:
        """Read what has become of the rows, which stay in their places."""
        meant = await self._meant(min(len(self.rows) + MARGIN, PAGE_MAX))
        if meant is None:
            return
        listed = meant.page.items
        try:
            others = await ask(get_tickets, missing(self.rows, listed))
        except TicketAppError as error:
            self.problem = error.detail
            return
        if meant.ticket is not None:
            others.pop(meant.ticket.id, None)
            listed = [*listed, meant.ticket]
        now = held(self.rows, listed, others, complete=meant.page.next_cursor is None)
        if now.rows != self.rows:
            self.rows = now.rows
        self.waiting = f"{now.waiting:,} new" if now.waiting else ""

    async def _meant(self, limit: int) -> Meant | None:
        if self._impossible:
            self.problem, self.loaded = self._impossible, True
            return None
        try:
            meant = await ask(meant_by, self._query(limit, self._before or None))
        except TicketAppError as error:
            self.problem = error.detail
            return None
        self.problem, self.matching = "", found_in_words(meant)
        self.led = meant.ticket.id if meant.ticket else 0
        return meant

    async def _refresh(self) -> None:
        async with self:
            if not self.loaded:
                return  # `load` knows how long the list was, and this does not
            filed = (await self.get_state(Form)).filed
            if self._is_attended() and self.rows and filed == self._filed:
                await self._hold()
            else:
                await self._read(min(max(len(self.rows), PAGE), ROWS_MAX))
                self._filed = filed

    def _is_attended(self) -> bool:
        """Whether the pointer or the focus is in the list, or was a moment ago."""
        return bool(self._attention) or time() - self._left_at < LINGER_SECONDS

    def _keep(self, rows: list[TicketRow], page: TicketPage) -> None:
        # A var that is set is sent, even when nothing in it changed.
        if rows != self.rows or not self.loaded:
            self.rows = rows
        extent = f"{len(rows)} {self._query_read}"
        if extent != self.extent:
            self.extent = extent
        self._next = page.next_cursor or ""
        self.more = bool(self._next) and len(rows) < ROWS_MAX
        self.full = bool(self._next) and len(rows) >= ROWS_MAX

    def _was_typed(self) -> bool:
        """Whether the address's search was typed into the box.

        Whoever types there is further on than the address, and must not lose a key to it.
        """
        if self.search not in self._sought:
            return False
        self._sought = self._sought[self._sought.index(self.search) + 1 :]
        return True

    def _query(self, limit: int, cursor: str | None) -> TicketListQuery:
        values: dict[str, Any] = {facet: list(getattr(self, facet)) for facet in FACETS}
        return parse(
            TicketListQuery, values | {"search": self.search, "limit": limit, "cursor": cursor}
        )

    def _go(self, *, replace: bool = False, **changes: Any) -> EventSpec:
        """To the address with these filters changed; other filters stay, the place does not.

        That is a step of the browser's history, unless it is to `replace` the last one.
        """
        parts = {name: getattr(self, name) for name in (*FACETS, "search")} | changes
        kept = {name: value for name, value in parts.items() if value}
        query = urlencode(kept, doseq=True, errors="replace")
        self._headed = (query, time())
        return rx.redirect(f"/?{query}" if query else "/", replace=replace)


def _sought_in(data: Any) -> str:
    sought = data.get("search", "") if isinstance(data, dict) else ""
    return text_of(sought, SOUGHT_LONGEST).strip()
