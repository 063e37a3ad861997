"""The requesters: a few hundred people of a few dozen companies, some of whom write often."""

import unicodedata
from random import Random
from typing import NamedTuple

from ticket_app.cli.demo_desk.content import Place, places

PEOPLE_IN_A_COMPANY = (3, 9)
KEENEST = 5.0


class Person(NamedTuple):
    """A requester; `keenness` is the relative frequency of writing."""

    name: str
    email: str
    company: str
    language: str
    money: str
    keenness: float


def make_people(chance: Random) -> list[Person]:
    """Return the people of all companies."""
    return [
        person
        for language, place in places().items()
        for company in place.companies
        for person in _staff(chance, company, language, place)
    ]


def _staff(chance: Random, company: str, language: str, place: Place) -> list[Person]:
    size = chance.randint(*PEOPLE_IN_A_COMPANY)
    money = chance.choice(place.money)
    names = zip(chance.sample(place.first, size), chance.sample(place.last, size), strict=True)
    host = f"{_plain(company)}.example.com"
    return [
        Person(
            name=f"{first} {last}",
            email=f"{_plain(first)}.{_plain(last)}@{host}",
            company=company,
            language=language,
            money=money,
            keenness=min(chance.paretovariate(2), KEENEST),
        )
        for first, last in names
    ]


def _plain(name: str) -> str:
    """Return the name for an address: `Café Morgenrot` becomes `cafe-morgenrot`."""
    letters = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return "-".join("".join(c if c.isalnum() else " " for c in letters if c != "'").split())
