"""What a learned model knows a text by: words, pairs of words and the beginnings of words.

Beginnings stand in for inflections (`refund`, `refunded`, `refunding`). Measured with
`bench.learning`'s texts, words with these do as well as runs of characters, which cost several
times the work, and they name evidence that a person can read.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from ticket_app.triage.text import BREAK

SHORT_STEM, LONG_STEM = 3, 5
NUMBER_DIGITS = 3
"""A longer number is an order, an account or a year: it would be learnt by heart and mean nothing.
Shorter ones are often errors, such as 404."""


class Feature(NamedTuple):
    """Something that may be known, and the words `first` to `last` (inclusive) it stands at."""

    name: str
    first: int
    last: int


def features_of(folded: Sequence[str]) -> Iterator[Feature]:
    """Every feature of a text's folded words, repeated ones too; about four a word.

    Beginnings end with a star and pairs hold a space, which no word of a ticket does.
    """
    said = [word if _says_something(word) else BREAK for word in folded]
    for place, word in enumerate(said):
        if word:
            yield Feature(word, place, place)
            if len(word) >= SHORT_STEM:
                yield Feature(f"{word[:SHORT_STEM]}*", place, place)
            if len(word) >= LONG_STEM:
                yield Feature(f"{word[:LONG_STEM]}*", place, place)
    for place, (word, following) in enumerate(pairwise(said)):
        if word and following:
            yield Feature(f"{word} {following}", place, place + 1)


def _says_something(word: str) -> bool:
    return len(word) <= NUMBER_DIGITS or not word.isdigit()
