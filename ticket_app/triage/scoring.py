"""From the phrases found to values: how much each says, and how sure the sum is."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeVar

from ticket_app.triage.phrases import Hit, evidence, longest
from ticket_app.triage.rules import Kind, Rule, RuleBook
from ticket_app.triage.text import BREAK, Word

N = TypeVar("N", bound=str)

EVIDENCE_MAX = 8
NO_EVIDENCE_CONFIDENCE = 0.2
REPEATS_MAX = 3


class Said(NamedTuple):
    """What one kind of rule found: points by name, and the phrases that gave them by name."""

    points: dict[str, float]
    phrases: dict[str, tuple[str, ...]]

    def evidence(self) -> tuple[str, ...]:
        """The phrases of the names that count most, first ones first."""
        names = sorted(self.points, key=lambda name: -abs(self.points[name]))
        return tuple(phrase for name in names for phrase in self.phrases[name])[:EVIDENCE_MAX]


def category_said(hits: Sequence[Hit[Rule]], words: Sequence[Word], text: str) -> Said:
    """Points by category: each different phrase counts once, with its own weight."""
    chosen = longest(hit for hit in hits if hit.rule.kind == "category")
    phrases = _phrases(chosen, words, text)
    points: dict[str, float] = {}
    seen: set[tuple[str, str]] = set()
    for hit in chosen:
        spoken = _spoken(hit, words)
        if (hit.rule.name, spoken) not in seen:
            seen.add((hit.rule.name, spoken))
            points[hit.rule.name] = points.get(hit.rule.name, 0.0) + hit.rule.points
    return Said(points, phrases)


def signals_said(
    kind: Kind,
    hits: Sequence[Hit[Rule]],
    words: Sequence[Word],
    text: str,
    *,
    repeat: float,
    book: RuleBook,
) -> Said:
    """Points by signal, negated phrases left out.

    Each further phrase of the same signal adds `repeat` of its points, at most REPEATS_MAX times:
    saying it four ways is not four times as bad.
    """
    chosen = longest(hit for hit in hits if hit.rule.kind == kind)
    taken = {place for hit in chosen for place in range(hit.first, hit.end)}
    meant = [hit for hit in chosen if not _is_negated(hit.first, words, taken, book)]
    points: dict[str, float] = {}
    for name, spoken in _different_phrases(meant, words).items():
        first = next(hit.rule.points for hit in meant if hit.rule.name == name)
        points[name] = first * (1 + repeat * min(len(spoken) - 1, REPEATS_MAX))
    return Said(points, _phrases(meant, words, text))


def reached(value: float, thresholds: Mapping[N, float], lowest: N) -> N:
    """The highest name whose threshold the value reaches, else `lowest`."""
    passed = [name for name, threshold in thresholds.items() if value >= threshold]
    return max(passed, key=lambda name: thresholds[name], default=lowest)


def place_in_band(value: float, thresholds: Mapping[N, float]) -> float:
    """How far the value stands from its band's lower threshold to the next, as 0..1."""
    steps = sorted(thresholds.values())
    edges = [steps[0] - 3.0, *steps, steps[-1] + 6.0]
    for low, high in pairwise(edges):
        if value < high:
            return max(0.0, (value - low) / (high - low))
    return 1.0


def distance_confidence(value: float, thresholds: Mapping[N, float], phrases: int) -> float:
    """Higher with more phrases, and with the distance to the next threshold; 0..1."""
    if not phrases:
        return NO_EVIDENCE_CONFIDENCE
    distance = min(abs(value - threshold) for threshold in thresholds.values())
    return round(min(0.95, 0.3 + 0.1 * min(phrases, 3) + 0.12 * min(distance, 3.0)), 2)


def share_confidence(points: Mapping[str, float]) -> float:
    """Higher with more points, and with a larger share of them for the first; 0..1."""
    total, best = sum(points.values()), max(points.values())
    weight_of_evidence = best / (best + 2.0)
    return round(min(0.97, weight_of_evidence * best / total + 0.15), 2)


def _phrases(
    hits: Sequence[Hit[Rule]], words: Sequence[Word], text: str
) -> dict[str, tuple[str, ...]]:
    phrases: dict[str, tuple[str, ...]] = {}
    for hit in hits:
        known = phrases.get(hit.rule.name, ())
        phrase = evidence(hit, words, text)
        if len(known) < EVIDENCE_MAX and phrase not in known:
            phrases[hit.rule.name] = (*known, phrase)
    return phrases


def _different_phrases(hits: Sequence[Hit[Rule]], words: Sequence[Word]) -> dict[str, set[str]]:
    different: dict[str, set[str]] = {}
    for hit in hits:
        different.setdefault(hit.rule.name, set()).add(_spoken(hit, words))
    return different


def _spoken(hit: Hit[Rule], words: Sequence[Word]) -> str:
    return " ".join(word.folded for word in words[hit.first : hit.end])


def _is_negated(first: int, words: Sequence[Word], taken: set[int], book: RuleBook) -> bool:
    """Whether a negator stands shortly before, in the same clause and not part of a phrase."""
    for place in range(first - 1, max(-1, first - 1 - book.reading.negator_reach), -1):
        word = words[place].folded
        if word == BREAK or word in book.clause_words:
            return False
        if word in book.negators and place not in taken:
            return True
    return False
