"""Loads and validates the lexicon: how a text is read, and the costs of wrong answers."""

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from ticket_app.triage.commands import Commands
from ticket_app.vocabulary import Priority, Sentiment


class _Sheet(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReadingSheet(_Sheet):
    """Phrases that are not read: greetings, closings, quoted text, commands to the triage.

    `tone` are words that say nothing about the priority.
    """

    version: str
    greetings: tuple[str, ...]
    greeted: tuple[str, ...]
    closings: tuple[str, ...]
    cuts: tuple[str, ...]
    commands: tuple[str, ...]
    claims: tuple[str, ...]
    field: tuple[str, ...]
    value: tuple[str, ...]
    tone: tuple[str, ...]


class SentenceSheet(_Sheet):
    """Words whose full stop ends no sentence. The file explains each list."""

    abbreviations: frozenset[str]
    before_numbers: frozenset[str]
    endings: tuple[str, ...]
    words: frozenset[str]
    starts: frozenset[str]


class PointsSheet(_Sheet):
    """The numbers behind priority and urgency.

    `cost` is the cost of each answer for each true priority; the engine answers with the priority
    of least expected cost. `urgency_bands` are the possible scores of a priority, `urgency_heat`
    is what each sentiment adds to a score.
    """

    cost: dict[Priority, dict[Priority, float]]
    urgency_bands: dict[Priority, tuple[int, int]]
    urgency_heat: dict[Sentiment, float]


class RuleBook(NamedTuple):
    """The whole lexicon.

    `cost` is a matrix of true by answered priority; `heat` is what each sentiment adds to the
    urgency.
    """

    reading: ReadingSheet
    sentences: SentenceSheet
    points: PointsSheet
    commands: Commands
    cost: NDArray[np.float64]
    heat: tuple[float, ...]


@lru_cache
def rule_book() -> RuleBook:
    """Returns the rules of this process. Raises ValueError if a file of the lexicon is invalid."""
    reading = ReadingSheet.model_validate(_read("reading.toml"))
    points = PointsSheet.model_validate(_read("points.toml"))
    sets = {"field": reading.field, "value": reading.value}
    return RuleBook(
        reading,
        SentenceSheet.model_validate(_read("sentences.toml")),
        points,
        Commands(reading.commands, reading.claims, sets),
        np.array([[points.cost[true][said] for said in Priority] for true in Priority]),
        tuple(points.urgency_heat[mood] for mood in Sentiment),
    )


def _read(name: str) -> dict[str, Any]:
    source = files("ticket_app.triage") / "lexicon" / name
    return tomllib.loads(source.read_text(encoding="utf-8"))
