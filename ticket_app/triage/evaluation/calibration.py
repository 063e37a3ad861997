"""Calibration: compares an engine's confidence with its accuracy."""

from collections.abc import Sequence
from statistics import mean

from pydantic import BaseModel, ConfigDict

BINS = 10

Outcome = tuple[float | None, bool]
"""An answer's confidence (0..1, None if it gave none), and True if the answer was right."""


class Bin(BaseModel):
    """The answers with a confidence from `low` up to `high`.

    `n` is their number, `confidence` their mean and `accuracy` the share of right ones.
    """

    model_config = ConfigDict(frozen=True)

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


def bins_of(outcomes: Sequence[Outcome]) -> tuple[Bin, ...]:
    """Returns the answers that have a confidence in BINS equal steps, without empty steps."""
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
    """Returns the mean distance of confidence and accuracy, weighted by the answers in each bin.

    0 is perfectly calibrated; None means that no answer had a confidence.
    """
    total = sum(each.n for each in bins)
    if not total:
        return None
    return sum(each.n * abs(each.confidence - each.accuracy) for each in bins) / total
