"""One line at the foot of the page, for a result that is not visible where the person looks."""

from time import monotonic
from typing import ClassVar

import reflex as rx
from reflex.event import EventSpec

from ticket_app.errors import InvalidInputError
from ticket_app.services.people.permission import Verb
from ticket_app.state.event_arguments import text_of, ticket_id_of

TEXT_LONGEST = 500
"""Characters of the line. The longest of the desk's own sentences fits."""


class Notice(rx.State):
    """The notice: `undo_ticket` is the deleted ticket that Undo restores, `shows_ticket` the ticket
    that the link opens (0: none).

    `said` is for screen readers alone, because the page shows its result plainly.
    """

    needs: ClassVar[Verb | None] = None

    text: str = ""
    said: str = ""
    failed: bool = False
    undo_ticket: int = 0
    shows_ticket: int = 0

    @rx.event
    def tell(
        self, text: str, undo_ticket: int = 0, failed: bool = False, shows_ticket: int = 0
    ) -> None:
        """Replaces the line."""
        self.text, self.failed = text_of(text, TEXT_LONGEST), failed is True
        self.undo_ticket, self.shows_ticket = (
            _ticket_or_none(undo_ticket),
            _ticket_or_none(shows_ticket),
        )

    @rx.event
    def say(self, text: str) -> None:
        """Makes a screen reader read the text aloud, even if it repeats the last one."""
        said = text_of(text, TEXT_LONGEST)
        self.said = f"{said}\N{NO-BREAK SPACE}" if said == self.said else said

    @rx.event
    def dismiss(self) -> None:
        """Removes the line."""
        self.text, self.undo_ticket, self.shows_ticket = "", 0, 0


def _ticket_or_none(ticket_id: int) -> int:
    try:
        return ticket_id_of(ticket_id)
    except InvalidInputError:
        return 0


def failure_notice(detail: str) -> EventSpec:
    """Returns the event that shows what failed and what to do."""
    return Notice.tell(detail, 0, True)


CLIENTS_MAX = 10_000
"""Clients remembered for the rate limit; the record is emptied beyond them, to bound its memory."""
_last_failure: dict[str, float] = {}
"""By client: the monotonic time of its last notice of a failure."""


def may_notify_failure(token: str) -> bool:
    """Returns True if this client got no notice of a failure within the last second."""
    now = monotonic()
    recently = now - _last_failure.get(token, -1.0) < 1.0
    if len(_last_failure) >= CLIENTS_MAX:
        _last_failure.clear()
    if not recently:
        _last_failure[token] = now
    return not recently
