"""The offline engine: triage from the lexicon's rules alone, the same answer for the same text."""

from collections.abc import Mapping
from time import perf_counter
from typing import NamedTuple

from ticket_app.settings import get_settings
from ticket_app.triage.commands import without_commands
from ticket_app.triage.contract import Finding, Title, Triage, Urgency
from ticket_app.triage.learned import Models, models_in_use, with_learned
from ticket_app.triage.loudness import loudness
from ticket_app.triage.phrases import Hit
from ticket_app.triage.rules import PointsSheet, Rule, RuleBook, Sureness, rule_book
from ticket_app.triage.scoring import (
    NO_EVIDENCE_CONFIDENCE,
    Said,
    evidence_for,
    on_ramp,
    reached,
    said,
    share_between,
    share_of_best,
    sums_of,
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
    signals = _signals(read, len(title), book)
    sums = sums_of(signals, book)
    priority, severity = _priority(signals, sums.severity, book)
    triage = Triage(
        category=_category(signals, sums.category, book),
        priority=priority,
        sentiment=_sentiment(signals, sums.heat, book),
        urgency_score=_urgency(priority, severity, sums.heat, book.points),
        title=_title(description, title),
        engine=ENGINE,
        model=MODEL,
        prompt_version=book.reading.version,
        latency_ms=(perf_counter() - started) * 1000,
    )
    return with_learned(triage, models, read.words, read.text, book.points.urgency_bands)


def signals_of(description: str, title: str, book: RuleBook) -> Said:
    """What the lexicon finds in what was written now, apart from commands to the triage."""
    return _signals(_read(description, title, book), len(title), book)


class _Read(NamedTuple):
    """What was written now; `heard` is it with blanks for whatever commands the triage.

    The words are those of `heard`, and stand at the same places of both.
    """

    text: str
    heard: str
    words: list[Word]
    hits: list[Hit[Rule]]


def _read(description: str, title: str, book: RuleBook) -> _Read:
    written = written_now(description, book.reading.closings, book.reading.cuts)
    text = f"{title}\n\n{written}" if title else written
    words = words_of(text)
    hits = book.tree.hits(words)
    heard = without_commands(text, words, hits)
    if heard is text:
        return _Read(text, text, words, hits)
    words = words_of(heard)
    return _Read(text, heard, words, book.tree.hits(words))


def _signals(read: _Read, title_end: int, book: RuleBook) -> Said:
    found = said(read.hits, read.words, read.text, title_end, book)
    for name, phrases in loudness(read.heard, read.words, book.marks).items():
        found.strengths[name] = 1.0
        found.phrases[name] = phrases
    return found


def _category(signals: Said, sums: Mapping[Category, float], book: RuleBook) -> Finding[Category]:
    if not signals.phrases:
        fallback = get_settings().ai_fallback_category
        return _CategoryFinding(value=fallback, confidence=NO_EVIDENCE_CONFIDENCE)
    best = max(sums, key=lambda category: sums[category])
    return _CategoryFinding(
        value=best,
        confidence=_honest("category", share_of_best(sums.values()), book.points),
        evidence=evidence_for(signals, book.speaks_for[best]),
    )


def _priority(signals: Said, severity: float, book: RuleBook) -> tuple[Finding[Priority], float]:
    thresholds = book.points.priority
    if not signals.phrases:
        fallback = get_settings().ai_fallback_priority
        finding = _PriorityFinding(value=fallback, confidence=NO_EVIDENCE_CONFIDENCE)
        return finding, thresholds.get(fallback, severity)
    sureness = share_between(severity, thresholds.values())
    finding = _PriorityFinding(
        value=reached(severity, thresholds, Priority.LOW),
        confidence=_honest("priority", sureness, book.points),
        evidence=evidence_for(signals, book.speaks_for["severity"]),
    )
    return finding, severity


def _sentiment(signals: Said, heat: float, book: RuleBook) -> Finding[Sentiment]:
    if not signals.phrases:
        return _SentimentFinding(value=Sentiment.NEUTRAL, confidence=NO_EVIDENCE_CONFIDENCE)
    thresholds = book.points.sentiment
    sureness = share_between(heat, thresholds.values())
    return _SentimentFinding(
        value=reached(heat, thresholds, Sentiment.CALM),
        confidence=_honest("sentiment", sureness, book.points),
        evidence=evidence_for(signals, book.speaks_for["heat"]),
    )


def _urgency(
    priority: Finding[Priority], severity: float, heat: float, sheet: PointsSheet
) -> Finding[Urgency]:
    """A score within the priority's band: mostly the severity, a little the requester's heat."""
    low, high = sheet.urgency_bands[priority.value]
    warmth = max(0.0, min(1.0, heat - sheet.sentiment[Sentiment.FRUSTRATED]))
    score = round(on_ramp(severity, sheet.urgency) + warmth * sheet.urgency_heat)
    return _UrgencyFinding(
        value=max(low, min(high, score)),
        confidence=on_ramp(priority.confidence, sheet.confidence["urgency"]),
        evidence=priority.evidence,
    )


def _honest(field: Sureness, sureness: float, sheet: PointsSheet) -> float:
    """How often an answer that looks so sure is right, as measured on labelled tickets."""
    return round(on_ramp(sureness, sheet.confidence[field]), 2)


def _title(description: str, title: str) -> Finding[Title]:
    for text in (description, title):
        suggestion = suggested_title(text)
        if suggestion != NO_TITLE:
            words = suggestion.removesuffix("…")
            evidence = (words,) if words in text else ()
            return _TitleFinding(value=suggestion, confidence=TITLE_CONFIDENCE, evidence=evidence)
    return _TitleFinding(value=NO_TITLE, confidence=NO_EVIDENCE_CONFIDENCE)
