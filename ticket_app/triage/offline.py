"""The offline engine: triage by the weights that come along; the same answer for the same text."""

from collections.abc import Sequence
from operator import mul
from time import perf_counter
from typing import NamedTuple

import numpy as np

from ticket_app.settings import get_settings
from ticket_app.triage.contract import Finding, Title, Triage, Urgency
from ticket_app.triage.learned import Models, models_in_use, with_learned
from ticket_app.triage.learning.model import Reading
from ticket_app.triage.rules import RuleBook, rule_book
from ticket_app.triage.text import without_surrogates, words_of, written_now
from ticket_app.triage.title import NO_TITLE, suggested_title
from ticket_app.triage.weights import Weighed, Weights, shipped_weights, signs_of
from ticket_app.vocabulary import OFFLINE, Category, Priority, Sentiment

MODEL = "rules"
MIDDLES = (18, 42, 72, 89)
"""The usual score of each priority."""
MEAN_SHARE = 0.12
NO_EVIDENCE_CONFIDENCE = 0.2
TITLE_CONFIDENCE = 0.6
"""The first sentence names the matter more often than not."""

CATEGORIES, PRIORITIES, SENTIMENTS = tuple(Category), tuple(Priority), tuple(Sentiment)

Chances = Sequence[float]
"""How likely each value of a field is, in its order."""

_CategoryFinding = Finding[Category]
_PriorityFinding = Finding[Priority]
_SentimentFinding = Finding[Sentiment]
_UrgencyFinding = Finding[Urgency]
_TitleFinding = Finding[Title]


def triage_offline(description: str, title: str = "") -> Triage:
    """The rules' answer, and what this desk has learned better; for any text, and asks nobody.

    Where the text gives no evidence, category and priority are the settings' fallbacks.
    """
    return _triage(description, title, models_in_use(), shipped_weights())


def triage_by_rules(description: str, title: str = "") -> Triage:
    """The answer of the rules alone: what a lesson is compared with."""
    return triage_with(shipped_weights(), description, title)


def triage_with(weights: Weights, description: str, title: str) -> Triage:
    """The answer that these weights give; no lesson of the desk is asked."""
    return _triage(description, title, {}, weights)


def _triage(description: str, title: str, models: Models, weights: Weights) -> Triage:
    started = perf_counter()
    book = rule_book()
    description, title = without_surrogates(description), without_surrogates(title)
    read = read_text(description, title, book)
    seen = Weighed(read.reading, read.signs, weights)
    speaks = seen.speaks()
    priority, likely = _priority(seen, speaks, book)
    sentiment, moods = _sentiment(seen, speaks)
    triage = Triage(
        category=_category(seen, speaks),
        priority=priority,
        sentiment=sentiment,
        urgency_score=_urgency(priority, likely, moods, weights),
        title=_title(description, title),
        engine=OFFLINE,
        model=MODEL,
        prompt_version=book.reading.version,
        latency_ms=(perf_counter() - started) * 1000,
    )
    return with_learned(triage, models, read.reading, book.points.urgency_bands)


class Read(NamedTuple):
    """What was written now, apart from commands to the triage, and the signs that stand in it."""

    reading: Reading
    signs: dict[str, tuple[str, ...]]


def read_text(description: str, title: str, book: RuleBook) -> Read:
    """What the engine weighs of a ticket; training reads it in the same way."""
    written = written_now(description, book.reading.closings, book.reading.cuts)
    text = f"{title}\n\n{written}" if title else written
    words = words_of(text)
    heard = book.commands.blanked(text, words)
    if heard is not text:
        words = words_of(heard)
    end = len(title)
    of_title = next((at for at, word in enumerate(words) if word.start >= end), len(words))
    return Read(Reading(words, text, of_title), signs_of(heard))


def _category(seen: Weighed, speaks: bool) -> Finding[Category]:
    if not speaks:
        fallback = get_settings().ai_fallback_category
        return _CategoryFinding(value=fallback, confidence=NO_EVIDENCE_CONFIDENCE)
    chances = seen.chances(0)
    most = max(chances)
    best = chances.index(most)
    return _CategoryFinding(
        value=CATEGORIES[best], confidence=_share(most), evidence=seen.evidence(0, best)
    )


def _priority(seen: Weighed, speaks: bool, book: RuleBook) -> tuple[Finding[Priority], Chances]:
    """The priority of least expected cost, and how likely each one is."""
    if not speaks:
        fallback = get_settings().ai_fallback_priority
        certain = [float(priority is fallback) for priority in PRIORITIES]
        return _PriorityFinding(value=fallback, confidence=NO_EVIDENCE_CONFIDENCE), certain
    chances = seen.chances(1)
    best = int(np.dot(chances, book.cost).argmin())
    finding = _PriorityFinding(
        value=PRIORITIES[best], confidence=_share(chances[best]), evidence=seen.evidence(1, best)
    )
    return finding, chances


def _sentiment(seen: Weighed, speaks: bool) -> tuple[Finding[Sentiment], Chances]:
    """The likeliest sentiment, and how likely each one is; of a text that says nothing, none."""
    if not speaks:
        return _SentimentFinding(value=Sentiment.NEUTRAL, confidence=NO_EVIDENCE_CONFIDENCE), ()
    chances = seen.chances(2)
    most = max(chances)
    best = chances.index(most)
    finding = _SentimentFinding(
        value=SENTIMENTS[best], confidence=_share(most), evidence=seen.evidence(2, best)
    )
    return finding, chances


def _urgency(
    priority: Finding[Priority], likely: Chances, moods: Chances, weights: Weights
) -> Finding[Urgency]:
    """The score that would be accepted most likely, a little higher for an angry requester."""
    book = rule_book()
    low, high = book.points.urgency_bands[priority.value]
    accepted = np.dot(likely, weights.accepted)
    # A little of the mean: texts whose best scores are alike still differ by how bad they may be.
    middle = sum(map(mul, likely, MIDDLES))
    score = (1 - MEAN_SHARE) * float(accepted.argmax()) + MEAN_SHARE * middle
    score += sum(map(mul, moods, book.heat))
    value = max(low, min(high, round(score)))
    confidence = _share(float(accepted[value])) if moods else NO_EVIDENCE_CONFIDENCE
    return _UrgencyFinding(value=value, confidence=confidence, evidence=priority.evidence)


def _share(chance: float) -> float:
    return round(min(1.0, chance), 2)


def _title(description: str, title: str) -> Finding[Title]:
    for text in (description, title):
        suggestion = suggested_title(text)
        if suggestion != NO_TITLE:
            words = suggestion.removesuffix("…")
            evidence = (words,) if words in text else ()
            return _TitleFinding(value=suggestion, confidence=TITLE_CONFIDENCE, evidence=evidence)
    return _TitleFinding(value=NO_TITLE, confidence=NO_EVIDENCE_CONFIDENCE)
