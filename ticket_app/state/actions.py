"""What a person does with one ticket, from whichever page; the pages follow by themselves."""

import reflex as rx
from reflex.event import EventSpec

from ticket_app.errors import TicketAppError
from ticket_app.schemas.inputs import parse
from ticket_app.schemas.tickets import TicketUpdate
from ticket_app.services.tickets import changing, deleting
from ticket_app.state.asking import ask, number_of, text_of, ticket_id_of
from ticket_app.state.notices import Notice, told_failure
from ticket_app.state.own_changes import Versions, followed_by, refused_in_words, seen_by
from ticket_app.theme import saved_in_words
from ticket_app.vocabulary import Edge

FIELD_LONGEST = 40
ANSWERS_MAX = 16
"""Choices whose answers a page is told: it needs each until it has seen it."""


class TicketActions(rx.State):
    """Changing, deleting and restoring.

    `answered` has, for a ticket and field, the number of the choice that was saved last, or its
    negative where it was refused.
    """

    answered: dict[str, int] = {}

    _versions: Versions = {}

    @rx.event
    async def change(
        self, ticket_id: int, field: str, value: str, number: int, version: int
    ) -> EventSpec | None:
        """Set one field of a ticket; a choice of this number that is answered is not done again.

        `version` is the ticket's when the person chose: what others have changed since then is not
        overwritten.
        """
        number = number_of(number)
        choice = f"{number_of(ticket_id)}.{text_of(field, FIELD_LONGEST)}"
        if number and abs(self.answered.get(choice, 0)) == number:
            return None
        try:
            known = ticket_id_of(ticket_id)
            update = parse(TicketUpdate, {str(field): value})
            seen = seen_by(self._versions, known, version)
            ticket = await ask(
                changing.update_ticket, known, update, Edge.BROWSER, seen_version=seen
            )
        except TicketAppError as error:
            self._answer(choice, -number)
            return told_failure(await refused_in_words(error, ticket_id, field))
        self._answer(choice, number)
        self._versions = followed_by(self._versions, known, seen, ticket.version)
        return Notice.say(saved_in_words(known, field, getattr(ticket, field)))

    def _answer(self, choice: str, number: int) -> None:
        others = [one for one in self.answered.items() if one[0] != choice]
        self.answered = dict([*others[1 - ANSWERS_MAX :], (choice, number)])

    @rx.event
    async def delete(self, ticket_id: int) -> EventSpec | None:
        """Take a ticket away, with a way back."""
        try:
            await ask(deleting.ensure_deleted, ticket_id_of(ticket_id), Edge.BROWSER)
        except TicketAppError as error:
            return told_failure(error.detail)
        return Notice.tell(f"Ticket {ticket_id} is deleted.", ticket_id)

    @rx.event
    async def restore(self, ticket_id: int) -> EventSpec | list[EventSpec]:
        """Bring a deleted ticket back."""
        try:
            await ask(deleting.restore_ticket, ticket_id_of(ticket_id), Edge.BROWSER)
        except TicketAppError as error:
            return told_failure(error.detail)
        return [Notice.dismiss(), Notice.say(f"Ticket {ticket_id} is restored.")]
