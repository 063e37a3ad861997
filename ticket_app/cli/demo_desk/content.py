"""The written content, read once from the TOML files beside this module."""

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
    """Why somebody writes. The second title goes with the second text, the others with the first.

    In a `mild` one nobody loses their temper; a `burst` one is what many write in an outage. `long`
    is what a thorough person adds below.
    """

    category: Category
    language: str = ENGLISH
    mild: bool = False
    burst: bool = False
    titles: tuple[str, str, str]
    texts: tuple[str, str]
    more: Choices
    long: str = ""


class Manners(_Content):
    """How people begin and end in one language, and how they sound in between."""

    greetings: Choices
    closings: Choices
    polite: Choices
    frustrated: Choices
    angry: Choices


class Place(_Content):
    """The people of one language, and what they call things. Days begin with Monday."""

    money: Choices
    companies: Choices
    first: Choices
    last: Choices
    days: Choices
    months: Choices


@lru_cache
def situations() -> tuple[Situation, ...]:
    """All of them."""
    own = [
        Situation(category=category, **entry)
        for category in Category
        for entry in _read(category)["situation"]
    ]
    return (*own, *(Situation(**entry) for entry in _read("other_languages")["situation"]))


@lru_cache
def manners() -> dict[str, Manners]:
    """By language."""
    return {language: Manners(**entry) for language, entry in _read("manners").items()}


@lru_cache
def places() -> dict[str, Place]:
    """By language."""
    return {language: Place(**entry) for language, entry in _read("people").items()}


@lru_cache
def things() -> dict[str, Choices]:
    """What a slot of this name may say."""
    return {slot: tuple(choices) for slot, choices in _read("things").items()}


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))
