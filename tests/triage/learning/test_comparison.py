"""A model beats the rules only with statistical significance."""

from math import comb

import pytest

from ticket_app.triage.learning.comparison import Trial, compare, sign_test
from ticket_app.triage.learning.fields import LearnedField, distance
from ticket_app.triage.learning.model import Prediction


def trials(*kinds: tuple[int, str, str, str, float]) -> list[Trial]:
    """Returns trials of each kind: count, true value, rules' value, model's value, confidence."""
    return [
        Trial(wanted, rules, Prediction(model, confidence))
        for count, wanted, rules, model, confidence in kinds
        for _ in range(count)
    ]


@pytest.mark.parametrize(
    ("field", "proposed", "wanted", "apart"),
    [
        ("category", "billing", "billing", 0),
        ("category", "billing", "general", 1),
        ("priority", "low", "critical", 3),
        ("priority", "high", "critical", 1),
    ],
)
def test_how_wrong_a_proposal_is(
    field: LearnedField, proposed: str, wanted: str, apart: int
) -> None:
    assert distance(field, proposed, wanted) == apart


def test_values_outside_the_field_are_refused() -> None:
    with pytest.raises(ValueError, match="tuple"):
        compare("category", trials((1, "billing", "urgent", "billing", 0.5)), 300)


@pytest.mark.parametrize(("wins", "losses"), [(0, 0), (5, 0), (4, 1), (8, 2), (1, 9), (300, 250)])
def test_the_sign_test_counts_the_tosses_that_come_out_so_well(wins: int, losses: int) -> None:
    tosses = wins + losses
    ways = sum(comb(tosses, heads) for heads in range(wins, tosses + 1))
    assert sign_test(wins, losses) == ways / 2**tosses


def test_one_text_more_is_not_better() -> None:
    close = trials(
        (6, "billing", "general", "billing", 0.9), (3, "billing", "billing", "general", 0.9)
    )
    comparison = compare("category", close, 300)
    assert (comparison.model_nearer, comparison.rules_nearer) == (6, 3)
    assert comparison.model_accuracy > comparison.rules_accuracy
    assert not comparison.beats


def test_significantly_more_is_better() -> None:
    clear = trials(
        (9, "billing", "general", "billing", 0.9), (1, "billing", "billing", "general", 0.9)
    )
    comparison = compare("category", clear, 300)
    assert comparison.p_value == pytest.approx(11 / 1024)
    assert comparison.beats


def test_worse_is_not_better() -> None:
    comparison = compare("category", trials((20, "billing", "billing", "general", 0.9)), 300)
    assert comparison.p_value == 1.0
    assert not comparison.beats


def test_a_model_that_always_says_the_commonest_priority_does_not_beat_the_rules() -> None:
    """Such a model is significantly more often right, but the rules find the important tickets."""
    constant = trials(
        (60, "medium", "high", "medium", 0.9),
        (30, "medium", "medium", "medium", 0.9),
        (5, "critical", "critical", "medium", 0.9),
        (5, "low", "low", "medium", 0.9),
    )
    comparison = compare("priority", constant, 300)
    assert comparison.model_accuracy > comparison.rules_accuracy
    assert comparison.p_value < 0.001
    assert comparison.model_error > comparison.rules_error
    assert not comparison.beats


def test_a_nearer_priority_is_better_though_it_is_not_right() -> None:
    nearer = trials((10, "critical", "low", "high", 0.6), (5, "low", "low", "low", 0.6))
    comparison = compare("priority", nearer, 300)
    assert comparison.model_accuracy == comparison.rules_accuracy
    assert comparison.beats


def test_calibration_is_what_was_said_against_what_came() -> None:
    comparison = compare(
        "category",
        trials(
            (8, "billing", "general", "billing", 0.85),
            (2, "billing", "general", "general", 0.85),
            (5, "billing", "general", "billing", 0.35),
            (5, "billing", "general", "general", 0.35),
            (1, "billing", "general", "billing", 1.0),
        ),
        300,
    )
    assert [(part.count, part.right) for part in comparison.reliability] == [
        (10, 0.5), (10, 0.8), (1, 1.0),
    ]  # fmt: skip
    assert comparison.calibration_error == pytest.approx((10 * 0.15 + 10 * 0.05) / 21)


def test_each_value_is_counted() -> None:
    answers = trials(
        (3, "billing", "billing", "general", 0.5), (2, "general", "billing", "general", 0.5)
    )
    counts = compare("category", answers, 300).by_value
    assert [(c.value, c.held_out, c.rules_right, c.model_right) for c in counts] == [
        ("billing", 3, 3, 0), ("technical", 0, 0, 0), ("account", 0, 0, 0), ("general", 2, 0, 2),
    ]  # fmt: skip
