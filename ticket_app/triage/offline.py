"""The offline engine: triage from the lexicon's rules alone, the same answer for the same text."""

from collections.abc import Sequence
from operator import mul
from time import perf_counter
from typing import NamedTuple

import numpy as np

from ticket_app.settings import get_settings
from ticket_app.triage.commands import without_commands
from ticket_app.triage.contract import Finding, Title, Triage, Urgency
from ticket_app.triage.learned import Models, models_in_use, with_learned
from ticket_app.triage.learning.features import Span
from ticket_app.triage.loudness import loudness
from ticket_app.triage.phrases import Hit
from ticket_app.triage.rules import Rule, RuleBook, Sureness, rule_book
from ticket_app.triage.scoring import (
    NO_EVIDENCE_CONFIDENCE,
    Said,
    chances_of,
    evidence_for,
    said,
)
from ticket_app.triage.text import Word, without_surrogates, words_of, written_now
from ticket_app.triage.title import NO_TITLE, suggested_title
from ticket_app.triage.weights import PLACES, VALUES, Weighed, weigh, word_features
from ticket_app.vocabulary import OFFLINE, Category, Priority, Sentiment

MODEL = "rules"
MIDDLES = (18, 42, 72, 89)
"""The usual score of each priority."""
MEAN_SHARE = 0.12
SPEAKS = 0.5
"""A text without any signal is judged only where a word says so much."""
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
    return _triage(description, title, models_in_use())


def triage_by_rules(description: str, title: str = "") -> Triage:
    """The answer of the rules alone: what a lesson is compared with."""
    return _triage(description, title, {})


def _triage(description: str, title: str, models: Models) -> Triage:
    started = perf_counter()
    book = rule_book()
    description, title = without_surrogates(description), without_surrogates(title)
    read = _read(description, title, book)
    seen = _seen(read, len(title), book)
    priority, likely = _priority(seen, book)
    sentiment, moods = _sentiment(seen, book)
    triage = Triage(
        category=_category(seen, book),
        priority=priority,
        sentiment=sentiment,
        urgency_score=_urgency(priority, likely, moods, book),
        title=_title(description, title),
        engine=OFFLINE,
        model=MODEL,
        prompt_version=book.reading.version,
        latency_ms=(perf_counter() - started) * 1000,
    )
    return with_learned(triage, models, read.words, read.text, book.points.urgency_bands)


def signals_of(description: str, title: str, book: RuleBook) -> Said:
    """What the lexicon finds in what was written now, apart from commands to the triage."""
    return _signals(_read(description, title, book), len(title), book)


def features_in(description: str, title: str, book: RuleBook) -> dict[str, Span]:
    """The words of the same, as they are weighed."""
    return word_features(_read(description, title, book).words)


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


class _Seen(NamedTuple):
    """A text's signals, and what they and its words weigh."""

    read: _Read
    said: Said
    weighed: Weighed
    speaks: bool
    """Whether there is anything to go by."""

    def chances(self, field: Sureness, book: RuleBook) -> list[float]:
        """How likely each value of the field is, in its order."""
        sums = self.weighed.sums[COLUMNS[field]].tolist()
        return chances_of(sums, book.calibration.sharpness[field])

    def evidence(self, value: Category | Priority | Sentiment) -> tuple[str, ...]:
        """What of the text speaks for this value."""
        read = self.read
        return evidence_for(PLACES[value], self.weighed, self.said, read.words, read.text)


COLUMNS: dict[Sureness, slice] = {
    "category": slice(0, len(Category)),
    "priority": slice(len(Category), len(Category) + len(Priority)),
    "sentiment": slice(len(Category) + len(Priority), len(VALUES)),
}
"""Where the values of a field are among VALUES."""


def _seen(read: _Read, title_end: int, book: RuleBook) -> _Seen:
    said = _signals(read, title_end, book)
    weighed = weigh(said.strengths, word_features(read.words), book.weights)
    speaks = bool(said.phrases) or weighed.most() >= SPEAKS
    return _Seen(read, said, weighed, speaks)


def _category(seen: _Seen, book: RuleBook) -> Finding[Category]:
    if not seen.speaks:
        fallback = get_settings().ai_fallback_category
        return _CategoryFinding(value=fallback, confidence=NO_EVIDENCE_CONFIDENCE)
    chances = seen.chances("category", book)
    most = max(chances)
    value = CATEGORIES[chances.index(most)]
    return _CategoryFinding(value=value, confidence=_share(most), evidence=seen.evidence(value))


def _priority(seen: _Seen, book: RuleBook) -> tuple[Finding[Priority], Chances]:
    """The priority of least expected cost, and how likely each one is."""
    if not seen.speaks:
        fallback = get_settings().ai_fallback_priority
        certain = [float(priority is fallback) for priority in PRIORITIES]
        return _PriorityFinding(value=fallback, confidence=NO_EVIDENCE_CONFIDENCE), certain
    chances = seen.chances("priority", book)
    best = int(np.dot(chances, book.cost).argmin())
    value = PRIORITIES[best]
    finding = _PriorityFinding(
        value=value, confidence=_share(chances[best]), evidence=seen.evidence(value)
    )
    return finding, chances


def _sentiment(seen: _Seen, book: RuleBook) -> tuple[Finding[Sentiment], Chances]:
    """The likeliest sentiment, and how likely each one is; of a text that says nothing, none."""
    if not seen.speaks:
        return _SentimentFinding(value=Sentiment.NEUTRAL, confidence=NO_EVIDENCE_CONFIDENCE), ()
    chances = seen.chances("sentiment", book)
    most = max(chances)
    value = SENTIMENTS[chances.index(most)]
    evidence = seen.evidence(value)
    return _SentimentFinding(value=value, confidence=_share(most), evidence=evidence), chances


def _urgency(
    priority: Finding[Priority], likely: Chances, moods: Chances, book: RuleBook
) -> Finding[Urgency]:
    """The score that would be accepted most likely, a little higher for an angry requester."""
    low, high = book.points.urgency_bands[priority.value]
    accepted = np.dot(likely, book.accepted)
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
