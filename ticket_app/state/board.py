"""The board: a column for each status, loaded in pages."""

import reflex as rx

from ticket_app.errors import TicketAppError
from ticket_app.schemas import TicketListQuery
from ticket_app.services import figures, tickets
from ticket_app.state.asking import ask
from ticket_app.state.live import Live
from ticket_app.state.rows import TicketRow, row_of
from ticket_app.vocabulary import Status

PAGE = 20
CARDS_MAX = 200
"""A column holds at most this many cards (one page of the service); the desk shows the rest."""


class Board(Live, rx.State):
    """A var for each column, so that a move sends two of them and not the whole board."""

    open: list[TicketRow] = []
    in_progress: list[TicketRow] = []
    resolved: list[TicketRow] = []
    closed: list[TicketRow] = []
    counts: dict[str, int] = {}
    more: dict[str, bool] = {}
    full: dict[str, bool] = {}
    loaded: bool = False
    problem: str = ""

    @rx.event
    async def load(self) -> None:
        """Read the first page of each column."""
        await self._read(dict.fromkeys(Status, PAGE))

    @rx.event
    async def load_more(self, status: str) -> None:
        """One more page of a column."""
        if status not in tuple(Status) or not self.more.get(status):
            return
        known = Status(status)
        await self._read({known: min(len(self._cards(known)) + PAGE, CARDS_MAX)})

    async def _refresh(self) -> None:
        async with self:
            await self._read({one: max(PAGE, len(self._cards(one))) for one in Status})

    async def _read(self, wanted: dict[Status, int]) -> None:
        try:
            counts = await ask(figures.status_counts)
            pages = {
                status: await ask(
                    tickets.list_tickets,
                    TicketListQuery(status=[status], limit=min(limit, CARDS_MAX)),
                )
                for status, limit in wanted.items()
            }
        except TicketAppError as error:
            self.problem = error.detail
            return
        self.problem, self.loaded = "", True
        self.counts = {str(status): count for status, count in counts.items()}
        for status, page in pages.items():
            cards = [row_of(ticket) for ticket in page.items]
            # A var that is set is sent, even when nothing in it changed.
            if cards != self._cards(status):
                setattr(self, status.value, cards)
            left, full = page.next_cursor is not None, len(cards) >= CARDS_MAX
            self.more = self.more | {status.value: left and not full}
            self.full = self.full | {status.value: left and full}

    def _cards(self, status: Status) -> list[TicketRow]:
        cards: list[TicketRow] = getattr(self, status.value)
        return cards
