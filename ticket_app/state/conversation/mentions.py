"""Whom one may mention in a message: the names that the composer offers after an "@"."""

import unicodedata
from dataclasses import dataclass
from typing import ClassVar

import reflex as rx

from ticket_app.errors import TicketAppError
from ticket_app.services.followers.mentions import Mentionable, mentionable_people
from ticket_app.services.people.permission import Verb
from ticket_app.state.service_calls import call_service


@dataclass(frozen=True)
class Colleague:
    """Somebody of the team. `name` goes into the text, `email` tells people of one name apart, and
    `sought` is the name without accents and capitals, after a blank."""

    name: str
    email: str
    sought: str


class Mentions(rx.State):
    """The team, read with the page: the browser then offers names without a request."""

    needs: ClassVar[Verb | None] = Verb.USE_NOTES

    people: list[Colleague] = []

    @rx.event
    async def load(self) -> None:
        """Reads the team. Without it the composer offers nobody, and a written name counts."""
        try:
            found = await call_service(mentionable_people)
        except TicketAppError:
            return  # the page's own content says what is wrong
        people = [_colleague(each) for each in found]
        if people != self.people:
            self.people = people


def _colleague(each: Mentionable) -> Colleague:
    return Colleague(each.name, each.email or "", f" {_plain(each.name)}")


def _plain(name: str) -> str:
    """Returns the name without accents and capitals, as the browser writes what is sought."""
    parts = unicodedata.normalize("NFKD", name)
    return "".join(each for each in parts if not unicodedata.category(each).startswith("M")).lower()
