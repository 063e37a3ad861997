"""What a learned model knows a text by: words, pairs of words and the beginnings of words.

Beginnings stand in for inflections (`refund`, `refunded`, `refunding`). Measured with
`bench.learning`'s texts, words with these do as well as runs of characters, which cost several
times the work, and they name evidence that a person can read.
"""

from collections.abc import Iterable
from functools import lru_cache

from ticket_app.triage.text import BREAK, WORDS_REMEMBERED

SHORT_STEM, LONG_STEM = 3, 5
NUMBER_DIGITS = 3
"""A longer number is an order, an account or a year: it would be learnt by heart and mean nothing.
Shorter ones are often errors, such as 404."""


Span = tuple[int, int]
"""The places of the first and of the last word: of one word, or of two neighbours."""


def features_of(folded: Iterable[str]) -> dict[str, Span]:
    """Each feature of a text's folded words, with where it first stands.

    Beginnings end with a star and pairs hold a space, so that they are no words.
    """
    # Much of a prediction's time is spent here, hence one pass and plain tuples.
    features: dict[str, Span] = {}
    add = features.setdefault
    before = BREAK
    for place, word in enumerate(folded):
        names = _names_of(word)
        if not names:
            before = BREAK
            continue
        here = (place, place)
        for name in names:
            add(name, here)
        if before:
            add(f"{before} {word}", (place - 1, place))
        before = word
    return features


@lru_cache(WORDS_REMEMBERED)
def _names_of(word: str) -> tuple[str, ...]:
    """The word and its beginnings; none for a BREAK, and for a number that means nothing."""
    if word == BREAK or (len(word) > NUMBER_DIGITS and word.isdigit()):
        return ()
    stems = [f"{word[:letters]}*" for letters in (SHORT_STEM, LONG_STEM) if len(word) >= letters]
    return (word, *stems)
