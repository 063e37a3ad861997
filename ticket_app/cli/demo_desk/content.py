"""The texts, which are read once from the TOML files beside this module."""

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from ticket_app.vocabulary import Category

HERE = Path(__file__).parent
ENGLISH = "en"

Choices = tuple[str, ...]


class _Content(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Situation(_Content):
    """A reason to write. The second title goes with the second text, the others with the first.

    A `mild` situation makes nobody angry. In a `burst` situation many write about one outage.
    `long` is a text that a thorough person appends. `asked` is a question of the team and its
    answer, and `solved` has the solution for each of the texts.
    """

    category: Category
    language: str = ENGLISH
    mild: bool = False
    burst: bool = False
    titles: tuple[str, str, str]
    texts: tuple[str, str]
    more: Choices
    long: str = ""
    asked: tuple[str, str]
    solved: tuple[str, str]


class Manners(_Content):
    """Phrases of one language: greetings, closings, and sentences by mood."""

    greetings: Choices
    closings: Choices
    polite: Choices
    frustrated: Choices
    angry: Choices


class Place(_Content):
    """Names, companies, money and calendar words of one language. Days begin with Monday."""

    money: Choices
    companies: Choices
    first: Choices
    last: Choices
    days: Choices
    months: Choices


@lru_cache
def situations() -> tuple[Situation, ...]:
    """Return the situations of all languages."""
    own = [
        Situation(category=category, **entry)
        for category in Category
        for entry in _read(category)["situation"]
    ]
    return (*own, *(Situation(**entry) for entry in _read("other_languages")["situation"]))


@lru_cache
def manners() -> dict[str, Manners]:
    """Return the manners by language."""
    return {language: Manners(**entry) for language, entry in _read("manners").items()}


@lru_cache
def places() -> dict[str, Place]:
    """Return the places by language."""
    return {language: Place(**entry) for language, entry in _read("people").items()}


@lru_cache
def things() -> dict[str, Choices]:
    """Return the values of each slot, by the slot's name."""
    return {slot: tuple(choices) for slot, choices in _read("things").items()}


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))
