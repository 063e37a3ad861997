"""The lexicon, read once: the rules of the offline engine as data, checked and ready to match."""

import re
import tomllib
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ticket_app.triage.phrases import PhraseTree, spellings
from ticket_app.triage.weights import WeightTable, weight_table
from ticket_app.vocabulary import Priority, Sentiment

Layer = Literal["matter", "harm", "tone", "command"]
Sureness = Literal["category", "priority", "sentiment"]
LAYERS: tuple[Layer, ...] = ("matter", "harm", "tone")
"""The files of signals: what is asked for, how bad it is, how it sounds."""

TOGETHER = "+"
"""`a+b` is a signal that holds where both signals were found."""

Ramp = tuple[tuple[float, float], ...]
"""Points of a line, ascending in the first: between two of them the value is in between."""


class _Sheet(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReadingSheet(_Sheet):
    """How a text is read: what was not written now, and what turns a phrase round."""

    version: str
    greetings: tuple[str, ...]
    greeted: tuple[str, ...]
    closings: tuple[str, ...]
    cuts: tuple[str, ...]
    negators: tuple[str, ...]
    negator_reach: int = Field(ge=1, le=6)
    clause_words: tuple[str, ...]
    commands: tuple[str, ...]
    claims: tuple[str, ...]


class SentenceSheet(_Sheet):
    """Which points end no sentence; what each list means is said in the file."""

    abbreviations: frozenset[str]
    before_numbers: frozenset[str]
    endings: tuple[str, ...]
    words: frozenset[str]
    starts: frozenset[str]


class Signal(_Sheet):
    """Phrases that say the same thing. A `firm` one holds even behind a negator."""

    firm: bool = False
    phrases: tuple[str, ...]


class Marks(_Sheet):
    """What shows in the signs of a text: `signs` are found as they stand, as often as `least`."""

    least: int = Field(default=1, ge=1)
    signs: tuple[str, ...]


class Capitals(_Sheet):
    """From how many words in capitals of how many letters a text shouts."""

    letters: int = Field(ge=2)
    words: int = Field(ge=1)


class MarkSheet(_Sheet):
    """Signals that no words say."""

    shouting: Capitals
    mark: dict[str, Marks]

    @cached_property
    def any_sign(self) -> re.Pattern[str]:
        """Finds a sign of any mark; most texts hold none."""
        signs = {sign for marks in self.mark.values() for sign in marks.signs}
        return re.compile("|".join(map(re.escape, sorted(signs))))


class Several(_Sheet):
    """A signal that holds where at least `least` of the signals `of` were found."""

    least: int = Field(ge=2)
    of: frozenset[str]


class PointsSheet(_Sheet):
    """How signals count, and how sums become answers.

    `together` are signals that hold where both of two do. `cost` says, for each priority that is
    true, what answering each priority costs: the answer is the one of least expected cost.
    """

    repeat: float = Field(ge=0, le=1)
    title_share: float = Field(ge=0, le=1)
    together: tuple[str, ...]
    several: dict[str, Several]
    cost: dict[Priority, dict[Priority, float]]
    urgency_bands: dict[Priority, tuple[int, int]]
    urgency_heat: dict[Sentiment, float]


class CalibrationSheet(_Sheet):
    """From sums to chances, as measured on tickets that were not fitted on.

    `sharpness` multiplies the sums of a field before they become chances. `accepted` says, for each
    priority, in how many of its tickets a score would be accepted.
    """

    sharpness: dict[Sureness, float]
    accepted: dict[Priority, Ramp]

    @model_validator(mode="after")
    def _ramps_ascend(self) -> "CalibrationSheet":
        for ramp in self.accepted.values():
            places = [at for at, _ in ramp]
            if not ramp or places != sorted(set(places)):
                raise ValueError(f"not ascending: {ramp}")
        return self


class Rule(NamedTuple):
    """What a phrase of the lexicon says."""

    layer: Layer
    name: str
    firm: bool


class RuleBook(NamedTuple):
    """The whole lexicon, ready to match and to weigh.

    `cost` is what an answer costs, by true and by answered priority; `accepted` how often a score
    from 0 to 100 would be accepted, by true priority; `heat` what each sentiment adds to it.
    """

    reading: ReadingSheet
    sentences: SentenceSheet
    marks: MarkSheet
    points: PointsSheet
    calibration: CalibrationSheet
    weights: WeightTable
    cost: NDArray[np.float64]
    accepted: NDArray[np.float64]
    heat: tuple[float, ...]
    tree: PhraseTree[Rule]
    together: tuple[tuple[str, str, str], ...]
    negators: frozenset[str]
    clause_words: frozenset[str]


COMMANDED, CLAIMED = "commanded", "claimed"


@lru_cache
def rule_book() -> RuleBook:
    """The rules of this process. Raises ValueError when a file of the lexicon is wrong."""
    sets = {name: tuple(words) for name, words in _read("words.toml").items()}
    reading = ReadingSheet.model_validate(_read("reading.toml"))
    points = PointsSheet.model_validate(_read("points.toml"))
    calibration = CalibrationSheet.model_validate(_read("calibration.toml"))
    rules = [
        *((phrase, Rule("command", COMMANDED, True)) for phrase in reading.commands),
        *((phrase, Rule("command", CLAIMED, True)) for phrase in reading.claims),
        *(rule for layer in LAYERS for rule in _signal_rules(layer)),
    ]
    return RuleBook(
        reading,
        SentenceSheet.model_validate(_read("sentences.toml")),
        MarkSheet.model_validate(_read("marks.toml")),
        points,
        calibration,
        weight_table(),
        np.array([[points.cost[true][said] for said in Priority] for true in Priority]),
        np.array([_heights(calibration.accepted[true]) for true in Priority]),
        tuple(points.urgency_heat[mood] for mood in Sentiment),
        PhraseTree(rules, sets),
        tuple((name, *_both(name)) for name in points.together),
        _folded(reading.negators),
        _folded(reading.clause_words),
    )


def _heights(ramp: Ramp) -> list[float]:
    """The ramp's height at every score from 0 to 100; beyond its ends it stays level."""
    places, heights = zip(*ramp, strict=True)
    return [float(each) for each in np.interp(range(101), places, heights)]


def _read(name: str) -> dict[str, list[str]]:
    source = files("ticket_app.triage") / "lexicon" / name
    return tomllib.loads(source.read_text(encoding="utf-8"))


def _signal_rules(layer: Layer) -> list[tuple[str, Rule]]:
    signals = {n: Signal.model_validate(table) for n, table in _read(f"{layer}.toml").items()}
    return [
        (phrase, Rule(layer, name, signal.firm))
        for name, signal in signals.items()
        for phrase in signal.phrases
    ]


def _both(name: str) -> tuple[str, str]:
    first, _, second = name.partition(TOGETHER)
    return first, second


def _folded(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(step for word in words for steps in spellings(word, {}) for step in steps)
