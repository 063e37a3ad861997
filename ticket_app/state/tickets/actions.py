"""Actions on one ticket, from any page. The pages follow the change by themselves."""

from typing import ClassVar

import reflex as rx
from reflex.event import EventSpec

from ticket_app.errors import TicketAppError, TicketChangedError
from ticket_app.schemas.assignees import ASSIGNEE
from ticket_app.schemas.inputs import parse
from ticket_app.schemas.tickets import TicketUpdate
from ticket_app.services.people.permission import Verb
from ticket_app.services.tickets import changing, deleting
from ticket_app.state.event_arguments import number_of, text_of, ticket_id_of
from ticket_app.state.notices import Notice, failure_notice
from ticket_app.state.service_calls import call_service
from ticket_app.state.tickets.address import number_in
from ticket_app.state.tickets.conflicts import Conflicts, refusal_sentence
from ticket_app.state.tickets.own_changes import Versions, version_to_lock, with_own_change
from ticket_app.theme import saved_sentence

FIELD_LONGEST = 40
ANSWERS_MAX = 16
"""Choices whose answers are kept for a page, which needs an answer until it has received it."""


class TicketActions(rx.State):
    """Changes, deletes and restores a ticket.

    `answered` maps a ticket and field to the number of the last choice that was saved. The number
    is negative if the choice was refused.
    """

    needs: ClassVar[Verb | None] = Verb.CHANGE_TICKETS

    answered: dict[str, int] = {}

    _versions: Versions = {}

    @rx.event
    async def change(
        self, ticket_id: int, field: str, value: str, number: int, version: int
    ) -> EventSpec | None:
        """Sets one field of a ticket, unless the choice with this number was answered before.

        `version` is the version that the person saw (optimistic lock): others' later changes of the
        field are not overwritten. On the ticket's page both values are shown then.
        """
        number = number_of(number)
        choice = f"{number_of(ticket_id)}.{text_of(field, FIELD_LONGEST)}"
        if number and abs(self.answered.get(choice, 0)) == number:
            return None
        said, is_taken = await self._change(ticket_id, field, value, version)
        self._answer(choice, number if is_taken and said is not None else -number)
        return said

    async def _change(
        self, ticket_id: int, field: str, value: str, version: int
    ) -> tuple[EventSpec | None, bool]:
        """Sets one field; returns what the person is told, and False if the value was refused.

        The value is taken, and nobody is told, where the page shows it beside that of another.
        """
        conflicts = await self.get_state(Conflicts)
        known = number_of(ticket_id)
        try:
            known = ticket_id_of(ticket_id)
            update = parse(TicketUpdate, {str(field): value})
            seen = version_to_lock(self._versions, known, field, version)
            ticket = await call_service(changing.update_ticket, known, update, seen_version=seen)
        except TicketChangedError as error:
            if error.theirs is None or number_in(self.router.url.path) != known:
                return failure_notice(await refusal_sentence(error)), False
            await conflicts._add(known, error.theirs, value)  # noqa: SLF001  # ours
            return None, True
        except TicketAppError as error:
            return failure_notice(error.detail), False
        conflicts._settle(known, field)  # noqa: SLF001  # ours
        self._versions = with_own_change(self._versions, known, field, ticket.version)
        if field == ASSIGNEE:  # its value is a number, which nobody knows
            return Notice.say(f"The assignee of ticket {known} is saved."), True
        return Notice.say(saved_sentence(known, field, getattr(ticket, field))), True

    def _answer(self, choice: str, number: int) -> None:
        others = [one for one in self.answered.items() if one[0] != choice]
        self.answered = dict([*others[1 - ANSWERS_MAX :], (choice, number)])

    @rx.event
    async def delete(self, ticket_id: int) -> EventSpec | None:
        """Deletes a ticket and offers Undo."""
        try:
            await call_service(deleting.ensure_deleted, ticket_id_of(ticket_id))
        except TicketAppError as error:
            return failure_notice(error.detail)
        return Notice.tell(f"Ticket {ticket_id} is deleted.", ticket_id)

    @rx.event
    async def restore(self, ticket_id: int) -> EventSpec | list[EventSpec]:
        """Restores a deleted ticket."""
        try:
            await call_service(deleting.restore_ticket, ticket_id_of(ticket_id))
        except TicketAppError as error:
            return failure_notice(error.detail)
        return [Notice.dismiss(), Notice.say(f"Ticket {ticket_id} is restored.")]
