"""Editing the title and the description of a ticket where they stand."""

from typing import ClassVar

import reflex as rx
from reflex.event import EventSpec

from ticket_app.services.people.permission import Verb
from ticket_app.state.tickets.actions import TicketActions
from ticket_app.vocabulary import TEXT


class Editing(rx.State):
    """`done` counts the texts that the desk has taken. The browser closes its field then.

    A text that somebody else has changed meanwhile is taken, too: the page shows both.
    """

    needs: ClassVar[Verb | None] = Verb.CHANGE_TICKETS

    done: int = 0

    @rx.event
    async def save(self, ticket_id: int, field: str, text: str, version: int) -> EventSpec | None:
        """Saves a text. `version` is that of the ticket when the editing began. A refused text
        stays in its field."""
        if field not in TEXT:
            return None
        actions = await self.get_state(TicketActions)
        said, is_taken = await actions._change(ticket_id, field, text, version)  # noqa: SLF001  # ours
        if is_taken:
            self.done += 1
        return said
