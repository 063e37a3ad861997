"""A row shows the beginning of a ticket's text."""

from ticket_app.state.tickets.rows import EXCERPT, excerpt_of


def test_an_excerpt_is_one_line() -> None:
    assert excerpt_of(" a\n\n b\t c ") == "a b c"


def test_an_excerpt_is_short_and_says_that_there_is_more() -> None:
    assert excerpt_of("x" * EXCERPT) == "x" * EXCERPT
    assert excerpt_of("x" * (EXCERPT + 1)) == "x" * EXCERPT + "…"
    assert excerpt_of("word " * 10_000) == "word " * 31 + "word…"
