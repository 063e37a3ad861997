"""The lexicon, read once: the rules of the offline engine as data, checked and ready to match."""

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ticket_app.triage.phrases import PhraseTree, spellings
from ticket_app.vocabulary import Category, Priority, Sentiment

Layer = Literal["matter", "harm", "tone", "command"]
Sureness = Literal["category", "priority", "sentiment", "urgency"]
LAYERS: tuple[Layer, ...] = ("matter", "harm", "tone")
"""The files of signals: what is asked for, how bad it is, how it sounds."""

TOGETHER = "+"
"""`a+b` among the points: what it says that both signals were found."""

Ramp = tuple[tuple[float, float], ...]
"""Points of a line, ascending in both: between two of them the value is in between."""


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


class Signal(_Sheet):
    """Phrases that say the same thing. A `firm` one holds even behind a negator."""

    firm: bool = False
    phrases: tuple[str, ...]


class Marks(_Sheet):
    """What shows in the signs of a text: `signs` are found as they stand, as often as `least`."""

    least: int = 1
    signs: tuple[str, ...]


class Capitals(_Sheet):
    """From how many words in capitals of how many letters a text shouts."""

    letters: int
    words: int


class MarkSheet(_Sheet):
    """Signals that no words say."""

    shouting: Capitals
    mark: dict[str, Marks]


class Points(_Sheet):
    """What a signal says of each field: log-odds, so that 0.7 is about twice as likely."""

    billing: float = 0.0
    technical: float = 0.0
    account: float = 0.0
    general: float = 0.0
    severity: float = 0.0
    heat: float = 0.0


class Several(_Sheet):
    """A signal that holds where at least `least` of the signals `of` were found."""

    least: int = Field(ge=2)
    of: tuple[str, ...]


class PointsSheet(_Sheet):
    """From signals to values.

    A category's sum, the severity and the heat are the bias and the points of each signal found.
    Thresholds turn severity into a priority and heat into a sentiment; `urgency` turns severity
    into a score, to which heat above its first threshold adds up to `urgency_heat`. `confidence`
    turns how sure the sums look into how often they are right.
    """

    repeat: float = Field(ge=0, le=1)
    title_share: float = Field(ge=0, le=1)
    bias: Points
    priority: dict[Priority, float]
    sentiment: dict[Sentiment, float]
    urgency_bands: dict[Priority, tuple[int, int]]
    urgency: Ramp
    urgency_heat: float
    confidence: dict[Sureness, Ramp]
    several: dict[str, Several]
    signals: dict[str, Points]

    @model_validator(mode="after")
    def _ramps_ascend(self) -> "PointsSheet":
        for ramp in (self.urgency, *self.confidence.values()):
            if not ramp or list(ramp) != sorted(ramp) or len({at for at, _ in ramp}) < len(ramp):
                raise ValueError(f"not ascending: {ramp}")
        return self


class Rule(NamedTuple):
    """What a phrase of the lexicon says."""

    layer: Layer
    name: str
    firm: bool


FIELDS = (*Category, "severity", "heat")
"""What points are given to."""


class RuleBook(NamedTuple):
    """The whole lexicon, ready to match.

    `weights` are each signal's points in the order of FIELDS. `speaks_for` says of each field how
    much a signal has to do with it: for a category, how much more it says of it than of the others.
    """

    reading: ReadingSheet
    marks: MarkSheet
    points: PointsSheet
    weights: dict[str, tuple[float, ...]]
    speaks_for: dict[str, dict[str, float]]
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
    weights = {name: weights_of(given) for name, given in points.signals.items()}
    rules = [
        *((phrase, Rule("command", COMMANDED, True)) for phrase in reading.commands),
        *((phrase, Rule("command", CLAIMED, True)) for phrase in reading.claims),
        *(rule for layer in LAYERS for rule in _signal_rules(layer)),
    ]
    return RuleBook(
        reading,
        MarkSheet.model_validate(_read("marks.toml")),
        points,
        weights,
        _speaks_for(weights),
        PhraseTree(rules, sets),
        tuple((name, *_both(name)) for name in points.signals if TOGETHER in name),
        _folded(reading.negators),
        _folded(reading.clause_words),
    )


def weights_of(points: Points) -> tuple[float, ...]:
    """The points in the order of FIELDS."""
    return tuple(getattr(points, field) for field in FIELDS)


def _speaks_for(weights: dict[str, tuple[float, ...]]) -> dict[str, dict[str, float]]:
    count = len(Category)
    found: dict[str, dict[str, float]] = {field: {} for field in FIELDS}
    for name, points in weights.items():
        for field, value in zip(FIELDS, points, strict=True):
            others = (sum(points[:count]) - value) / (count - 1)
            found[field][name] = value - others if field in set(Category) else abs(value)
    return found


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
