"""From the phrases found to values: what each signal says, and how sure the sum is."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ticket_app.triage.learning.features import Span
from ticket_app.triage.phrases import Hit, evidence, longest
from ticket_app.triage.rules import LAYERS, PointsSheet, Rule, RuleBook
from ticket_app.triage.text import BREAK, Word
from ticket_app.triage.weights import Weighed

EVIDENCE_MAX = 8
NO_EVIDENCE_CONFIDENCE = 0.2
REPEATS_MAX = 3
SAYS_SOMETHING = 0.15
"""Less weight than this is no evidence that a person would want to see."""
IS_HEARD = 0.05
"""A feature with less is not worth adding to others of the same word."""
QUOTE_CHARACTERS = 4
"""A shorter word says little by itself."""
QUOTES_END = "\0"
"""Stands between quotes; no ticket holds it."""


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
    spoken: dict[str, dict[str, bool]] = {}
    for hit in _meant(hits, words, book):
        phrases = spoken.setdefault(hit.rule.name, {})
        phrase = evidence(hit, words, text)
        phrases[phrase] = phrases.get(phrase, False) or words[hit.first].start >= title_end
    sheet = book.points
    strengths = {name: _strength(found, sheet) for name, found in spoken.items()}
    for name, first, second in book.together:
        if first in strengths and second in strengths:
            strengths[name] = min(strengths[first], strengths[second], 1.0)
    for name, several in sheet.several.items():
        if len(several.of.intersection(strengths)) >= several.least:
            strengths[name] = 1.0
    return Said(strengths, {name: tuple(found)[:EVIDENCE_MAX] for name, found in spoken.items()})


def _strength(phrases: Mapping[str, bool], sheet: PointsSheet) -> float:
    repeats = sheet.repeat * min(len(phrases) - 1, REPEATS_MAX)
    return (1.0 + repeats) * (1.0 if any(phrases.values()) else sheet.title_share)


def _meant(hits: Sequence[Hit[Rule]], words: Sequence[Word], book: RuleBook) -> Iterator[Hit[Rule]]:
    """Of the phrases that overlap only the longest counts; in `harm`, of those of one signal.

    What is asked for and how it sounds is one thing at a time ("crash course", "thanks for
    nothing"), while one phrase may tell of two harms ("all patients' records are gone").
    """
    rivals: dict[str, dict[str, list[Hit[Rule]]]] = {layer: {} for layer in LAYERS}
    for hit in hits:
        layer, name, _ = hit.rule
        if layer in rivals:
            rivals[layer].setdefault(name if layer == "harm" else layer, []).append(hit)
    for groups in rivals.values():
        for group in groups.values():
            chosen = longest(group) if len(group) > 1 else group
            for hit in chosen:
                if hit.rule.firm or not _is_negated(hit.first, words, chosen, book):
                    yield hit


def chances_of(sums: Sequence[float], sharpness: float) -> list[float]:
    """The probability of each value, were the sums log-odds."""
    most = max(sums)
    odds = [math.exp((one - most) * sharpness) for one in sums]  # four: faster than numpy is
    whole = sum(odds)
    return [one / whole for one in odds]


def evidence_for(
    place: int, weighed: Weighed, said: Said, words: Sequence[Word], text: str
) -> tuple[str, ...]:
    """What of the text speaks most for the value at `place`, most first."""
    quotes, by_span = _heard(place, weighed, said)
    quoted = QUOTES_END.join(quotes)
    for (first, last), much in by_span.items():
        if much >= SAYS_SOMETHING:
            quote = text[words[first].start : words[last].end]
            if len(quote) >= QUOTE_CHARACTERS and quote not in quoted:
                quotes[quote] = much
                quoted += QUOTES_END + quote
    return tuple(sorted(quotes, key=quotes.__getitem__, reverse=True)[:EVIDENCE_MAX])


def _heard(place: int, weighed: Weighed, said: Said) -> tuple[dict[str, float], dict[Span, float]]:
    """What the phrases of concepts say, and what the features of the same words say together."""
    says = weighed.shares(place).tolist()
    phrases: dict[str, float] = {}
    by_span: dict[Span, float] = {}
    for concept, much in zip(weighed.concepts, says, strict=False):
        if much >= SAYS_SOMETHING:
            for phrase in said.phrases.get(concept, ()):
                phrases[phrase] = max(much, phrases.get(phrase, 0.0))
    for span, much in zip(weighed.spans, says[len(weighed.concepts) :], strict=True):
        if much >= IS_HEARD:
            by_span[span] = by_span.get(span, 0.0) + much
    return phrases, by_span


def _is_negated(
    first: int, words: Sequence[Word], chosen: Sequence[Hit[Rule]], book: RuleBook
) -> bool:
    """Whether a negator stands shortly before, in the same clause and not part of a phrase."""
    for place in range(first - 1, max(-1, first - 1 - book.reading.negator_reach), -1):
        word = words[place].folded
        if word == BREAK or word in book.clause_words:
            return False
        if word in book.negators and not any(hit.first <= place < hit.end for hit in chosen):
            return True
    return False
