"""Adds people to a ticket, who are copied on it, and takes them off. Beside shows who they are."""

from typing import Any, ClassVar

import reflex as rx
from reflex.event import EventSpec

from ticket_app.errors import InvalidInputError, TicketAppError
from ticket_app.schemas.conversation import ParticipantCreate
from ticket_app.schemas.inputs import parse
from ticket_app.schemas.people import PeopleListQuery
from ticket_app.services.conversation.participants import add_participant, remove_participant
from ticket_app.services.people.accounts.directory import find_people
from ticket_app.services.people.permission import Verb
from ticket_app.state.conversation.beside import Beside, Copied
from ticket_app.state.event_arguments import number_of, text_of, ticket_id_of
from ticket_app.state.notices import Notice, failure_notice
from ticket_app.state.service_calls import call_service
from ticket_app.state.tickets.address import number_in
from ticket_app.vocabulary import REQUESTER_EMAIL_MAX, SEARCH_MAX

FIELD = "participant"
"""The id and the name of the field in which one seeks a person."""
FOUND_MAX = 5
CHOOSE = "Choose one of the people below, or write a whole e-mail address."
NOBODY = "Nobody is found. Write a whole e-mail address to add somebody new."


class Participants(rx.State):
    """`found` are people whom the beginning of a name or address finds; `problem` says why nobody
    was added. Both are of ticket `number`."""

    needs: ClassVar[Verb | None] = Verb.CHANGE_TICKETS

    number: int = 0
    found: list[Copied] = []
    problem: str = ""

    @rx.event
    def meet(self) -> None:
        """Forgets what was sought for another ticket than that of the address."""
        number = number_in(self.router.url.path)
        if number != self.number:
            self.number, self.found, self.problem = number, [], ""

    @rx.event
    async def seek(self, typed: str) -> None:
        """Finds people while one types."""
        self.problem = ""
        search = text_of(typed, SEARCH_MAX).strip()
        try:
            self.found = await self._found(search) if search else []
        except TicketAppError as error:
            self.found, self.problem = [], error.detail

    @rx.event
    async def add_typed(self, ticket_id: int, data: dict[str, Any]) -> list[EventSpec]:
        """Adds the person with the address that was typed, or the only one who is found by it."""
        fields: dict[str, Any] = data if isinstance(data, dict) else {}  # type: ignore[redundant-expr]  # a page may send anything
        typed = text_of(fields.get(FIELD), 2 * REQUESTER_EMAIL_MAX).strip()
        if not typed:
            return []
        if "@" in typed:
            return await self._add(ticket_id, typed)
        await self.seek(typed)
        if len(self.found) == 1:
            return await self._add(ticket_id, self.found[0].id)
        self.problem = self.problem or (CHOOSE if self.found else NOBODY)
        return []

    @rx.event
    async def add(self, ticket_id: int, person_id: int) -> list[EventSpec]:
        """Adds a person who was found."""
        return await self._add(ticket_id, number_of(person_id))

    @rx.event
    async def remove(self, ticket_id: int, person_id: int) -> list[EventSpec]:
        """Takes a person off the ticket."""
        self.problem = ""
        try:
            await call_service(remove_participant, ticket_id_of(ticket_id), number_of(person_id))
        except TicketAppError as error:
            return [failure_notice(error.detail)]
        await self._show()
        return [rx.set_focus(FIELD), Notice.say("Removed from the ticket.")]

    async def _add(self, ticket_id: int, person: int | str) -> list[EventSpec]:
        try:
            new = parse(ParticipantCreate, {"person": person})
            added = await call_service(add_participant, ticket_id_of(ticket_id), new)
        except InvalidInputError as error:
            self.problem = error.problems[0].message
            return []
        except TicketAppError as error:
            self.problem = error.detail
            return []
        self.found, self.problem = [], ""
        await self._show()
        name = added.name or added.email or ""
        return [
            rx.set_value(FIELD, ""),
            rx.set_focus(FIELD),
            Notice.say(f"{name} is copied on the ticket."),
        ]

    async def _found(self, search: str) -> list[Copied]:
        query = parse(PeopleListQuery, {"search": search, "active": True, "limit": FOUND_MAX})
        page = await call_service(find_people, query)
        return [Copied(each.id, each.name, each.email or "") for each in page.people]

    async def _show(self) -> None:
        beside = await self.get_state(Beside)
        await beside._read(beside.number)  # noqa: SLF001  # ours
