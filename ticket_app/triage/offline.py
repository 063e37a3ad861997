"""The offline engine: triage from the lexicon's rules alone, the same answer for the same text."""

from collections.abc import Sequence
from time import perf_counter
from typing import NamedTuple

from ticket_app.settings import get_settings
from ticket_app.triage.contract import Finding, Title, Triage, Urgency
from ticket_app.triage.learned import Models, models_in_use, with_learned
from ticket_app.triage.phrases import Hit
from ticket_app.triage.rules import Kind, Rule, RuleBook, rule_book
from ticket_app.triage.scoring import (
    EVIDENCE_MAX,
    NO_EVIDENCE_CONFIDENCE,
    Said,
    category_said,
    distance_confidence,
    place_in_band,
    reached,
    share_confidence,
    signals_said,
)
from ticket_app.triage.text import Word, without_surrogates, words_of, written_now
from ticket_app.triage.title import NO_TITLE, suggested_title
from ticket_app.vocabulary import Category, Priority, Sentiment

ENGINE = "offline"
MODEL = "rules"
TITLE_CONFIDENCE = 0.6
"""The first sentence names the matter more often than not."""

_CategoryFinding = Finding[Category]
_PriorityFinding = Finding[Priority]
_SentimentFinding = Finding[Sentiment]
_UrgencyFinding = Finding[Urgency]
_TitleFinding = Finding[Title]


class _Read(NamedTuple):
    """A ticket's text as the rules see it."""

    text: str
    words: list[Word]
    hits: list[Hit[Rule]]


def triage_offline(description: str, title: str = "") -> Triage:
    """The rules' answer, and what this desk has learned better; for any text, and asks nobody.

    Where the text gives no evidence, category and priority are the settings' fallbacks.
    """
    return _triage(description, title, models_in_use())


def triage_by_rules(description: str, title: str = "") -> Triage:
    """The answer of the rules alone: what a lesson is compared with."""
    return _triage(description, title, {})


def _triage(description: str, title: str, models: Models) -> Triage:
    started = perf_counter()
    book = rule_book()
    description, title = without_surrogates(description), without_surrogates(title)
    read = _read(description, title, book)
    category = _category(read)
    priority, severity = _priority(read, bool(category.evidence), book)
    sentiment, heat = _sentiment(read, book)
    triage = Triage(
        category=category,
        priority=priority,
        sentiment=sentiment,
        urgency_score=_urgency(priority, severity, heat, book),
        title=_title(description, title),
        engine=ENGINE,
        model=MODEL,
        prompt_version=book.reading.version,
        latency_ms=(perf_counter() - started) * 1000,
    )
    return with_learned(triage, models, read.words, read.text, book.priority.urgency_bands)


def _read(description: str, title: str, book: RuleBook) -> _Read:
    said = written_now(description, book.reading.closings, book.reading.cuts)
    text = f"{title}\n\n{said}" if title else said
    words = words_of(text)
    return _Read(text, words, book.tree.hits(words))


def _category(read: _Read) -> Finding[Category]:
    said = category_said(read.hits, read.words, read.text)
    if not said.points:
        fallback = get_settings().ai_fallback_category
        return _CategoryFinding(value=fallback, confidence=NO_EVIDENCE_CONFIDENCE)
    best = max(said.points, key=lambda name: said.points[name])
    return _CategoryFinding(
        value=Category(best),
        confidence=share_confidence(said.points),
        evidence=said.phrases[best],
    )


def _priority(read: _Read, has_category: bool, book: RuleBook) -> tuple[Finding[Priority], float]:
    sheet = book.priority
    said = _signals("priority", sheet.repeat, read, book)
    if not said.points and not has_category:
        fallback = get_settings().ai_fallback_priority
        finding = _PriorityFinding(value=fallback, confidence=NO_EVIDENCE_CONFIDENCE)
        return finding, sheet.thresholds.get(fallback, 0.0)
    severity = sheet.base + sum(said.points.values()) + _together(said, book)
    finding = _PriorityFinding(
        value=reached(severity, sheet.thresholds, Priority.LOW),
        confidence=distance_confidence(severity, sheet.thresholds, len(said.evidence())),
        evidence=said.evidence(),
    )
    return finding, severity


def _signals(kind: Kind, repeat: float, read: _Read, book: RuleBook) -> Said:
    return signals_said(kind, read.hits, read.words, read.text, repeat=repeat, book=book)


def _together(said: Said, book: RuleBook) -> float:
    return sum(
        together.points
        for together in book.priority.together
        if all(signal in said.points for signal in together.signals)
    )


def _sentiment(read: _Read, book: RuleBook) -> tuple[Finding[Sentiment], float]:
    sheet = book.sentiment
    said = _signals("sentiment", sheet.repeat, read, book)
    loud_points, loud = _loudness(read.text, read.words, book)
    heat = sum(said.points.values()) + loud_points
    phrases = (*said.evidence(), *loud)[:EVIDENCE_MAX]
    finding = _SentimentFinding(
        value=reached(heat, sheet.thresholds, Sentiment.CALM),
        confidence=distance_confidence(heat, sheet.thresholds, len(phrases)),
        evidence=phrases,
    )
    return finding, heat


def _loudness(text: str, words: Sequence[Word], book: RuleBook) -> tuple[float, tuple[str, ...]]:
    intensity = book.sentiment.intensity
    spoken = [text[word.start : word.end] for word in words if word.folded]
    # One long capital word is a name or an abbreviation; several are a raised voice.
    shouted = [w for w in spoken if w.isupper() and len(w) >= intensity.capital_letters]
    points = 0.0
    phrases: tuple[str, ...] = ()
    if len(shouted) >= intensity.capital_words:
        points += intensity.capital_points
        phrases = tuple(dict.fromkeys(shouted))[:EVIDENCE_MAX]
    if text.count("!") >= intensity.exclamation_marks:
        points += intensity.exclamation_points
    return points, phrases


def _urgency(
    priority: Finding[Priority], severity: float, heat: float, book: RuleBook
) -> Finding[Urgency]:
    """A score within the priority's band: mostly the severity, a little the requester's heat."""
    low, high = book.priority.urgency_bands[priority.value]
    place = place_in_band(severity, book.priority.thresholds)
    warmth = place_in_band(heat, book.sentiment.thresholds) if heat > 0 else 0.0
    score = round(low + (high - low) * (0.7 * place + 0.3 * warmth))
    return _UrgencyFinding(value=score, confidence=priority.confidence, evidence=priority.evidence)


def _title(description: str, title: str) -> Finding[Title]:
    for text in (description, title):
        suggestion = suggested_title(text)
        if suggestion != NO_TITLE:
            words = suggestion.removesuffix("…")
            evidence = (words,) if words in text else ()
            return _TitleFinding(value=suggestion, confidence=TITLE_CONFIDENCE, evidence=evidence)
    return _TitleFinding(value=NO_TITLE, confidence=NO_EVIDENCE_CONFIDENCE)
