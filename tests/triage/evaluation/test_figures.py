"""The figures of an evaluation, against values calculated by hand."""

import pytest

from ticket_app.triage.contract import Finding, Triage
from ticket_app.triage.evaluation.calibration import bins_of, expected_calibration_error
from ticket_app.triage.evaluation.figures import Judged, evaluate
from ticket_app.triage.evaluation.labelled import LabelledTicket
from ticket_app.vocabulary import Category, Priority, Sentiment

LOW, MEDIUM, CRITICAL = Priority.LOW, Priority.MEDIUM, Priority.CRITICAL


def judged(
    label: Priority, answer: Priority, *, score: int = 50, cost: float | None = None
) -> Judged:
    ticket = LabelledTicket(
        text="a", category=Category.BILLING, priority=label, urgency=(40, 60), language="en"
    )
    triage = Triage(
        category=Finding[Category](value=Category.BILLING, confidence=1.0),
        priority=Finding[Priority](value=answer, confidence=0.75),
        sentiment=Finding[Sentiment](value=Sentiment.CALM, confidence=0.5),
        urgency_score=Finding[int](value=score, confidence=0.5),
        title=Finding[str](value="a", confidence=0.5),
        engine="test",
        model="test",
        prompt_version="1",
        latency_ms=score,
    )
    return Judged(ticket, triage, cost)


def test_the_figures_of_four_tickets() -> None:
    report = evaluate(
        [
            judged(LOW, LOW, score=40, cost=0.5),
            judged(LOW, MEDIUM, score=60, cost=0.25),
            judged(CRITICAL, CRITICAL, score=61),
            judged(CRITICAL, LOW, score=39),
        ]
    )
    priority = report.priority
    assert priority is not None
    assert (priority.n, priority.accuracy, priority.within_one) == (4, 0.5, 0.75)
    assert (priority.critical_recall, priority.under_share) == (0.5, 0.25)
    # low: 1 of 2 said, 1 of 2 answered; medium: none; critical: 1 of 2 said, 1 of 1 answered.
    assert priority.macro_f1 == pytest.approx((1 / 2 + 0 + 2 / 3) / 3)
    assert priority.confusion["critical"] == {"low": 1, "medium": 0, "critical": 1}
    assert priority.ece == pytest.approx(0.25)
    assert report.category is not None and report.category.accuracy == 1.0
    assert report.sentiment is None
    assert report.urgency is not None and report.urgency.in_range == 0.5
    assert (report.cost, report.latency_p50, report.latency_p95) == (0.75, 60, 61)
    assert report.by_language["en"].priority == priority
    assert report.by_trait == {}


def test_nothing_to_judge_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing was judged"):
        evaluate([])


def test_calibration_weighs_each_step_by_its_tickets() -> None:
    bins = bins_of([(0.9, True), (0.9, True), (0.9, False), (1.0, True), (0.05, True)])
    assert [(each.low, each.n) for each in bins] == [(0.0, 1), (0.9, 4)]
    assert expected_calibration_error(bins) == pytest.approx((0.95 + 4 * abs(0.925 - 0.75)) / 5)
