"""The lexicon, read once: the rules of the offline engine as data, checked and ready to match."""

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from ticket_app.triage.phrases import PhraseTree, spellings
from ticket_app.vocabulary import Category, Priority, Sentiment

Kind = Literal["category", "priority", "sentiment"]
Strength = Literal["strong", "fair", "weak"]
Points = dict[str, float]


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


class CategorySheet(_Sheet):
    """What each category is recognised by."""

    weights: dict[Strength, float]
    category: dict[Category, dict[Strength, tuple[str, ...]]]


class Signal(_Sheet):
    """Phrases that say the same thing, and how much it counts."""

    points: float
    phrases: tuple[str, ...]


class Together(_Sheet):
    """Points for signals that mean more together than apart."""

    signals: tuple[str, ...]
    points: float


class PrioritySheet(_Sheet):
    """Severity is the base, the points of each signal found and those of signals together."""

    base: float
    repeat: float = Field(ge=0, le=1)
    thresholds: dict[Priority, float]
    urgency_bands: dict[Priority, tuple[int, int]]
    signal: dict[str, Signal]
    together: tuple[Together, ...]


class Intensity(_Sheet):
    """Loudness: how many words in capitals, and exclamation marks, count as shouting."""

    capital_letters: int
    capital_words: int
    capital_points: float
    exclamation_marks: int
    exclamation_points: float


class SentimentSheet(_Sheet):
    """Heat is the points of each tone found and of the loudness; negative is friendly."""

    repeat: float = Field(ge=0, le=1)
    thresholds: dict[Sentiment, float]
    intensity: Intensity
    tone: dict[str, Signal]


class Rule(NamedTuple):
    """What a phrase of the lexicon says: `name` is the category, the signal or the tone."""

    kind: Kind
    name: str
    points: float


class RuleBook(NamedTuple):
    """The whole lexicon, ready to match."""

    reading: ReadingSheet
    priority: PrioritySheet
    sentiment: SentimentSheet
    tree: PhraseTree[Rule]
    negators: frozenset[str]
    clause_words: frozenset[str]


@lru_cache
def rule_book() -> RuleBook:
    """The rules of this process. Raises ValueError when a file of the lexicon is wrong."""
    reading = ReadingSheet.model_validate(_read("reading.toml"))
    category = CategorySheet.model_validate(_read("category.toml"))
    priority = PrioritySheet.model_validate(_read("priority.toml"))
    sentiment = SentimentSheet.model_validate(_read("sentiment.toml"))
    rules = [
        *_category_rules(category),
        *_signal_rules("priority", priority.signal),
        *_signal_rules("sentiment", sentiment.tone),
    ]
    return RuleBook(
        reading,
        priority,
        sentiment,
        PhraseTree(rules),
        _folded(reading.negators),
        _folded(reading.clause_words),
    )


def _read(name: str) -> dict[str, object]:
    source = files("ticket_app.triage") / "lexicon" / name
    return tomllib.loads(source.read_text(encoding="utf-8"))


def _category_rules(sheet: CategorySheet) -> list[tuple[str, Rule]]:
    return [
        (phrase, Rule("category", category.value, sheet.weights[strength]))
        for category, strengths in sheet.category.items()
        for strength, phrases in strengths.items()
        for phrase in phrases
    ]


def _signal_rules(kind: Kind, signals: dict[str, Signal]) -> list[tuple[str, Rule]]:
    return [
        (phrase, Rule(kind, name, signal.points))
        for name, signal in signals.items()
        for phrase in signal.phrases
    ]


def _folded(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(step for word in words for steps in spellings(word) for step in steps)
