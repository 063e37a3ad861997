"""The queue: the filter, which the address holds, and the loaded rows."""

from contextlib import suppress
from time import time
from typing import Any, ClassVar
from urllib.parse import urlencode

import reflex as rx
from reflex.event import EventSpec

from ticket_app.errors import TicketAppError
from ticket_app.schemas.assignees import ME, NONE
from ticket_app.schemas.inputs import parse
from ticket_app.schemas.tickets import PAGE_MAX, TicketListQuery, TicketPage
from ticket_app.services.people.accounts import directory
from ticket_app.services.people.permission import Verb
from ticket_app.services.tickets import searching
from ticket_app.services.tickets.listing import get_tickets
from ticket_app.services.tickets.searching import SearchResult
from ticket_app.state.connection.returning import Returning
from ticket_app.state.connection.subscription import Subscribed
from ticket_app.state.event_arguments import number_of, text_of
from ticket_app.state.form.form import Form
from ticket_app.state.service_calls import call_service
from ticket_app.state.tickets.named_requesters import NamedRequester, named_requesters
from ticket_app.state.tickets.queue_address import (
    FACETS,
    NOWHERE,
    filter_from_address,
    found_sentence,
    is_redirect_pending,
    known_sort,
    known_truth,
    known_values,
    stopped_sentence,
)
from ticket_app.state.tickets.rows import TicketRow, row_of
from ticket_app.state.tickets.stable_rows import missing, stable_rows
from ticket_app.vocabulary import REQUESTER_EMAIL_MAX, SEARCH_MAX, Sort

PAGE = 30
ROWS_MAX = 180
"""Rows of a page at most, because each change sends them all. Older tickets are on the next one."""
SOUGHT_MAX = 8
SOUGHT_LONGEST = 2 * SEARCH_MAX
"""Characters kept of a search: enough to say that it is too long."""
CURSOR_LONGEST = 64
ASSIGNEE_LONGEST = 20
QUERY_LONGEST = 2_000
MARGIN = 20
"""Rows read beyond the shown ones, to find new tickets among them."""
ATTENTION = ("pointer", "focus")
TOUCH = "touch"
LINGER_SECONDS = 5.0
"""Seconds for which rows keep their places after the pointer left, so that a person reaches the
button for new rows."""


