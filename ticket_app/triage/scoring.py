"""From the phrases found to values: what each signal says, and how sure the sum is."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from math import exp
from typing import NamedTuple, TypeVar

from ticket_app.triage.phrases import Hit, evidence, longest
from ticket_app.triage.rules import LAYERS, PointsSheet, Ramp, Rule, RuleBook, weights_of
from ticket_app.triage.text import BREAK, Word
from ticket_app.vocabulary import Category

N = TypeVar("N", bound=str)

EVIDENCE_MAX = 8
NO_EVIDENCE_CONFIDENCE = 0.2
REPEATS_MAX = 3
SAYS_SOMETHING = 0.15
"""Fewer points than these are no evidence that a person would want to see."""


class Said(NamedTuple):
    """How strongly each signal was found (1 is once, in the description), and its phrases."""

    strengths: dict[str, float]
    phrases: dict[str, tuple[str, ...]]


def said(
    hits: Sequence[Hit[Rule]], words: Sequence[Word], text: str, title_end: int, book: RuleBook
) -> Said:
    """The signals of the hits that are meant.

    Each further phrase of the same signal adds `repeat`, at most REPEATS_MAX times: saying it four
    ways is not four times as bad. One that stands only in the title, which ends at `title_end`
    characters, counts `title_share`: titles are vaguer than what follows.
    """
    meant = [hit for layer in LAYERS for hit in _meant(layer, hits, words, book)]
    spoken: dict[str, dict[str, bool]] = {}
    for hit in meant:
        phrases = spoken.setdefault(hit.rule.name, {})
        phrase = evidence(hit, words, text)
        phrases[phrase] = phrases.get(phrase, False) or words[hit.first].start >= title_end
    sheet = book.points
    strengths = {name: _strength(found, sheet) for name, found in spoken.items()}
    for name, first, second in book.together:
        if first in strengths and second in strengths:
            strengths[name] = min(strengths[first], strengths[second], 1.0)
    for name, several in sheet.several.items():
        if sum(member in strengths for member in several.of) >= several.least:
            strengths[name] = 1.0
    return Said(strengths, {name: tuple(found)[:EVIDENCE_MAX] for name, found in spoken.items()})


def _strength(phrases: Mapping[str, bool], sheet: PointsSheet) -> float:
    repeats = sheet.repeat * min(len(phrases) - 1, REPEATS_MAX)
    return (1.0 + repeats) * (1.0 if any(phrases.values()) else sheet.title_share)


def _meant(
    layer: str, hits: Sequence[Hit[Rule]], words: Sequence[Word], book: RuleBook
) -> Iterator[Hit[Rule]]:
    """Of the phrases that overlap only the longest counts; in `harm`, of those of one signal.

    What is asked for and how it sounds is one thing at a time ("crash course", "thanks for
    nothing"), while one phrase may tell of two harms ("all patients' records are gone").
    """
    rivals: dict[str, list[Hit[Rule]]] = {}
    for hit in hits:
        if hit.rule.layer == layer:
            rivals.setdefault(hit.rule.name if layer == "harm" else layer, []).append(hit)
    for group in rivals.values():
        chosen = longest(group)
        taken = {place for hit in chosen for place in range(hit.first, hit.end)}
        for hit in chosen:
            if hit.rule.firm or not _is_negated(hit.first, words, taken, book):
                yield hit


class Sums(NamedTuple):
    """What the signals add up to, the bias among it."""

    category: dict[Category, float]
    severity: float
    heat: float


def sums_of(said: Said, book: RuleBook) -> Sums:
    """Each signal's points, as often as it is strong; a signal without points says nothing."""
    totals = list(weights_of(book.points.bias))
    for name, strength in said.strengths.items():
        for at, points in enumerate(book.weights.get(name, ())):
            totals[at] += strength * points
    *categories, severity, heat = totals
    return Sums(dict(zip(Category, categories, strict=True)), severity, heat)


def evidence_for(said: Said, weigh: Mapping[str, float]) -> tuple[str, ...]:
    """The phrases of the signals that weigh most, first ones first."""
    names = [name for name in said.phrases if weigh.get(name, 0.0) >= SAYS_SOMETHING]
    names.sort(key=lambda name: -weigh[name])
    phrases = dict.fromkeys(phrase for name in names for phrase in said.phrases[name])
    return tuple(phrases)[:EVIDENCE_MAX]


def reached(value: float, thresholds: Mapping[N, float], lowest: N) -> N:
    """The highest name whose threshold the value reaches, else `lowest`."""
    passed = [name for name, threshold in thresholds.items() if value >= threshold]
    return max(passed, key=lambda name: thresholds[name], default=lowest)


def share_of_best(sums: Iterable[float]) -> float:
    """The probability of the largest, were the sums log-odds; 0..1."""
    ordered = sorted(sums, reverse=True)
    return 1.0 / sum(exp(each - ordered[0]) for each in ordered)


def share_between(value: float, thresholds: Iterable[float]) -> float:
    """The probability of the step where the value stands, were it log-odds; 0..1."""
    edges = sorted(thresholds)
    over = [1.0, *(1.0 / (1.0 + exp(min(60.0, edge - value))) for edge in edges), 0.0]
    step = sum(value >= edge for edge in edges)
    return over[step] - over[step + 1]


def on_ramp(value: float, ramp: Ramp) -> float:
    """The ramp's height at the value; beyond its ends it stays level."""
    if value <= ramp[0][0]:
        return ramp[0][1]
    for (low, from_height), (high, to_height) in pairwise(ramp):
        if value < high:
            return from_height + (to_height - from_height) * (value - low) / (high - low)
    return ramp[-1][1]


def _is_negated(first: int, words: Sequence[Word], taken: set[int], book: RuleBook) -> bool:
    """Whether a negator stands shortly before, in the same clause and not part of a phrase."""
    for place in range(first - 1, max(-1, first - 1 - book.reading.negator_reach), -1):
        word = words[place].folded
        if word == BREAK or word in book.clause_words:
            return False
        if word in book.negators and place not in taken:
            return True
    return False
