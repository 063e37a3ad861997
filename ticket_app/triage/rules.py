"""The lexicon, read once: how a text is read and what an answer costs, as data that is checked."""

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
    """How a text is read: what was not written now, and what speaks to the triage."""

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
    """Which points end no sentence; what each list means is said in the file."""

    abbreviations: frozenset[str]
    before_numbers: frozenset[str]
    endings: tuple[str, ...]
    words: frozenset[str]
    starts: frozenset[str]


class PointsSheet(_Sheet):
    """What each priority costs where another is true: the answer is the one of least expected
    cost. The scores that are possible with a priority, and what a mood adds to one."""

    cost: dict[Priority, dict[Priority, float]]
    urgency_bands: dict[Priority, tuple[int, int]]
    urgency_heat: dict[Sentiment, float]


class RuleBook(NamedTuple):
    """The whole lexicon. `cost` is what an answer costs, by true and by answered priority; `heat`
    what each sentiment adds to the urgency."""

    reading: ReadingSheet
    sentences: SentenceSheet
    points: PointsSheet
    commands: Commands
    cost: NDArray[np.float64]
    heat: tuple[float, ...]


@lru_cache
def rule_book() -> RuleBook:
    """The rules of this process. Raises ValueError when a file of the lexicon is wrong."""
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
