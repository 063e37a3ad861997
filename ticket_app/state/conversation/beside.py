"""What is beside a conversation: the ticket's properties, its suggestions, and similar tickets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import reflex as rx

from ticket_app.actor import Actor
from ticket_app.errors import PersonNotFoundError, TicketAppError, TicketNotFoundError
from ticket_app.services.conversation.participants import list_participants
from ticket_app.services.people.accounts.directory import get_person
from ticket_app.services.people.assignees import assignable_people
from ticket_app.services.people.permission import Verb
from ticket_app.services.tickets.similar import similar_tickets
from ticket_app.state.connection.returning import Returning
from ticket_app.state.connection.subscription import Subscribed
from ticket_app.state.service_calls import call_service
from ticket_app.state.tickets.address import number_in
from ticket_app.state.tickets.detail import Unfolded, read_unfolded
from ticket_app.state.tickets.queue import Queue
from ticket_app.state.tickets.rows import TicketRow
from ticket_app.vocabulary import ID_MAX

SIMILAR = 5
NOTHING = Unfolded([], [], "", "", "", "")


@dataclass(frozen=True)
class Colleague:
    """Somebody who may care for the ticket, by number as a select has it."""

    id: str
    name: str


@dataclass(frozen=True)
class Copied:
    """A person who is, or may be, copied on the ticket."""

    id: int
    name: str
    email: str


@dataclass(frozen=True)
class Similar:
    """A ticket with a similar text. `words` are those that both have."""

    id: int
    title: str
    status: str
    words: str


class Beside(Returning, Subscribed, rx.State):
    """The parts beside the conversation of ticket `number`.

    `previous` and `following` are its neighbours in the list from which the reader came; 0 for
    none. An error is shown by the conversation.
    """

    needs: ClassVar[Verb | None] = Verb.CHANGE_TICKETS

    number: int = 0
    facts: Unfolded = NOTHING
    team: list[Colleague] = []
    copied: list[Copied] = []
    similar: list[Similar] = []
    previous: int = 0
    following: int = 0

    @rx.event
    async def load(self) -> None:
        """Reads what belongs to the ticket of the address."""
        number = number_in(self.router.url.path)
        if number != self.number:
            self.similar = []
        rows = (await self.get_state(Queue)).rows
        self.previous, self.following = neighbours(number, rows)
        if await self._read(number):
            self.similar = await _similar(number)

    def _is_read(self) -> bool:
        return self.number > 0

    def _followed(self) -> int | None:
        return number_in(self.router.url.path) or ID_MAX

    async def _read(self, number: int) -> bool:
        """Reads the ticket's facts. Returns False if they cannot be read now."""
        try:
            facts = await read_unfolded(number)
            team = await call_service(_team, number, facts.assignee)
            people = await call_service(list_participants, number)
        except TicketAppError:
            return False
        copied = [Copied(each.id, each.name, each.email or "") for each in people]
        self._set(number=number, facts=facts, team=team, copied=copied)
        return True

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            if getattr(self, name) != value:  # Reflex sends a var that is set, even if unchanged
                setattr(self, name, value)

    async def _refresh(self) -> None:
        async with self:
            if self.number:
                await self._read(number_in(self.router.url.path))


def neighbours(number: int, rows: Sequence[TicketRow]) -> tuple[int, int]:
    """Returns the tickets before and after this one in a list; 0 for none."""
    numbers = [0, *(row.id for row in rows), 0]
    place = numbers.index(number) if number and number in numbers else 0
    return (numbers[place - 1], numbers[place + 1]) if place else (0, 0)


def _team(actor: Actor, _: int, assignee: int) -> list[Colleague]:
    """Returns those who may be assigned, and who is, even if they may not be any more."""
    team = [Colleague(str(each.id), each.name) for each in assignable_people(actor)]
    if not assignee or any(each.id == str(assignee) for each in team):
        return team
    try:
        return [*team, Colleague(str(assignee), get_person(actor, assignee).name)]
    except PersonNotFoundError:
        return team


async def _similar(number: int) -> list[Similar]:
    try:
        found = await call_service(similar_tickets, number, SIMILAR)
    except (TicketNotFoundError, TicketAppError):
        return []
    return [
        Similar(
            each.ticket.id,
            each.ticket.title,
            each.ticket.status,
            ", ".join(each.shared_words),
        )
        for each in found
    ]
