"""The text of a ticket, made from a situation, a person, and a mood."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Generic, NamedTuple, TypeVar

from ticket_app.cli.demo_desk.content import ENGLISH, Place, Situation, manners, places, things
from ticket_app.cli.demo_desk.people import Person
from ticket_app.schemas.tickets import TicketCreate
from ticket_app.vocabulary import Priority

Choice = TypeVar("Choice")

SEEN_LATELY = 45
"""Tickets before a situation may come again; fewer for a language with few situations."""

TERSE, THOROUGH = 0.07, 0.5

MOODS = {"neutral": 50, "polite": 22, "frustrated": 19, "angry": 9}
MILD_MOODS = {"neutral": 45, "polite": 55}
OUTAGE_MOODS = {"neutral": 45, "frustrated": 30, "angry": 25}
WISHED = {Priority.LOW: 10, Priority.MEDIUM: 45, Priority.HIGH: 37, Priority.CRITICAL: 8}
MILD_WISHES = {Priority.LOW: 70, Priority.MEDIUM: 30}


class Deck(Generic[Choice]):
    """Situations or phrases in random order. None comes again before SEEN_LATELY others."""

    def __init__(self, chance: Random, cards: Sequence[Choice]) -> None:
        self._chance = chance
        self._cards = list(cards)
        self._resting: list[Choice] = []

    def draw(self) -> Choice:
        """Return the next one."""
        card = self._cards.pop(self._chance.randrange(len(self._cards)))
        self._resting.append(card)
        everything = len(self._cards) + len(self._resting)
        if len(self._resting) > min(SEEN_LATELY, everything // 2):
            self._cards.append(self._resting.pop(0))
        return card


class Slots(dict[str, str]):
    """The names and numbers of one ticket. Each is drawn at its first use and then kept."""

    def __init__(self, chance: Random, person: Person, at: datetime) -> None:
        super().__init__(name=person.name, first=person.name.split()[0], company=person.company)
        self._chance = chance
        self._person = person
        self._at = at

    def __missing__(self, slot: str) -> str:
        self[slot] = value = self._drawn(slot)
        return value

    def _drawn(self, slot: str) -> str:
        if slot in things():
            return self._chance.choice(things()[slot])
        place = places()[self._person.language]
        numbers = {
            "few": (2, 9), "dozens": (12, 58), "many": (180, 9_800), "last4": (1000, 9999),
            "order": (40_000, 99_000), "invoice": (2_000, 9_900), "sku": (1_100, 9_800),
        }  # fmt: skip
        if slot in numbers:
            return self._number(slot, self._chance.randint(*numbers[slot]))
        return self._word(slot, place)

    def _number(self, slot: str, number: int) -> str:
        match slot:
            case "invoice":
                return f"INV-{self._at:%y}-{number}"
            case "sku":
                return (
                    f"{self._chance.choice('ABCKLMRTW')}{self._chance.choice('BDFHKNPS')}-{number}"
                )
            case "many" if self._person.language == ENGLISH:
                return f"{number:,}"
            case _:
                return str(number)

    def _word(self, slot: str, place: Place) -> str:
        match slot:
            case "amount":
                return self._amount()
            case "time":
                return self._earlier_that_day()
            case "version":
                return f"{self._chance.randint(3, 4)}.{self._chance.randint(0, 14)}"
            case "day":
                return place.days[(self._at - timedelta(days=self._chance.randint(1, 5))).weekday()]
            case "month":
                return place.months[(self._at - timedelta(days=28)).month - 1]
            case "colleague":
                return self._colleague(place)
            case _:
                raise KeyError(f"no ticket has a {slot}")

    def _amount(self) -> str:
        value = self._chance.choice((19, 29, 49, 79, 99, 149, 240, 312.5, 486.2, 1_190, 2_340.75))
        if self._person.language == ENGLISH:
            return f"{self._person.money}{value:,.2f}"
        number = f"{value:,.2f}".translate(str.maketrans(",.", ".,"))
        return f"{self._person.money} {number}" if self._person.money == "R$" else f"{number} €"

    def _earlier_that_day(self) -> str:
        moment = self._at - timedelta(minutes=self._chance.randint(8, 150))
        return f"{moment.hour}:{moment.minute // 5 * 5:02}"

    def _colleague(self, place: Place) -> str:
        own = self._person.name.split()[0]
        return self._chance.choice([name for name in place.first if name != own])


class Letter(NamedTuple):
    """A ticket as it is filed, and what it was made of. `text` is the place of its text among those
    of the situation."""

    ticket: TicketCreate
    situation: Situation
    person: Person
    text: int
    slots: Slots


def write_ticket(chance: Random, situation: Situation, person: Person, at: datetime) -> Letter:
    """Return the ticket that this person files about this situation at this time."""
    variant = chance.randrange(len(situation.titles))
    slots = Slots(chance, person, at)
    title = _upper_first(situation.titles[variant].format_map(slots))
    text = variant % len(situation.texts)
    body = _body(chance, situation, text, slots)
    chosen = chance.random() < 0.45
    wishes = MILD_WISHES if situation.mild else WISHED
    unnamed = chance.random() < 0.06
    ticket = TicketCreate(
        title=_as_typed(chance, title) if situation.language == ENGLISH else title,
        description=_letter(chance, person, body),
        category=situation.category if chosen else None,
        priority=_drawn(chance, wishes) if chance.random() < 0.2 else None,
        requester_name=None if unnamed else person.name,
        requester_email=None if unnamed else person.email,
    )
    return Letter(ticket, situation, person, text, slots)


def _body(chance: Random, situation: Situation, variant: int, slots: Slots) -> str:
    """Return the body: one sentence for TERSE of the people, a long text for THOROUGH of them."""
    length = chance.random()
    text = situation.texts[variant]
    if length < TERSE:
        return _filled(re.split(r"(?<=[.?!]) ", text)[:1], slots)
    body = _filled(_sentences(chance, situation, text), slots)
    if situation.long and length > 1 - THOROUGH:
        return f"{body}\n\n{situation.long.format_map(slots)}"
    return body


def _filled(sentences: Sequence[str], slots: Slots) -> str:
    return " ".join(_upper_first(sentence.format_map(slots)) for sentence in sentences)


def _sentences(chance: Random, situation: Situation, text: str) -> list[str]:
    moods = MILD_MOODS if situation.mild else OUTAGE_MOODS if situation.burst else MOODS
    mood = _drawn(chance, moods)
    added = chance.sample(situation.more, chance.choice((0, 1, 1, min(2, len(situation.more)))))
    sentences = [text, *added]
    if mood == "neutral":
        return sentences
    feeling = chance.choice(getattr(manners()[situation.language], mood))
    if mood == "polite" or chance.random() < 0.6:
        return [*sentences, feeling]
    return [feeling, *sentences]


def _letter(chance: Random, person: Person, body: str) -> str:
    """Return the body alone, with a greeting, or as a letter with greeting and closing."""
    manner = manners()[person.language]
    form = chance.random()
    if form < 0.45:
        return body
    greeting = chance.choice(manner.greetings)
    if form < 0.7:
        return f"{greeting}\n\n{body}"
    name = person.name if chance.random() < 0.5 else person.name.split()[0]
    return f"{greeting}\n\n{body}\n\n{chance.choice(manner.closings)}\n{name}"


def _as_typed(chance: Random, title: str) -> str:
    """Return the title, for some people without a capital or with "URGENT" before it."""
    typed = chance.random()
    if typed < 0.05:
        return title[0].lower() + title[1:]
    return f"URGENT: {title}" if typed > 0.98 else title


def _upper_first(text: str) -> str:
    return text if text[1:2].isupper() else text[0].upper() + text[1:]  # iPhone stays iPhone


def _drawn(chance: Random, weights: dict[Choice, int]) -> Choice:
    return chance.choices(list(weights), weights=list(weights.values()))[0]
