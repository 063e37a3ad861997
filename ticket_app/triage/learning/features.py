"""The features of a text: words, parts of words, pairs of words, and positions.

Beginnings match inflections (`refund`, `refunded`, `refunding`), and runs of letters match parts of
a compound (`Kreditkartenrechnung`). All numbers are one feature, and only in a pair, because a
number alone says nothing about a text.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ticket_app.triage.text import BREAK, WORDS_REMEMBERED

SHORT_STEM, LONG_STEM = 3, 5
NUMBER = "#"
LONG_WORD, RUN = 9, 5
FIRST_WORDS, LAST_WORDS = 8, 9
TITLE, FIRST, LAST = "^", "<", ">"
"""Suffixes of the names of words in the title, and of the first and last words below it."""
Numbers = NDArray[np.float32]
_NUMERIC = re.compile(r"\d[\d.,:]*")


class Features(NamedTuple):
    """The words and pairs of a text, each with the place of its first occurrence.

    A pair is two neighbours with a space between, or a word and BREAK at the end of a clause. Words
    of the title, and the first and the last words below it, occur again with the suffixes TITLE,
    FIRST and LAST.
    """

    words: dict[str, int]
    pairs: dict[str, int]

    def names(self) -> list[str]:
        """Returns the names of all features; a part occurs once for each word that has it."""
        return [*(part for word in self.words for part in parts_of(word)), *self.pairs]


def features_of(folded: Sequence[str], title_words: int = 0) -> Features:
    """Returns the features of a text's folded words, of which `title_words` are the title's."""
    tokens = [_token(word) for word in folded]
    # From the end to the start, so that the first of equal names is kept.
    places = range(len(tokens) - 1, -1, -1)
    words = dict(zip(reversed(tokens), places, strict=True))
    below = [place for place in range(title_words, len(tokens)) if tokens[place] != BREAK]
    for mark, marked in (
        (LAST, below[-LAST_WORDS:]),
        (FIRST, below[:FIRST_WORDS]),
        (TITLE, range(title_words)),
    ):
        for place in marked:
            words.setdefault(tokens[place] + mark, place)
    names = [f"{first} {second}" for first, second in pairwise(tokens)]
    pairs = dict(zip(reversed(names), places[1:], strict=True))
    pairs.pop(" ", None)  # two ends of clauses
    return Features(words, pairs)


@lru_cache(WORDS_REMEMBERED)
def parts_of(word: str) -> tuple[str, ...]:
    """Returns the feature names of a word: itself, its beginnings (`refun*`) and, for a long word,
    its runs of letters (`*echnu`)."""
    bare = word.rstrip(TITLE + FIRST + LAST)
    if bare in (BREAK, NUMBER):
        return ()
    if bare != word:
        return (word,)
    parts = [word, *(f"{word[:long]}*" for long in (SHORT_STEM, LONG_STEM) if len(word) >= long)]
    if len(word) >= LONG_WORD:
        inner = range(1, len(word) - RUN + 1)
        parts += dict.fromkeys(f"*{word[at : at + RUN]}" for at in inner)
    return tuple(parts)


@lru_cache(WORDS_REMEMBERED)
def _token(word: str) -> str:
    return NUMBER if _NUMERIC.fullmatch(word) else word


class Found(NamedTuple):
    """The rows of a text's known features, those of words first, with the place of each."""

    rows: Sequence[int]
    places: Sequence[int]
    of_words: int

    def words_of_pair(self, at: int, folded: Sequence[str]) -> list[int]:
        """Returns the places of the two words of the `at`th row, without those of numbers."""
        place = self.places[at]
        return [each for each in (place, place + 1) if _token(folded[each]) not in (BREAK, NUMBER)]


class Rows:
    """The row of each feature name in a table of weights that `with_parts` made."""

    def __init__(self, names: Iterable[str]) -> None:
        self._rows = {name: row for row, name in enumerate(names)}
        self._rows_of = lru_cache(WORDS_REMEMBERED)(self._find_word)

    def __contains__(self, name: str) -> bool:
        return name in self._rows

    def with_parts(self, table: Numbers) -> Numbers:
        """Returns the table with the rows of its parts added to the row of each word.

        A known word then needs one look-up.
        """
        known = self._rows
        added = [
            (row, known[part])
            for word, row in known.items()
            if " " not in word and "*" not in word
            for part in parts_of(word)[1:]
            if part in known
        ]
        rows, parts = np.array(added, dtype=np.intp).reshape(-1, 2).T
        whole = table.copy()
        np.add.at(whole, rows, table[parts])
        return whole

    def find(self, features: Features) -> Found:
        """Returns the rows of a text's features. An unknown word has the rows of its parts."""
        rows, places, row_of, rows_of = list[int](), list[int](), self._rows.get, self._rows_of
        for word, place in features.words.items():
            for row in rows_of(word):
                rows.append(row)
                places.append(place)
        of_words = len(rows)
        for pair, place in features.pairs.items():
            if (at := row_of(pair)) is not None:
                rows.append(at)
                places.append(place)
        return Found(rows, places, of_words)

    def _find_word(self, word: str) -> tuple[int, ...]:
        names = (word,) if word in self._rows else parts_of(word)
        return tuple(self._rows[name] for name in names if name in self._rows)
