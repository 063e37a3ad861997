"""Who is mentioned in a message, "@" and the whole name of somebody of the team; and whom one may
mention."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ticket_app.actor import Actor
from ticket_app.data.engine import read_transaction
from ticket_app.data.folding import fold
from ticket_app.data.people import accounts
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.services.people.assignees import ASSIGNABLE_MAX, own_number
from ticket_app.services.people.permission import Verb, require


class Mentionable(NamedTuple):
    """A person of the team whom one may mention: `name` is what a message has after the "@".

    Of people of one name, it has the person's number, and `email` tells them apart.
    """

    name: str
    email: str | None


def mentionable_people(actor: Actor) -> list[Mentionable]:
    """Returns the active agents and administrators by name, ASSIGNABLE_MAX at most; not the person
    who acts, whom nobody would tell."""
    require(actor, Verb.USE_NOTES)
    with read_transaction(QUICK) as session:
        team = sorted(
            accounts.agents(session, limit=ASSIGNABLE_MAX), key=lambda each: _folded(each[1])
        )
        own = own_number(session, actor)
        count = Counter(_folded(name) for _, name in team)
        alike = [number for number, name in team if count[_folded(name)] > 1]
        found = accounts.find_people(session, alike) if alike else []
        emails: Mapping[int | None, str | None] = {each.id: each.email for each in found}
    return [
        Mentionable(_numbered(number, name) if number in emails else name, emails.get(number))
        for number, name in team
        if number != own
    ]


def mentioned(body: str, team: Iterable[tuple[int, str]]) -> set[int]:
    """Returns the numbers of those people whose name stands after an "@".

    Case does not count. Of several names that fit, the longest is meant; of several
    people with that name, the one whose number follows in brackets, or else all of them. An "@"
    within a word is no mention, but part of an address.
    """
    people: dict[str, set[int]] = {}
    for number, name in team:
        if known := _folded(name):
            for each in (known, _numbered(number, known)):
                people.setdefault(each, set()).add(number)
    if not people:
        return set()
    ordered = sorted(people, key=len, reverse=True)
    pattern = "|".join(r"\s+".join(map(re.escape, name.split())) for name in ordered)
    hits = re.finditer(rf"(?<!\w)@({pattern})(?!\w)", fold(body) or "")
    return {number for hit in hits for number in people[" ".join(hit[1].split())]}


def _numbered(number: int, name: str) -> str:
    return f"{name} ({number})"


def _folded(name: str) -> str:
    return " ".join((fold(name) or "").split())
