"""The figures of an engine: its answers compared with people's labels of the same tickets."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import mean
from types import MappingProxyType
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from ticket_app.triage.contract import Triage
from ticket_app.triage.evaluation.calibration import Bin, bins_of, expected_calibration_error
from ticket_app.triage.evaluation.labelled import LabelledTicket
from ticket_app.vocabulary import Category, Priority, Sentiment

STEPS = list(Priority)


class Judged(NamedTuple):
    """A labelled ticket, an engine's answer, and its cost in US dollars (None: no cost)."""

    ticket: LabelledTicket
    triage: Triage
    cost: float | None


class _Pair(NamedTuple):
    """A person's label, the engine's answer, and the confidence of that answer, if any."""

    label: str
    answer: str
    confidence: float | None


class _Figures(BaseModel):
    model_config = ConfigDict(frozen=True)


class FieldFigures(_Figures):
    """One field over the tickets that carry its label. Shares, F1 and ECE are 0..1.

    `macro_f1` is the mean over the values that occur as a label or an answer; `confusion` counts
    by label and then by answer.
    """

    n: int
    accuracy: float
    macro_f1: float
    confusion: dict[str, dict[str, int]]
    ece: float | None
    reliability: tuple[Bin, ...]


class PriorityFigures(FieldFigures):
    """Further figures of the priority, whose values have an order. All are shares.

    `within_one` counts answers at most one step from the label. `critical_recall` counts critical
    tickets that were answered so, and is None without any. `under_share` counts answers that are
    lower than the label.
    """

    within_one: float
    critical_recall: float | None
    under_share: float


class UrgencyFigures(_Figures):
    """The share of scores inside the labelled range, and the calibration of their confidence."""

    n: int
    in_range: float
    ece: float | None
    reliability: tuple[Bin, ...]


class Figures(_Figures):
    """The figures of all fields over some tickets; a field without labels is None."""

    n: int
    category: FieldFigures | None
    priority: PriorityFigures | None
    sentiment: FieldFigures | None
    urgency: UrgencyFigures | None


class Evaluation(Figures):
    """The whole report. Latencies are milliseconds; `cost` is US dollars, None if unknown.

    `unanswered` counts the tickets that are left out, by the reason of the failure.
    """

    latency_p50: float
    latency_p95: float
    cost: float | None
    unanswered: dict[str, int]
    by_language: dict[str, Figures]
    by_trait: dict[str, Figures]


def evaluate(
    answers: Iterable[Judged], unanswered: Mapping[str, int] = MappingProxyType({})
) -> Evaluation:
    """Returns the figures of the answers. Raises ValueError if there are none."""
    judged = list(answers)
    if not judged:
        raise ValueError("nothing was judged")
    latencies = sorted(each.triage.latency_ms for each in judged)
    costs = [each.cost for each in judged if each.cost is not None]
    return Evaluation(
        **dict(_figures(judged)),
        latency_p50=_quantile(latencies, 0.50),
        latency_p95=_quantile(latencies, 0.95),
        cost=sum(costs) if costs else None,
        unanswered=dict(unanswered),
        by_language=_by(judged, lambda ticket: ticket.language),
        by_trait=_by(judged, lambda ticket: ticket.trait),
    )


def _by(
    judged: Sequence[Judged], kind: Callable[[LabelledTicket], str | None]
) -> dict[str, Figures]:
    kinds = sorted({name for each in judged if (name := kind(each.ticket)) is not None})
    return {name: _figures([e for e in judged if kind(e.ticket) == name]) for name in kinds}


def _figures(judged: Sequence[Judged]) -> Figures:
    return Figures(
        n=len(judged),
        category=_field(_pairs(judged, "category"), Category),
        priority=_priority(_pairs(judged, "priority")),
        sentiment=_field(_pairs(judged, "sentiment"), Sentiment),
        urgency=_urgency(judged),
    )


def _pairs(judged: Sequence[Judged], field: str) -> list[_Pair]:
    pairs = []
    for each in judged:
        label = getattr(each.ticket, field)
        if label is not None:
            finding = getattr(each.triage, field)
            pairs.append(_Pair(label, finding.value, finding.confidence))
    return pairs


def _field(pairs: Sequence[_Pair], order: Iterable[str]) -> FieldFigures | None:
    if not pairs:
        return None
    used = {pair.label for pair in pairs} | {pair.answer for pair in pairs}
    values = [str(value) for value in order if value in used]
    bins = bins_of([(pair.confidence, pair.label == pair.answer) for pair in pairs])
    return FieldFigures(
        n=len(pairs),
        accuracy=mean(pair.label == pair.answer for pair in pairs),
        macro_f1=mean(_f1(pairs, value) for value in values),
        confusion={
            label: {answer: _count(pairs, label, answer) for answer in values} for label in values
        },
        ece=expected_calibration_error(bins),
        reliability=bins,
    )


def _count(pairs: Sequence[_Pair], label: str, answer: str) -> int:
    """Returns the number of tickets with this label that got this answer."""
    return sum((pair.label, pair.answer) == (label, answer) for pair in pairs)


def _f1(pairs: Sequence[_Pair], value: str) -> float:
    labelled = sum(pair.label == value for pair in pairs)
    answered = sum(pair.answer == value for pair in pairs)
    return 2 * _count(pairs, value, value) / (labelled + answered)


def _priority(pairs: Sequence[_Pair]) -> PriorityFigures | None:
    field = _field(pairs, Priority)
    if field is None:
        return None
    steps = [STEPS.index(Priority(p.answer)) - STEPS.index(Priority(p.label)) for p in pairs]
    critical = [pair.answer == Priority.CRITICAL for pair in pairs if pair.label == STEPS[-1]]
    return PriorityFigures(
        **dict(field),
        within_one=mean(abs(step) <= 1 for step in steps),
        critical_recall=mean(critical) if critical else None,
        under_share=mean(step < 0 for step in steps),
    )


def _urgency(judged: Sequence[Judged]) -> UrgencyFigures | None:
    outcomes = []
    for ticket, triage, _ in judged:
        if ticket.urgency is not None:
            score = triage.urgency_score
            low, high = ticket.urgency
            outcomes.append((score.confidence, low <= score.value <= high))
    if not outcomes:
        return None
    bins = bins_of(outcomes)
    return UrgencyFigures(
        n=len(outcomes),
        in_range=mean(right for _, right in outcomes),
        ece=expected_calibration_error(bins),
        reliability=bins,
    )


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
