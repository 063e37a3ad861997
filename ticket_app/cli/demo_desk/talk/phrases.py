"""The phrases of conversations, which are read once from the TOML files beside this module."""

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from ticket_app.cli.demo_desk.content import Choices
from ticket_app.vocabulary import Category

HERE = Path(__file__).parent


class Phrases(BaseModel):
    """What is said around a question and its solution, in one language.

    `hello` and `bye` are the voices of the agents. `holding` is said while a solution takes long,
    `nudges` by a requester who waits; `thanks` when something works again, and `glad` for an
    answer; `returns` when a solution did not hold, and `returned` as an answer to that. `copied` is
    said by a colleague who is copied on the ticket.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    hello: Choices
    bye: Choices
    holding: Choices
    nudges: Choices
    thanks: Choices
    glad: Choices
    returns: Choices
    returned: Choices
    copied: Choices
    closed: Choices


@lru_cache
def phrases() -> dict[str, Phrases]:
    """Return the phrases by language."""
    return {language: Phrases(**entry) for language, entry in _read("phrases").items()}


@lru_cache
def notes() -> dict[Category, Choices]:
    """Return what colleagues note on tickets of each category."""
    return {Category(name): tuple(found) for name, found in _read("notes").items()}


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))
