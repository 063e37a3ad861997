"""Whether an engine is as sure as it is right."""

from collections.abc import Sequence
from statistics import mean

from pydantic import BaseModel, ConfigDict

BINS = 10

Outcome = tuple[float | None, bool]
"""How sure an answer was (0..1, None if it did not say), and whether it was right."""


class Bin(BaseModel):
    """Answers with a confidence from `low` up to `high`: how many, how sure, how often right."""

    model_config = ConfigDict(frozen=True)

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


def bins_of(outcomes: Sequence[Outcome]) -> tuple[Bin, ...]:
    """The answers that said how sure they were, in BINS equal steps, empty ones left out."""
    groups: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in outcomes:
        if confidence is not None:
            group = groups.setdefault(min(BINS - 1, int(confidence * BINS)), [])
            group.append((confidence, right))
    return tuple(
        Bin(
            low=step / BINS,
            high=(step + 1) / BINS,
            n=len(group),
            confidence=mean(confidence for confidence, _ in group),
            accuracy=mean(right for _, right in group),
        )
        for step, group in sorted(groups.items())
    )


def expected_calibration_error(bins: Sequence[Bin]) -> float | None:
    """The mean distance between confidence and accuracy, weighted by tickets; 0 is honest, None
    where no answer said how sure it was."""
    total = sum(each.n for each in bins)
    if not total:
        return None
    return sum(each.n * abs(each.confidence - each.accuracy) for each in bins) / total
