"""The board: a column for each status, loaded in pages."""

from typing import Any, ClassVar

import reflex as rx
from reflex.event import EventSpec

from ticket_app.errors import TicketAppError
from ticket_app.schemas.inputs import parse
from ticket_app.schemas.tickets import PAGE_MAX, TicketListQuery, TicketPublic, TicketUpdate
from ticket_app.services import figures
from ticket_app.services.people.permission import Verb
from ticket_app.services.tickets import changing, listing
from ticket_app.state.connection.subscription import Subscribed
from ticket_app.state.event_arguments import number_of, ticket_id_of
from ticket_app.state.notices import Notice, failure_notice
from ticket_app.state.service_calls import call_service
from ticket_app.state.tickets.columns import in_order, is_gap, put_below, updated_column, without
from ticket_app.state.tickets.conflicts import refusal_sentence
from ticket_app.state.tickets.own_changes import Versions, version_to_lock, with_own_change
from ticket_app.state.tickets.rows import TicketRow, row_of
from ticket_app.theme import saved_sentence
from ticket_app.vocabulary import Status

PAGE = 20
CARDS_MAX = 200
"""Cards that a column holds at most: one page of the service. The desk shows the rest."""
MOVES_MAX = 100
"""Cards moved by the person that keep their place. Earlier moves are forgotten."""


class Board(Subscribed, rx.State):
    """The board's columns. Each has a var of its own, so that a move sends two columns and not all.

    The browser shows a move at once (optimistic update). It keeps the person's order until
    `answered` is the number of that move or `loads` grows. `refused` is the number of the last
    refused move, and `refused_ticket` is its ticket.
    """

    needs: ClassVar[Verb | None] = Verb.CHANGE_TICKETS

    open: list[TicketRow] = []
    in_progress: list[TicketRow] = []
    resolved: list[TicketRow] = []
    closed: list[TicketRow] = []
    counts: dict[str, int] = {}
    more: dict[str, bool] = {}
    full: dict[str, bool] = {}
    news: dict[str, str] = {}
    loaded: bool = False
    problem: str = ""
    answered: int = 0
    loads: int = 0
    refused: int = 0
    refused_ticket: int = 0

    _limits: dict[str, int] = {}
    _late: dict[str, list[int]] = {}
    _put: list[int] = []
    _versions: Versions = {}

    @rx.event
    async def load(self) -> None:
        """Reads every column. After a reconnection the cards keep their places."""
        self.loads += 1
        await self._read()

    @rx.event
    async def begin(self) -> None:
        """Reads the first page of every column in order, for a page that was opened."""
        self._limits, self._put, self._versions = {}, [], {}
        await self._read(*Status)

    @rx.event
    async def load_more(self, status: str, shown: int) -> None:
        """Adds a page to a column, below the `shown` cards."""
        if status not in tuple(Status) or not self.more.get(status):
            return
        cards = len(self._cards(Status(status)))
        if cards > number_of(shown):
            return
        self._limits[status] = min(max(cards, self._limit(status)) + PAGE, CARDS_MAX)
        await self._read()

    @rx.event
    async def put_in_order(self, status: str) -> None:
        """Puts a column in order: the newest first, without gaps."""
        if status in tuple(Status):
            await self._read(Status(status))

    @rx.event
    async def place(
        self, ticket_id: int, version: int, target: str, above: int, move: Any
    ) -> EventSpec | None:
        """Moves a card into a column, below the card of ticket `above` (0: on top).

        `version` is the version that the person saw (optimistic lock): others' later changes are
        not overwritten. `move` is the browser's number for this move.
        """
        self.answered = number_of(move)
        try:
            known = ticket_id_of(ticket_id)
            update = parse(TicketUpdate, {"status": target})
            seen = version_to_lock(self._versions, known, "status", version)
            ticket = await call_service(changing.update_ticket, known, update, seen_version=seen)
        except TicketAppError as error:
            self.refused, self.refused_ticket = self.answered, number_of(ticket_id)
            await self._read()  # one update puts the card into its present column
            return failure_notice(await refusal_sentence(error))
        self._show_at(ticket, above)
        self._versions = with_own_change(self._versions, known, "status", ticket.version)
        moved = ticket.version != seen
        return Notice.say(saved_sentence(known, "status", ticket.status)) if moved else None

    def _show_at(self, ticket: TicketPublic, above: int) -> None:
        """Puts the ticket's card into its column, and removes it from the others."""
        row = row_of(ticket)
        for status in Status:
            cards = self._cards(status)
            rest = without(cards, row.id)
            if status == ticket.status:
                self._show(status, put_below(rest, row, above))
                change = int(all(one.id != row.id or is_gap(one, status) for one in cards))
            else:
                self._show(status, rest)
                change = -int(any(one.id == row.id and not is_gap(one, status) for one in cards))
            if change:
                self.counts = self.counts | {status.value: self.counts.get(status, 0) + change}
        self._put = [*(one for one in self._put if one != row.id), row.id][-MOVES_MAX:]

    async def _refresh(self) -> None:
        async with self:
            await self._read()

    async def _read(self, *ordered: Status) -> None:
        """Reads the board. Puts columns of `ordered` in order; in others cards keep their place."""
        try:
            counts = await call_service(figures.status_counts)
            pages = {
                status: await call_service(
                    listing.list_tickets,
                    TicketListQuery(status=[status], limit=self._limit(status)),
                )
                for status in Status
            }
            known = {ticket.id: ticket for page in pages.values() for ticket in page.items}
            shown = {row.id for status in Status for row in self._cards(status)}
            wanted = list((shown | set(self._put if ordered else ())) - known.keys())
            for start in range(0, len(wanted), PAGE_MAX):
                known |= await call_service(listing.get_tickets, wanted[start : start + PAGE_MAX])
        except TicketAppError as error:
            self.problem = error.detail
            return
        self.problem, self.loaded = "", True
        self.counts = {str(status): count for status, count in counts.items()}
        rows = {ticket.id: row_of(ticket) for ticket in known.values()}
        for status, page in pages.items():
            newest = [ticket.id for ticket in page.items]
            if status in ordered:
                self._late[status] = []
                self._show(status, in_order(newest, status, rows, self._put))
            else:
                self._update_column(status, newest, rows)
            self._update_head_and_foot(status, left=page.next_cursor is not None)

    def _update_column(self, status: Status, newest: list[int], rows: dict[int, TicketRow]) -> None:
        cards, self._late[status] = updated_column(
            self._cards(status),
            status,
            newest=newest,
            tickets=rows,
            late=self._late.get(status, []),
            limit=self._limit(status),
        )
        self._show(status, cards)

    def _update_head_and_foot(self, status: Status, *, left: bool) -> None:
        """Updates a column's head and foot. Reflex sends a var that is set, even if unchanged."""
        cards, late = self._cards(status), len(self._late.get(status, []))
        gaps = any(is_gap(card, status) for card in cards)
        values = {
            "more": left and len(cards) < CARDS_MAX,
            "full": left and len(cards) >= CARDS_MAX,
            "news": f"{late} new" if late else "Close gaps" if gaps else "",
        }
        for name, value in values.items():
            before = getattr(self, name)
            if before.get(status) != value:
                setattr(self, name, before | {status.value: value})

    def _show(self, status: Status, cards: list[TicketRow]) -> None:
        if cards != self._cards(status):
            setattr(self, status.value, cards)

    def _limit(self, status: str) -> int:
        return self._limits.get(status, PAGE)

    def _cards(self, status: Status) -> list[TicketRow]:
        cards: list[TicketRow] = getattr(self, status.value)
        return cards
