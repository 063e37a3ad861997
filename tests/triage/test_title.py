"""The suggested title: the first thing said, short, without the greeting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticket_app.triage.title import NO_TITLE, TITLE_CHARACTERS, suggested_title


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("The printer is broken. It was fine before.", "The printer is broken"),
        ("Hi team,\n\nI was charged twice.\nAna", "I was charged twice"),
        ("Hello\nWhere is my order?", "Where is my order?"),
        ("Dear support team, my card was declined.", "My card was declined"),
        ("Hi the printer is broken", "The printer is broken"),
        ("Good morning!\nNo internet", "No internet"),
        ("Hola,\nno puedo entrar.", "no puedo entrar"),
        ("Urgent! The site is down. Help.", "Urgent! The site is down"),
        ("Version 2.5 crashes. Always.", "Version 2.5 crashes"),
        ("  a \t b\u00a0 c  ", "a b c"),
        ("?!… \u200b", NO_TITLE),
        ("", NO_TITLE),
    ],
)
def test_the_first_sentence_after_the_greeting(text: str, title: str) -> None:
    assert suggested_title(text) == title


def test_a_long_sentence_is_cut_at_a_word() -> None:
    title = suggested_title("word " * 60)
    assert title.endswith("word…")
    assert 60 < len(title) <= TITLE_CHARACTERS


def test_an_endless_word_is_cut() -> None:
    assert len(suggested_title("x" * 5_000)) == TITLE_CHARACTERS


@given(st.text())
def test_any_text_gives_one_short_line(text: str) -> None:
    title = suggested_title(text)
    assert 1 <= len(title) <= TITLE_CHARACTERS
    assert len(title.splitlines()) == 1
    assert any(letter.isalnum() for letter in title)
