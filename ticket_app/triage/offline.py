"""The offline engine: deterministic triage by the shipped weights, without a network."""

from collections.abc import Sequence
from operator import mul
from time import perf_counter
from typing import Any

import numpy as np

from ticket_app.settings import get_settings
from ticket_app.triage.contract import Finding, Title, Triage, Urgency
from ticket_app.triage.learned import Models, models_in_use, with_learned
from ticket_app.triage.reading import read_text
from ticket_app.triage.rules import RuleBook, rule_book
from ticket_app.triage.text import without_surrogates
from ticket_app.triage.title import NO_TITLE, suggested_title
from ticket_app.triage.weights import NAMES, VALUES_OF, Weighed, Weights, shipped_weights
from ticket_app.vocabulary import OFFLINE, Category, Priority, Sentiment

MODEL = "rules"
MIDDLES = (18, 42, 72, 89)
"""The usual urgency score of each priority."""
MEAN_SHARE = 0.12
NO_EVIDENCE_CONFIDENCE = 0.2
TITLE_CONFIDENCE = 0.6
"""The first sentence names the matter in more than half of the tickets."""

Chances = Sequence[float]
"""The probability of each value of a field, in the order of the vocabulary."""

_KINDS: Sequence[type[Finding[Any]]] = (
    Finding[Category],
    Finding[Priority],
    Finding[Sentiment],
)
_UrgencyFinding = Finding[Urgency]
_TitleFinding = Finding[Title]


def triage_offline(description: str, title: str = "") -> Triage:
    """Returns the offline engine's answer, with the models that the desk has learned.

    It works for any text and makes no call. Without evidence in the text, category and priority
    are the fallbacks of the settings.
    """
    return _triage(description, title, models_in_use(), shipped_weights())


def triage_by_rules(description: str, title: str = "") -> Triage:
    """Returns the answer without learned models, with which a lesson is compared."""
    return triage_with(shipped_weights(), description, title)


def triage_with(weights: Weights, description: str, title: str) -> Triage:
    """Returns the answer of these weights, without learned models."""
    return _triage(description, title, {}, weights)


def _triage(description: str, title: str, models: Models, weights: Weights) -> Triage:
    started = perf_counter()
    book = rule_book()
    seen = Weighed(read_text(description, title), weights)
    findings = _findings(seen, weights, book) if seen.has_evidence() else _fallbacks(weights)
    if models:
        findings = with_learned(findings, models, seen, book.points.urgency_bands)
    return Triage(
        **findings,
        title=_title(without_surrogates(description), without_surrogates(title)),
        engine=OFFLINE,
        model=MODEL,
        prompt_version=book.reading.version,
        latency_ms=(perf_counter() - started) * 1000,
    )


def _findings(seen: Weighed, weights: Weights, book: RuleBook) -> dict[str, Finding[Any]]:
    """Returns the likeliest category and sentiment, the priority of least expected cost, and the
    urgency score."""
    category, priority, sentiment = chances = [seen.chances(at) for at in range(len(NAMES))]
    cheapest = int(np.dot(priority, book.cost).argmin())
    chosen = (category.index(max(category)), cheapest, sentiment.index(max(sentiment)))
    found = {}
    for at, (name, kind) in enumerate(zip(NAMES, _KINDS, strict=True)):
        value = VALUES_OF[at][chosen[at]]
        # A neutral sentiment is the absence of a mood, so no word is evidence for it.
        evidence = () if value is Sentiment.NEUTRAL else seen.evidence(at, chosen[at])
        confidence = _share(chances[at][chosen[at]])
        found[name] = kind(value=value, confidence=confidence, evidence=evidence)
    found["urgency_score"] = _urgency(found["priority"], priority, sentiment, weights)
    return found


def _fallbacks(weights: Weights) -> dict[str, Finding[Any]]:
    """Returns the findings for a text without evidence, from the settings."""
    settings, unsure = get_settings(), NO_EVIDENCE_CONFIDENCE
    values = (settings.ai_fallback_category, settings.ai_fallback_priority, Sentiment.NEUTRAL)
    found = {
        name: kind(value=value, confidence=unsure)
        for name, kind, value in zip(NAMES, _KINDS, values, strict=True)
    }
    certain = [float(priority is settings.ai_fallback_priority) for priority in Priority]
    found["urgency_score"] = _urgency(found["priority"], certain, (), weights)
    return found


def _urgency(
    priority: Finding[Priority], likely: Chances, moods: Chances, weights: Weights
) -> Finding[Urgency]:
    """Returns the score that is most likely accepted, a little higher for an angry requester."""
    book = rule_book()
    low, high = book.points.urgency_bands[priority.value]
    accepted = np.dot(likely, weights.accepted)
    # A share of the mean separates texts that have the same likeliest score.
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