class Queue(Returning, Subscribed, rx.State):
    """The queue's rows and filter. The address holds the filter, so a change leads to another one.

    `older` is True behind a cursor. `more` is True if rows can be appended, and `full` if the page
    has as many as it may show. `matching` words the number of matches; `found` is the same at the
    last load, for a screen reader. `led` is the ticket whose number was searched, which comes
    first. `waiting` words the number of new tickets that are not shown yet. `extent` is the number
    of shown rows and their address: a page that reloads shows as many. `impossible` is True if the
    address has an invalid filter.

    `requester` is the number or the address of the person by whom the list is filtered,
    `requester_shown` their name, and `people` are the requesters whom the search finds by name.

    `unanswered` is true or false as the address has it, or empty, and `assignee` a number, `me` or
    `none`. `assignee_shown` is the name of that agent. `sort` is empty for the newest first.
    `stopped` says that the list was sorted among some tickets only.

    `_headed` is the query of the last redirect and its time, `_sought` are the last searches that
    were typed, and `_seeking` is True while typing replaces the browser's history entry.
    """

    needs: ClassVar[Verb | None] = Verb.CHANGE_TICKETS

    rows: list[TicketRow] = []
    status: list[str] = []
    priority: list[str] = []
    category: list[str] = []
    sentiment: list[str] = []
    requester: str = ""
    requester_shown: str = ""
    assignee: str = ""
    assignee_shown: str = ""
    unanswered: str = ""
    sort: str = ""
    people: list[NamedRequester] = []
    search: str = ""
    older: bool = False
    more: bool = False
    full: bool = False
    loaded: bool = False
    matching: str = ""
    found: str = ""
    led: int = 0
    waiting: str = ""
    stopped: str = ""
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
        """Reads the filter from the address, and the list's first page."""
        query = str(self.router.url.query)
        if self.loaded and is_redirect_pending(self._headed, query, self._query_read):
            await self._read_as_before(query)
            return None
        self._headed = NOWHERE
        wanted, self._impossible = filter_from_address(query)
        self.impossible = bool(self._impossible)
        for facet in FACETS:
            setattr(self, facet, known_values(facet, wanted.get(facet, [])))
        self.requester = text_of(wanted.get("requester") or "", REQUESTER_EMAIL_MAX)
        self.assignee = text_of(wanted.get("assignee") or "", ASSIGNEE_LONGEST)
        self.unanswered = known_truth(wanted.get("unanswered"))
        sort = known_sort(wanted.get("sort"))
        self.sort = "" if sort is Sort.NEWEST else sort
        before, self.search = self.search, text_of(wanted.get("search", ""), SOUGHT_LONGEST)
        self._before = text_of(wanted.get("cursor") or "", CURSOR_LONGEST)
        self.older = bool(self._before)
        await self._read_as_before(query[:QUERY_LONGEST])
        if self.problem:
            self.rows, self.more, self.full, self.matching = [], False, False, ""
        await self._suggest_people()
        await self._name_assignee()
        self.found = self.matching
        if self._was_typed():
            return None
        self._seeking = False
        if self.search == before:
            return None
        self._sought = []  # what was typed is no longer in the box
        return rx.set_value("search", self.search)

    @rx.event
    async def load_more(self, shown: int) -> None:
        """Appends a page below the `shown` rows, up to ROWS_MAX."""
        at_end = not self.more or not self._next or len(self.rows) >= ROWS_MAX
        if at_end or len(self.rows) > number_of(shown):
            return
        try:
            page = await call_service(searching.search_page, self._query(PAGE, self._next))
        except TicketAppError as error:
            self.problem = error.detail
            return
        known = {row.id for row in self.rows}
        self._keep([*self.rows, *(row_of(t) for t in page.items if t.id not in known)], page)

    @rx.event
    def turn_over(self) -> EventSpec | None:
        """Goes to the tickets older than this page's."""
        return self._redirect(before=self._next)

    @rx.event
    def to_the_newest(self) -> EventSpec | None:
        """Goes to the first page, with the same filters."""
        return self._redirect()

    @rx.event
    def narrow(self, facet: str, value: str, chosen: bool) -> EventSpec | None:
        """Adds a value to a filter, or removes it."""
        if facet not in FACETS or not known_values(facet, [value]):
            return None
        kept = [one for one in getattr(self, facet) if one != value]
        # The next click may come before the new address is read.
        setattr(self, facet, [*kept, value] if chosen is True else kept)
        return self._redirect()

    @rx.event
    def choose_requester(self, person_id: int) -> list[EventSpec]:
        """Lists the tickets of a person whom the search has found, in place of the search."""
        self._sought = [*self._sought[1 - SOUGHT_MAX :], ""]
        self._seeking = False
        chosen = number_of(person_id)
        return [rx.set_value("search", ""), self._redirect(requester=chosen or "", search="")]

    @rx.event
    def any_requester(self) -> EventSpec:
        """Removes the filter by requester."""
        self.requester = ""
        return self._redirect()

    @rx.event
    def choose_assignee(self, whose: str) -> EventSpec | None:
        """Lists the tickets of oneself (`me`), of nobody (`none`), or of all (an empty text)."""
        if whose not in ("", ME, NONE):
            return None
        self.assignee = whose
        return self._redirect()

    @rx.event
    def choose_unanswered(self, chosen: bool) -> EventSpec:
        """Lists the tickets whose requester waits, or no longer these alone."""
        self.unanswered = "true" if chosen is True else ""
        return self._redirect()

    @rx.event
    def sort_by(self, sort: str) -> EventSpec:
        """Lists the tickets by another sort."""
        chosen = known_sort(sort)
        self.sort = "" if chosen is Sort.NEWEST else chosen
        return self._redirect()

    @rx.event
    def seek(self, text: str) -> EventSpec | None:
        """Searches for a text in addition to the filters. Typing it is one step of the browser's
        history."""
        sought = text_of(text, SOUGHT_LONGEST).strip()
        self._sought = [*self._sought[1 - SOUGHT_MAX :], sought]
        again, self._seeking = self._seeking, True
        return self._redirect(replace=again and self.router.url.path == "/", search=sought)

    @rx.event
    def enter(self, data: dict[str, Any]) -> EventSpec | None:
        """Searches on Enter, which may come before the last debounced key."""
        return self.seek(_sought_in(data))

    @rx.event
    def find(self, data: dict[str, Any]) -> EventSpec | None:
        """Searches from another page: goes to the queue, for this search alone."""
        sought = _sought_in(data)
        return rx.redirect(
            f"/?{urlencode({'search': sought}, errors='replace')}" if sought else "/"
        )

    @rx.event
    def clear(self) -> EventSpec | None:
        """Clears the filters and the search, whose box the browser has emptied already."""
        self._sought = [*self._sought[1 - SOUGHT_MAX :], ""]
        self._seeking = False
        return rx.redirect("/")

    @rx.event
    def attend(self, by: str, here: bool) -> None:
        """Records that the pointer or the focus (`by`) is in the list, or has left it."""
        if by not in ATTENTION:
            return
        self._attention = (self._attention - {by}) | ({by} if here is True else set())
        if not self._attention:
            self._left_at = time()

    @rx.event
    def begin(self, touch: bool) -> None:
        """Begins with a new list. On a touch screen the rows always keep their places."""
        self._attention, self._left_at = {TOUCH} if touch is True else set(), 0.0

    @rx.event
    async def show_waiting(self) -> None:
        """Shows the new tickets at the top."""
        await self._read(min(max(len(self.rows), PAGE) + MARGIN, ROWS_MAX))

    @rx.event
    async def retry(self) -> None:
        """Reads the list again after an error."""
        await self._read(PAGE)

    def _is_read(self) -> bool:
        return self.loaded

    async def _read_as_before(self, query: str) -> None:
        """Reads the list as long as it was, after a reload, a reconnection or a way back."""
        rows, _, before = self.extent.partition(" ")
        again = before == query and rows.isdecimal() and len(rows) <= len(str(ROWS_MAX))
        self._query_read = query
        if again and self._is_attended() and self.rows and self.loaded:
            await self._read_in_place()
        else:
            await self._read(min(max(int(rows), PAGE), ROWS_MAX) if again else PAGE)

    async def _read(self, limit: int) -> None:
        """Reads the list with all new tickets."""
        if (result := await self._search(limit)) is not None:
            first = [result.ticket] if result.ticket else []
            others = (ticket for ticket in result.page.items if ticket.id != self.led)
            self._keep([row_of(ticket) for ticket in (*first, *others)], result.page)
            self.waiting = ""
        self.loaded = True

    async def _read_in_place(self) -> None:
        """Reads the rows' tickets again. The rows keep their places."""
        result = await self._search(min(len(self.rows) + MARGIN, PAGE_MAX))
        if result is None:
            return
        listed = result.page.items
        try:
            others = await call_service(get_tickets, missing(self.rows, listed))
        except TicketAppError as error:
            self.problem = error.detail
            return
        if result.ticket is not None:
            others.pop(result.ticket.id, None)
            listed = [*listed, result.ticket]
        complete = result.page.next_cursor is None
        now = stable_rows(self.rows, listed, others, complete=complete, sort=self._sort())
        if now.rows != self.rows:
            self.rows = now.rows
        self.waiting = f"{now.waiting:,} new" if now.waiting else ""

    async def _search(self, limit: int) -> SearchResult | None:
        if self._impossible:
            self.problem, self.loaded = self._impossible, True
            return None
        try:
            result = await call_service(searching.search, self._query(limit, self._before or None))
        except TicketAppError as error:
            self.problem = error.detail
            return None
        self.problem, self.matching = "", found_sentence(result)
        self.requester_shown = result.person.name if result.person else self.requester
        self.led = result.ticket.id if result.ticket else 0
        return result

    async def _refresh(self) -> None:
        async with self:
            if not self.loaded:
                return  # `load` knows the length of the list first
            filed = (await self.get_state(Form)).filed
            if self._is_attended() and self.rows and filed == self._filed:
                await self._read_in_place()
            else:
                await self._read(min(max(len(self.rows), PAGE), ROWS_MAX))
                self._filed = filed

    def _is_attended(self) -> bool:
        """Returns True if the pointer or the focus is in the list, or left it
        within LINGER_SECONDS."""
        return bool(self._attention) or time() - self._left_at < LINGER_SECONDS

    def _keep(self, rows: list[TicketRow], page: TicketPage) -> None:
        # Reflex sends a var that is set, even if it is unchanged.
        if rows != self.rows or not self.loaded:
            self.rows = rows
        extent = f"{len(rows)} {self._query_read}"
        if extent != self.extent:
            self.extent = extent
        self._next = page.next_cursor or ""
        self.stopped = stopped_sentence(page)
        self.more = bool(self._next) and len(rows) < ROWS_MAX
        self.full = bool(self._next) and len(rows) >= ROWS_MAX

    async def _suggest_people(self) -> None:
        """Reads the requesters whom the search names, unless the list is of one already."""
        is_about_texts = not (self.requester or self.older or self.problem)
        try:
            self.people = await named_requesters(self.search if is_about_texts else "")
        except TicketAppError as error:
            self.people, self.problem = [], error.detail

    async def _name_assignee(self) -> None:
        self.assignee_shown = self.assignee
        if self.assignee.isdecimal() and not self._impossible:
            with suppress(TicketAppError):
                person = await call_service(directory.get_person, int(self.assignee))
                self.assignee_shown = person.name

    def _sort(self) -> Sort:
        return known_sort(self.sort)

    def _was_typed(self) -> bool:
        """Returns True if the address's search was typed into the box.

        The box may be ahead of the address then, and setting it would lose a key.
        """
        if self.search not in self._sought:
            return False
        self._sought = self._sought[self._sought.index(self.search) + 1 :]
        return True

    def _query(self, limit: int, cursor: str | None) -> TicketListQuery:
        values: dict[str, Any] = {facet: list(getattr(self, facet)) for facet in FACETS}
        values |= {"requester": self.requester or None, "search": self.search}
        values |= {"assignee": self.assignee or None}
        values |= {"unanswered": self.unanswered or None, "sort": self._sort()}
        return parse(TicketListQuery, values | {"limit": limit, "cursor": cursor})

    def _redirect(self, *, replace: bool = False, **changes: Any) -> EventSpec:
        """Goes to the first page of the list with these changes, and keeps the other filters.

        That is a new step of the browser's history, unless `replace` is set.
        """
        facets = {name: getattr(self, name) for name in FACETS}
        # The address of what was typed last may not be read yet.
        is_ahead = self._sought and self._headed != NOWHERE
        search = self._sought[-1] if is_ahead else self.search
        others = ("requester", "assignee", "unanswered", "sort")
        facets |= {name: getattr(self, name) for name in others}
        parts = facets | {"search": search} | changes
        kept = {name: value for name, value in parts.items() if value}
        query = urlencode(kept, doseq=True, errors="replace")
        self._headed = (query, time())
        return rx.redirect(f"/?{query}" if query else "/", replace=replace)


def _sought_in(data: Any) -> str:
    sought = data.get("search", "") if isinstance(data, dict) else ""
    return text_of(sought, SOUGHT_LONGEST).strip()
