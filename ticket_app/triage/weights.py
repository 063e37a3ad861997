"""What each concept of the lexicon and each word says of the answers: the table of weights.

A line names a concept (`@refund`), two concepts together (`@warm+exposed`), a word, the beginning
of words (`crash*`) or a pair of words, and gives its weight for every value, in log-odds.
`@always` counts for every text.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from itertools import compress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ticket_app.triage.learning.features import Span, features_of
from ticket_app.triage.text import Word
from ticket_app.vocabulary import Category, Priority, Sentiment

VALUES = (*Category, *Priority, *Sentiment)
"""The columns of the table."""
PLACES = {value: place for place, value in enumerate(VALUES)}
CONCEPT, ALWAYS = "@", "@always"
NUMBER = "#"
FEATURES_MIN = 60
"""Those of a text of some twenty words."""

Numbers = NDArray[np.float32]


class WeightTable(NamedTuple):
    """The weights, a row for each name; `always` is what is said of every text. Row 0 is empty:
    the number of no name, so that rows can be told from what has none."""

    rows: Mapping[str, int]
    cells: Numbers
    always: Numbers


class Weighed(NamedTuple):
    """What a text's concepts and words say of every value.

    `sums` are all of it together, in the order of VALUES. A row of `weights` is that of the concept
    in `concepts`, or of the feature in `spans`, of the same number, and `much` is how much it
    counts here; concepts come first.
    """

    sums: Numbers
    weights: Numbers
    much: Numbers
    concepts: tuple[str, ...]
    spans: tuple[Span, ...]

    def shares(self, place: int) -> Numbers:
        """What each concept and feature adds to the sum at `place`."""
        return self.weights[:, place] * self.much

    def most(self) -> float:
        """The largest share that any of them adds to any sum."""
        return float((self.weights.max(axis=1, initial=0.0) * self.much).max(initial=0.0))


def weigh(
    strengths: Mapping[str, float], features: Mapping[str, Span], table: WeightTable
) -> Weighed:
    """Concepts count as strong as they were found; words the less, the more the text has."""
    rows = table.rows
    found = [(name, row) for name in strengths if (row := rows.get(CONCEPT + name))]
    # Two features in five are not in the table; no step of Python is taken for them.
    row_of_feature = list(map(rows.get, features))
    spans = tuple(compress(features.values(), row_of_feature))
    at = [row for _, row in found]
    at += filter(None, row_of_feature)
    weights = table.cells.take(at, axis=0)
    much = np.full(len(at), share_of_word(len(features)), dtype=np.float32)
    much[: len(found)] = [strengths[name] for name, _ in found]
    concepts = tuple(name for name, _ in found)
    return Weighed(much @ weights + table.always, weights, much, concepts, spans)


def share_of_word(features: int) -> float:
    """How much one of so many features counts; in a short text no more than in a longer one, or its
    few words would drown what it says."""
    return 1.0 / math.sqrt(max(FEATURES_MIN, features))


def word_features(words: Sequence[Word]) -> dict[str, Span]:
    """The words, beginnings and pairs of a text with their places; a whole number is any number."""
    return features_of([NUMBER if word.folded.isdigit() else word.folded for word in words])


@lru_cache
def weight_table() -> WeightTable:
    """The weights of this process. Raises ValueError when the file is wrong."""
    source = files("ticket_app.triage") / "lexicon" / "weights.tsv"
    return table_from(source.read_text(encoding="utf-8").split("\n"))


def table_from(lines: Iterable[str]) -> WeightTable:
    """The table that the lines hold. Raises ValueError for one that is no line of it."""
    rows: dict[str, int] = {}
    cells: list[list[float]] = [[0.0] * len(VALUES)]
    for number, line in enumerate(lines, start=1):
        name, *given = line.split("\t")
        if not line or name.startswith("# "):
            continue
        if given == list(VALUES):
            continue
        if len(given) != len(VALUES) or name in rows:
            raise ValueError(f"weights.tsv, line {number}: {line!r}")
        rows[name] = len(cells)
        cells.append([float(weight or 0) for weight in given])
    matrix = np.array(cells, dtype=np.float32)
    return WeightTable(rows, matrix, matrix[rows[ALWAYS]])
