"""The board: a column for each status, loaded in pages."""

from typing import Any

import reflex as rx
from reflex.event import EventSpec

from ticket_app.errors import TicketAppError
from ticket_app.schemas.inputs import parse
from ticket_app.schemas.tickets import PAGE_MAX, TicketListQuery, TicketPublic, TicketUpdate
from ticket_app.services import figures
from ticket_app.services.tickets import changing, listing
from ticket_app.state.asking import ask, number_of, ticket_id_of
from ticket_app.state.columns import followed, in_order, is_gap, put_below, without
from ticket_app.state.live import Live
from ticket_app.state.notices import Notice, told_failure
from ticket_app.state.own_changes import Versions, followed_by, refused_in_words, seen_by
from ticket_app.state.rows import TicketRow, row_of
from ticket_app.theme import saved_in_words
from ticket_app.vocabulary import Edge, Status

PAGE = 20
CARDS_MAX = 200
"""A column holds at most this many cards (one page of the service); the desk shows the rest."""
MOVES_MAX = 100
"""So many cards that the person moved are remembered, and stay where they were put."""


class Board(Live, rx.State):
    """A var for each column, so that a move sends two of them and not the whole board.

    The browser shows a move at once and by itself: it holds the order that the person made, until
    `answered` is the number of that move, or the page has loaded anew (`loads`). `refused` is the
    number of the last move that was refused, and `refused_ticket` the ticket of its card.
    """

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
        """Read every column. After a reconnect the cards stay where they were."""
        self.loads += 1
        await self._read()

    @rx.event
    async def begin(self) -> None:
        """The page was opened: every column begins in order, with its first page."""
        self._limits, self._put, self._versions = {}, [], {}
        await self._read(*Status)

    @rx.event
    async def load_more(self, status: str, shown: int) -> None:
        """One more page of a column, below the cards that the page showed."""
        if status not in tuple(Status) or not self.more.get(status):
            return
        cards = len(self._cards(Status(status)))
        if cards > number_of(shown):
            return
        self._limits[status] = min(max(cards, self._limit(status)) + PAGE, CARDS_MAX)
        await self._read()

    @rx.event
    async def put_in_order(self, status: str) -> None:
        """The newest first, and no gaps."""
        if status in tuple(Status):
            await self._read(Status(status))

    @rx.event
    async def place(
        self, ticket_id: int, version: int, target: str, above: int, move: Any
    ) -> EventSpec | None:
        """A card was put into a column, below the card of ticket `above` (0: on top).

        `version` is the ticket's when the person took it: what others have changed since then is
        not overwritten. `move` is the browser's number for this move.
        """
        self.answered = number_of(move)
        try:
            known = ticket_id_of(ticket_id)
            update = parse(TicketUpdate, {"status": target})
            seen = seen_by(self._versions, known, version)
            ticket = await ask(
                changing.update_ticket, known, update, Edge.BROWSER, seen_version=seen
            )
        except TicketAppError as error:
            self.refused, self.refused_ticket = self.answered, number_of(ticket_id)
            await self._read()  # the card goes to where it is now, in one step
            return told_failure(await refused_in_words(error, ticket_id, "status"))
        self._show_at(ticket, above)
        self._versions = followed_by(self._versions, known, seen, ticket.version)
        moved = ticket.version != seen
        return Notice.say(saved_in_words(known, "status", ticket.status)) if moved else None

    def _show_at(self, ticket: TicketPublic, above: int) -> None:
        """Put the ticket's card into its column, and take it out of the others."""
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
        """Follow the desk; bring the columns of `ordered` in order."""
        try:
            counts = await ask(figures.status_counts)
            pages = {
                status: await ask(
                    listing.list_tickets,
                    TicketListQuery(status=[status], limit=self._limit(status)),
                )
                for status in Status
            }
            known = {ticket.id: ticket for page in pages.values() for ticket in page.items}
            shown = {row.id for status in Status for row in self._cards(status)}
            wanted = list((shown | set(self._put if ordered else ())) - known.keys())
            for start in range(0, len(wanted), PAGE_MAX):
                known |= await ask(listing.get_tickets, wanted[start : start + PAGE_MAX])
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
                self._follow(status, newest, rows)
            self._tell_of(status, left=page.next_cursor is not None)

    def _follow(self, status: Status, newest: list[int], rows: dict[int, TicketRow]) -> None:
        cards, self._late[status] = followed(
            self._cards(status),
            status,
            newest=newest,
            tickets=rows,
            late=self._late.get(status, []),
            limit=self._limit(status),
        )
        self._show(status, cards)

    def _tell_of(self, status: Status, *, left: bool) -> None:
        """What stands at a column's head and foot. A var that is set is sent, even if unchanged."""
        cards, late = self._cards(status), len(self._late.get(status, []))
        gaps = any(is_gap(card, status) for card in cards)
        told = {
            "more": left and len(cards) < CARDS_MAX,
            "full": left and len(cards) >= CARDS_MAX,
            "news": f"{late} new" if late else "Close gaps" if gaps else "",
        }
        for name, value in told.items():
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
