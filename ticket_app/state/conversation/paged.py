"""The entries of a conversation that a page shows, in pages from the newest backwards: a mixin."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import reflex as rx

from ticket_app.errors import TicketAppError
from ticket_app.schemas.conversation import PAGE_MAX
from ticket_app.state.conversation.entries import Entry
from ticket_app.state.event_arguments import number_of

PAGE = 50
"""Messages that are read at once."""
NEWEST_MAX = PAGE_MAX - 1
"""Messages of `newest`. What comes beyond them takes the place of the oldest ones."""
EARLIER_MAX = 150
"""Messages of `earlier`, because each page sends them all."""
MARGIN = 20
"""Messages that are read beyond those shown, to find new ones."""


class Stretch(NamedTuple):
    """Entries, oldest first. `has_older` is True if older messages exist."""

    entries: list[Entry]
    has_older: bool


class Paged(rx.State, mixin=True):
    """`newest` are the last entries, which follow the desk, and `earlier` those before them that
    the reader asked for.

    `oldest` is the first message shown, and `has_older` is True if more can be read above it. Above
    EARLIER_MAX messages `older_at` is the address of the rest. `arrived` counts the messages that
    came while the reader looks at others.
    """

    newest: list[Entry] = []
    earlier: list[Entry] = []
    oldest: int = 0
    has_older: bool = False
    older_at: str = ""
    arrived: int = 0
    problem: str = ""

    _is_cut: bool = False

    @rx.event
    async def load_older(self, oldest: int) -> None:
        """Adds a page above the message `oldest`, unless another is the oldest one by now."""
        if not self.has_older or number_of(oldest) != self.oldest:
            return
        try:
            found = await self._stretch(self.oldest, PAGE)
        except TicketAppError as error:
            self.problem = error.detail
            return
        self.earlier = [*found.entries, *self.earlier]
        self._show_extent(has_more=found.has_older)

    @rx.event
    def see(self) -> None:
        """Records that the reader sees the end of the conversation."""
        self.arrived = 0

    async def _stretch(self, before: int | None, limit: int) -> Stretch:
        """Reads the last `limit` messages before this one. Raises TicketAppError."""
        raise NotImplementedError

    def _address_before(self, oldest: int) -> str:  # noqa: ARG002  # for those that have one
        """Returns the address of what is above the message `oldest`; empty without one."""
        return ""

    def _messages_to_read(self) -> int:
        """Returns how many of the newest messages to read, to show again what is shown."""
        known = _messages(self.newest)
        return min(max(known + MARGIN, PAGE), NEWEST_MAX) if known else PAGE

    def _forget_entries(self) -> None:
        self.newest, self.earlier, self.arrived = [], [], 0

    def _show_newest(self, found: Stretch) -> None:
        """Shows the newest entries. Those that are shown keep their places."""
        entries, last = found.entries, last_message(self.newest)
        place = _place_of(_first_message(self.newest), entries)
        if place is not None and self._is_cut:
            entries = entries[place:]
        new = sum(each.number > last for each in entries) if last else 0
        self._set(newest=entries, arrived=self.arrived + new)
        if place is None:
            self._set(earlier=[])
            self._is_cut = found.has_older
            self._show_extent(has_more=found.has_older)

    def _show_extent(self, *, has_more: bool) -> None:
        """Says what is above the oldest entry."""
        is_full = _messages(self.earlier) >= EARLIER_MAX
        oldest = _first_message([*self.earlier, *self.newest])
        older_at = self._address_before(oldest) if has_more and is_full else ""
        self._set(oldest=oldest, has_older=has_more and not is_full, older_at=older_at)

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            if getattr(self, name) != value:  # Reflex sends a var that is set, even if unchanged
                setattr(self, name, value)


def _messages(entries: Sequence[Entry]) -> int:
    return sum(each.number > 0 for each in entries)


def _first_message(entries: Sequence[Entry]) -> int:
    """Returns the number of the oldest message; 0 if there is none."""
    return next((each.number for each in entries if each.number), 0)


def last_message(entries: Sequence[Entry]) -> int:
    """Returns the number of the newest message; 0 if there is none."""
    return _first_message(entries[::-1])


def _place_of(number: int, entries: Sequence[Entry]) -> int | None:
    places = (place for place, each in enumerate(entries) if each.number == number)
    return next(places, None) if number else None
