"""One line at the foot of the page, for news whose result is not where the person looks."""

from time import monotonic

import reflex as rx
from reflex.event import EventSpec

from ticket_app.errors import InvalidInputError
from ticket_app.state.asking import text_of, ticket_id_of

TEXT_LONGEST = 500
"""Characters of a line at the foot of the page; the longest of the desk's own sentences fits."""


class Notice(rx.State):
    """The line, the deleted ticket that its Undo brings back, and the ticket that its link leads
    to (0: none). What is `said` is for screen readers alone: its result is plain to see."""

    text: str = ""
    said: str = ""
    failed: bool = False
    undo_ticket: int = 0
    shows_ticket: int = 0

    @rx.event
    def tell(
        self, text: str, undo_ticket: int = 0, failed: bool = False, shows_ticket: int = 0
    ) -> None:
        """Show a line in place of the one before."""
        self.text, self.failed = text_of(text, TEXT_LONGEST), failed is True
        self.undo_ticket, self.shows_ticket = (
            _ticket_or_none(undo_ticket),
            _ticket_or_none(shows_ticket),
        )

    @rx.event
    def say(self, text: str) -> None:
        """Have a screen reader say this; the same words again are said again."""
        said = text_of(text, TEXT_LONGEST)
        self.said = f"{said}\N{NO-BREAK SPACE}" if said == self.said else said

    @rx.event
    def dismiss(self) -> None:
        """Take the line away."""
        self.text, self.undo_ticket, self.shows_ticket = "", 0, 0


def _ticket_or_none(ticket_id: int) -> int:
    try:
        return ticket_id_of(ticket_id)
    except InvalidInputError:
        return 0


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
