"""What a model knows a text by: words, pairs of words and the beginnings of words.

Beginnings stand in for inflections (`refund`, `refunded`, `refunding`). Measured on the labelled
tickets, words with these do as well as runs of characters, which cost several times the work, and
they name evidence that a person can read.
"""

from collections.abc import Sequence
from functools import lru_cache

from ticket_app.triage.text import BREAK, WORDS_REMEMBERED

SHORT_STEM, LONG_STEM = 3, 5
NUMBER = "#"
EDGE = "|"
"""The end of a clause, in the name of a pair."""
NUMBER_DIGITS = 3
"""A longer number is an order, an account or a year: it would be learnt by heart and mean nothing.
Shorter ones are often errors, such as 404."""
TITLE = "^"
"""Ends the name of a word that stands in the title."""

Span = tuple[int, int]
"""The places of the first and of the last word: of one word, or of two neighbours."""


def features_of(folded: Sequence[str], title_words: int = 0) -> dict[str, Span]:
    """Each feature of a text's folded words, with where it first stands; the first `title_words`
    of them are the title's.

    Beginnings end with a star and pairs hold a space, so that they are no words.
    """
    # Much of a triage's time is spent here, hence one pass and plain tuples.
    features: dict[str, Span] = {}
    add = features.setdefault
    before = BREAK
    for place, word in enumerate(folded):
        names = _names_of(word)
        if not names:
            if before and before != EDGE:
                add(f"{before} {EDGE}", (place - 1, place - 1))
                before = EDGE
            continue
        here = (place, place)
        for name in names:
            add(name, here)
        said = names[0]
        if before:
            add(f"{before} {said}", here if before == EDGE else (place - 1, place))
        if place < title_words:
            add(said + TITLE, here)
        before = said
    return features


@lru_cache(WORDS_REMEMBERED)
def _names_of(word: str) -> tuple[str, ...]:
    """The word and its beginnings; none for a BREAK. A number is any number, and a short one is
    itself as well."""
    if word == BREAK:
        return ()
    if word.isdigit():
        return (NUMBER, word) if len(word) <= NUMBER_DIGITS else (NUMBER,)
    stems = [f"{word[:letters]}*" for letters in (SHORT_STEM, LONG_STEM) if len(word) >= letters]
    return (word, *stems)
