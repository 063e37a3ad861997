"""Who else has a ticket open, for the team alone. Nothing of it is stored."""

import asyncio
from contextlib import AbstractContextManager
from typing import NamedTuple

from ticket_app.actor import Actor
from ticket_app.bus import Attendee
from ticket_app.data.engine import read_transaction
from ticket_app.data.people.accounts import find_person
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.presence import people
from ticket_app.services.people.permission import Verb, require

NAME_LONGEST = 40


class Visitor(NamedTuple):
    """Whom others see at a ticket. All pages of a person have the same `who`."""

    who: str
    name: str


def visitor(actor: Actor, page: str) -> Visitor:
    """Returns whom others see at this page. At an open desk a page is nobody's, and has no name."""
    require(actor, Verb.USE_NOTES)
    person_id = actor.identity.person_id
    if person_id is None:
        return Visitor(f"page {page}", "")
    with read_transaction(QUICK) as session:
        person = find_person(session, person_id)
    name = person.name if person else ""
    short = name if len(name) <= NAME_LONGEST else f"{name[: NAME_LONGEST - 1]}…"
    return Visitor(f"person {person_id}", short)


def being_at(
    actor: Actor, ticket_id: int, page: str, own: Visitor
) -> AbstractContextManager[asyncio.Event]:
    """Returns a block in which others see the visitor at a ticket. It yields an event that is set
    with each news of them."""
    require(actor, Verb.USE_NOTES)
    return people.visit(page, ticket_id, *own)


def others_at(actor: Actor, ticket_id: int, own: Visitor) -> list[Attendee]:
    """Returns who else has a ticket open, by name."""
    require(actor, Verb.USE_NOTES)
    return people.at(ticket_id, own.who)


def note_writing(actor: Actor, ticket_id: int, page: str, *, writes: bool) -> None:
    """Lets others see that somebody writes at this page, or does no more."""
    require(actor, Verb.USE_NOTES)
    people.write(page, ticket_id, writes=writes)
