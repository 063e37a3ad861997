"""Two changes of one field: what somebody else set, and what was chosen here. Neither is lost."""

from dataclasses import dataclass
from typing import ClassVar

import reflex as rx

from ticket_app.actor import Actor
from ticket_app.errors import (
    FieldChange,
    PersonNotFoundError,
    TicketAppError,
    TicketChangedError,
)
from ticket_app.schemas.assignees import ASSIGNEE, ME
from ticket_app.services.people.accounts.directory import get_person
from ticket_app.services.people.permission import Verb
from ticket_app.state.event_arguments import number_of
from ticket_app.state.service_calls import call_service
from ticket_app.theme import field_word, word_for
from ticket_app.vocabulary import TITLE_MAX, Who

CONFLICTS_MAX = 8
"""Conflicts that a page keeps. An older one gives way: what others set stands then."""


@dataclass(frozen=True)
class Conflict:
    """One field that two have changed. `value` is what was chosen here, as it was sent, and
    `version` that of the ticket at which the choice is made again."""

    ticket_id: int
    field: str
    word: str
    by: str
    theirs: str
    at: str
    mine: str
    value: str
    version: int


class Conflicts(rx.State):
    """The conflicts of this page that are not answered yet."""

    needs: ClassVar[Verb | None] = Verb.CHANGE_TICKETS

    open: list[Conflict] = []

    @rx.event
    def keep_theirs(self, ticket_id: int, field: str) -> None:
        """Leaves a field as the other has set it."""
        self._settle(number_of(ticket_id), field)

    def _settle(self, ticket_id: int, field: str) -> None:
        left = [each for each in self.open if (each.ticket_id, each.field) != (ticket_id, field)]
        if len(left) != len(self.open):
            self.open = left

    async def _add(self, ticket_id: int, theirs: FieldChange, value: str) -> None:
        self._settle(ticket_id, theirs.field)
        conflict = Conflict(
            ticket_id=ticket_id,
            field=theirs.field,
            word=field_word(theirs.field),
            by=_author(theirs),
            theirs=await value_word(theirs.field, theirs.value),
            at=theirs.at.isoformat(),
            mine=await value_word(theirs.field, value),
            value=value,
            version=theirs.version,
        )
        self.open = [*self.open[1 - CONFLICTS_MAX :], conflict]


def _author(theirs: FieldChange) -> str:
    return "The triage" if theirs.who is Who.TRIAGE else theirs.by or "Somebody else"


async def value_word(field: str, value: str | None) -> str:
    """Returns a value of a field in words, as people read it."""
    if field != ASSIGNEE:
        return word_for(field, value)
    if not value:
        return "Nobody"
    if value == ME:
        return "Me"
    try:
        return await call_service(_name, int(value))
    except (PersonNotFoundError, TicketAppError, ValueError):
        return value


def _name(actor: Actor, person_id: int) -> str:
    return get_person(actor, person_id).name


async def refusal_sentence(error: TicketAppError) -> str:
    """Returns why a change of a field was refused, and after a conflict the field's value now."""
    if not isinstance(error, TicketChangedError) or error.theirs is None:
        return error.detail
    theirs = error.theirs
    value = (await value_word(theirs.field, theirs.value))[:TITLE_MAX]
    return f"{error.detail} {field_word(theirs.field)} now: {value}."
