"""One line at the foot of the page, for news whose result is not where the person looks."""

from time import monotonic

import reflex as rx
from reflex.event import EventSpec

from ticket_app.errors import InvalidInputError
from ticket_app.state.asking import text_of, ticket_id_of

TEXT_LONGEST = 500
"""Characters of a line at the foot of the page; the longest of the desk's own sentences fits."""


class Notice(rx.State):
    """The line, and the deleted ticket that its Undo brings back (0: none)."""

    text: str = ""
    failed: bool = False
    undo_ticket: int = 0

    @rx.event
    def tell(self, text: str, undo_ticket: int = 0, failed: bool = False) -> None:
        """Show a line in place of the one before."""
        self.text, self.failed = text_of(text, TEXT_LONGEST), failed is True
        try:
            self.undo_ticket = ticket_id_of(undo_ticket)
        except InvalidInputError:
            self.undo_ticket = 0

    @rx.event
    def dismiss(self) -> None:
        """Take the line away."""
        self.text, self.undo_ticket = "", 0


def told_failure(detail: str) -> EventSpec:
    """The event that tells what did not work and what to do."""
    return Notice.tell(detail, 0, True)


TOLD_MAX = 10_000
_told: dict[str, float] = {}


def seldom(token: str) -> bool:
    """Whether this client has not been told of a failure within the last second."""
    now = monotonic()
    recently = now - _told.get(token, -1.0) < 1.0
    if len(_told) >= TOLD_MAX:
        _told.clear()
    if not recently:
        _told[token] = now
    return not recently
