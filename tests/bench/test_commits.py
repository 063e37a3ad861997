"""The ratio of two commits has a confidence interval that a single round does not move."""

from bench.commits import interval


def test_the_interval_holds_the_median_and_narrows_with_agreement() -> None:
    scattered = [0.9, 0.95, 1.0, 1.05, 1.1, 1.2, 0.8, 1.0, 0.97, 1.03]
    low, high = interval(scattered)
    assert 0.8 <= low <= 1.0 <= high <= 1.2
    assert interval([0.97] * 10) == (0.97, 0.97)
