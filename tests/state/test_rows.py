"""A ticket in words: its age, its exact time, the beginning of its text."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ticket_app.state.rows import EXCERPT, age_of, exact, excerpt_of

NOW = datetime(2026, 3, 31, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 min ago"),
        (timedelta(minutes=59, seconds=59), "59 min ago"),
        (timedelta(hours=1), "1 h ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(days=1), "1 d ago"),
        (timedelta(days=29, hours=23), "29 d ago"),
        (timedelta(days=30), "1 Mar 2026"),
    ],
)
def test_an_age_is_in_the_largest_unit_that_fits(ago: timedelta, words: str) -> None:
    assert age_of(NOW - ago, NOW) == words


def test_the_exact_time_is_in_utc() -> None:
    moment = datetime(2026, 3, 31, 23, 30, 1, tzinfo=timezone(timedelta(hours=-5)))
    assert exact(moment) == "2026-04-01 04:30:01 UTC"


def test_an_excerpt_is_one_line() -> None:
    assert excerpt_of(" a\n\n b\t c ") == "a b c"


def test_an_excerpt_is_short_and_says_that_there_is_more() -> None:
    assert excerpt_of("x" * EXCERPT) == "x" * EXCERPT
    assert excerpt_of("x" * (EXCERPT + 1)) == "x" * EXCERPT + "…"
    assert excerpt_of("word " * 10_000) == "word " * 31 + "word…"
