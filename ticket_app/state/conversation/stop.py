"""The stop before a message whose author has not seen what others wrote meanwhile."""

from collections.abc import Sequence
from time import time
from typing import ClassVar

import reflex as rx

from ticket_app.schemas.conversation import MessagePublic
from ticket_app.services.people.permission import Verb
from ticket_app.state.conversation.entries import Entry, said_entry
from ticket_app.state.tickets.rows import TicketRow
from ticket_app.vocabulary import MessageKind

READING_SECONDS = 1.0
"""Seconds without a press after which the next one counts as an answer to the stop. A double click,
or a key that is held, is none."""


class Stop(rx.State):
    """What stopped a message to ticket `ticket_id`: `newer`, oldest first, until it is answered.

    `kind` and `resolves` are those of the stopped message, whose text the browser has.
    """

    needs: ClassVar[Verb | None] = Verb.CHANGE_TICKETS

    ticket_id: int = 0
    kind: str = ""
    resolves: bool = False
    newer: list[Entry] = []

    _before: int = 0
    _newest: int = 0
    _pressed_at: float = 0.0

    @rx.event
    def keep_writing(self) -> None:
        """Takes the stop away. What it showed counts as seen."""
        self.newer = []

    def _seen_at(self, ticket_id: int, seen: int) -> int:
        """Returns the newest message that the author has seen, when they press.

        That is the page's own, or the newest of a stop that they had the time to read.
        """
        is_known = ticket_id == self.ticket_id
        if is_known and self.newer and time() - self._pressed_at < READING_SECONDS:
            return self._before
        self._before = max(seen, self._newest) if is_known else seen
        return self._before

    def _show(
        self,
        ticket: TicketRow,
        kind: MessageKind,
        resolves: bool,
        newer: Sequence[MessagePublic],
    ) -> None:
        self.ticket_id, self.kind, self.resolves = ticket.id, kind, resolves
        self._newest, self._pressed_at = newer[-1].id, time()
        self.newer = [said_entry(each, ticket.requester) for each in newer]
