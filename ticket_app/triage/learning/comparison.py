"""Compares a learned model with the rules on held-out texts, which the model has not seen."""

from collections.abc import Sequence
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from ticket_app.triage.learning.fields import LearnedField, distance, values_of
from ticket_app.triage.learning.model import Prediction

SIGNIFICANCE = 0.05
BINS = 10


class Trial(NamedTuple):
    """A held-out text: the person's choice, the rules' proposal and the model's prediction."""

    wanted: str
    rules: str
    model: Prediction


class ValueCount(BaseModel):
    """The held-out texts of one value: their number, and how many each side got right."""

    model_config = ConfigDict(frozen=True)

    value: str
    held_out: int
    rules_right: int
    model_right: int


class Reliability(BaseModel):
    """The held-out texts in one tenth of the confidence range.

    `confidence` is their mean, `right` the share of right predictions.
    """

    model_config = ConfigDict(frozen=True)

    count: int
    confidence: float
    right: float


class Comparison(BaseModel):
    """The rules and a model on the same held-out texts.

    Accuracies are shares of the held-out texts. Errors are mean distances (`fields.distance`) in
    which every value has the same weight. `p_value` is that of the exact one-sided sign test on
    the texts where one side is nearer to the person's choice (`model_nearer`, `rules_nearer`); with
    distances of 0 and 1 this is McNemar's test. `calibration_error` is the expected calibration
    error (ECE): the mean difference between a bin's confidence and its share of right predictions,
    weighted by the bins' counts.
    """

    model_config = ConfigDict(frozen=True)

    field: LearnedField
    n_train: int
    n_held_out: int
    rules_accuracy: float
    model_accuracy: float
    rules_error: float
    model_error: float
    model_nearer: int
    rules_nearer: int
    p_value: float
    calibration_error: float
    reliability: tuple[Reliability, ...]
    by_value: tuple[ValueCount, ...]
    beats: bool


def compare(field: LearnedField, trials: Sequence[Trial], n_train: int) -> Comparison:
    """Returns the comparison of at least one trial.

    The model beats the rules if it is nearer significantly more often, and if its error, in which
    every value has the same weight, is no larger. Without the second condition, a model that
    always predicts the commonest priority would win on a desk with few critical tickets, and miss
    all of them.
    """
    model_nearer, rules_nearer = _nearer(field, trials)
    p_value = sign_test(model_nearer, rules_nearer)
    rules_error = _error(field, [(trial.rules, trial.wanted) for trial in trials])
    model_error = _error(field, [(trial.model.value, trial.wanted) for trial in trials])
    reliability = _reliability(trials)
    return Comparison(
        field=field,
        n_train=n_train,
        n_held_out=len(trials),
        rules_accuracy=_mean([trial.rules == trial.wanted for trial in trials]),
        model_accuracy=_mean([trial.model.value == trial.wanted for trial in trials]),
        rules_error=rules_error,
        model_error=model_error,
        model_nearer=model_nearer,
        rules_nearer=rules_nearer,
        p_value=p_value,
        calibration_error=sum(
            part.count * abs(part.confidence - part.right) for part in reliability
        )
        / len(trials),
        reliability=reliability,
        by_value=_by_value(field, trials),
        beats=p_value < SIGNIFICANCE and model_error <= rules_error,
    )


def sign_test(wins: int, losses: int) -> float:
    """Returns the exact p-value: the probability of at least `wins` heads in all coin tosses."""
    tosses = wins + losses
    ways, term = 0, 1
    for heads in range(losses + 1):  # by symmetry, the ways to lose at most `losses` times
        ways += term
        term = term * (tosses - heads) // (heads + 1)
    p_value: float = ways / 2**tosses
    return p_value


def _nearer(field: LearnedField, trials: Sequence[Trial]) -> tuple[int, int]:
    gains = [
        distance(field, trial.rules, trial.wanted)
        - distance(field, trial.model.value, trial.wanted)
        for trial in trials
    ]
    return sum(gain > 0 for gain in gains), sum(gain < 0 for gain in gains)


def _error(field: LearnedField, answers: Sequence[tuple[str, str]]) -> float:
    """Returns the mean, over the values that occur, of each value's mean distance."""
    by_value: dict[str, list[int]] = {}
    for proposed, wanted in answers:
        by_value.setdefault(wanted, []).append(distance(field, proposed, wanted))
    return _mean([_mean(distances) for distances in by_value.values()])


def _reliability(trials: Sequence[Trial]) -> tuple[Reliability, ...]:
    bins: dict[int, list[Trial]] = {}
    for trial in trials:
        bins.setdefault(min(int(trial.model.confidence * BINS), BINS - 1), []).append(trial)
    return tuple(
        Reliability(
            count=len(part),
            confidence=_mean([trial.model.confidence for trial in part]),
            right=_mean([trial.model.value == trial.wanted for trial in part]),
        )
        for _, part in sorted(bins.items())
    )


def _by_value(field: LearnedField, trials: Sequence[Trial]) -> tuple[ValueCount, ...]:
    counts = []
    for value in values_of(field):
        of_value = [trial for trial in trials if trial.wanted == value]
        counts.append(
            ValueCount(
                value=value,
                held_out=len(of_value),
                rules_right=sum(trial.rules == value for trial in of_value),
                model_right=sum(trial.model.value == value for trial in of_value),
            )
        )
    return tuple(counts)


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers)
