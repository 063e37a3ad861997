"""The shipped linear model: a weight of each feature for each value, in one file.

`lexicon/weights.npz` is written by `python -m ticket_app.triage.training`. A weight is a
log-odds before division by the norm of the text; the weights of signs (`!!`) are not divided.
"""

from functools import lru_cache
from importlib.resources import as_file, files
from math import exp, sqrt
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ticket_app.triage.learning.evidence import PHRASES_MAX, phrases
from ticket_app.triage.learning.features import Rows
from ticket_app.triage.reading import SIGN_NAMES, Read
from ticket_app.vocabulary import Category, Priority, Sentiment

FIELDS: tuple[type[Category] | type[Priority] | type[Sentiment], ...] = (
    Category,
    Priority,
    Sentiment,
)
NAMES = ("category", "priority", "sentiment")
VALUES_OF = tuple(tuple(values) for values in FIELDS)
_ENDS = np.cumsum([0, *(len(values) for values in FIELDS)]).tolist()
COLUMNS = tuple(slice(_ENDS[at], _ENDS[at + 1]) for at in range(len(FIELDS)))
"""The columns of each field's values in a row of weights."""
VALUES = _ENDS[-1]
_AGAINST_OTHERS = np.zeros((VALUES, VALUES), dtype=np.float32)
"""A matrix that maps weights to their lead over the mean of the field's other values."""
for _columns in COLUMNS:
    _others = _columns.stop - _columns.start - 1
    _AGAINST_OTHERS[_columns, _columns] = np.eye(_others + 1) * (1 + 1 / _others) - 1 / _others
MASS_MIN = 2500.0
"""The mass of a usual text, and the least norm squared: without it, the few words of a short text
would weigh too much."""
SHOWN_LEAD_MIN = 0.12
"""The least lead, in log-odds, of evidence that a person is shown."""
COUNTED_LEAD_MIN = 0.1
"""The least lead, in log-odds, of a feature that is added to others of the same word."""
EVIDENCE_MIN = 0.25
"""A text has evidence if one of its features has at least this weight, in log-odds."""

BARE = frozenset('!?;:("€$%')
"""Signs that are no understandable evidence, and are not shown."""

Numbers = NDArray[np.float32]


class Weights(NamedTuple):
    """The weights in use.

    `cells` has a row for each feature: its weights for all values, its mass, and its leads over the
    field's other values, which are 0 where they are not shown. `signs` have no mass. `doubt` is the
    share of a field's probability that is spread evenly over its values. `accepted` is the
    probability that a score from 0 to 100 is accepted, by true priority.
    """

    rows: Rows
    cells: Numbers
    signs: dict[str, Numbers]
    sign_leads: dict[str, list[float]]
    always: Numbers
    doubt: tuple[float, ...]
    accepted: NDArray[np.float64]


class Weighed:
    """The scores of a text for every value."""

    def __init__(self, read: Read, weights: Weights) -> None:
        self.read, self._weights = read, weights
        self._found = weights.rows.find(read.features)
        cells = weights.cells.take(np.array(self._found.rows, dtype=np.intp), axis=0)
        sums = cells.sum(axis=0)
        self._leads = cells[:, VALUES + 1 :]
        self._length = sqrt(max(MASS_MIN, sums[VALUES]))
        self._strongest = float(np.abs(cells[:, :VALUES]).max(initial=0.0)) / self._length
        self._sums = sums[:VALUES] / self._length + weights.always
        for sign in read.signs:
            self._sums += weights.signs[sign]

    def has_evidence(self) -> bool:
        """Returns True if the text has evidence for any value."""
        return self._strongest >= EVIDENCE_MIN

    def chances(self, field: int) -> list[float]:
        """Returns the probability of each value of the field, in its order."""
        sums = self._sums[COLUMNS[field]].tolist()
        most = max(sums)
        odds = [exp(each - most) for each in sums]  # faster than numpy for four numbers
        doubt, whole = self._weights.doubt[field], sum(odds)
        return [(1 - doubt) * each / whole + doubt / len(odds) for each in odds]

    def evidence(self, field: int, value: int) -> tuple[str, ...]:
        """Returns the quotes of the text that speak most for this value, the strongest first."""
        place, length = COLUMNS[field].start + value, self._length
        counts = self._leads[:, place]
        counted_min, shown_min = COUNTED_LEAD_MIN * length, SHOWN_LEAD_MIN * length
        quotes_of_words = phrases(counts, self._found, self.read.words, counted_min, shown_min)
        shows: dict[tuple[str, ...], float] = {}
        for sign, quotes in self.read.signs.items():
            shows[quotes] = shows.get(quotes, 0.0) + self._weights.sign_leads[sign][place]
        shown = max(shows, key=shows.__getitem__, default=())
        if shows.get(shown, 0.0) < SHOWN_LEAD_MIN or shown[0] in BARE:
            shown = ()
        return tuple(dict.fromkeys((*shown, *quotes_of_words)))[:PHRASES_MAX]


class Stored(NamedTuple):
    """The weights as stored: `cells` times `steps` are the log-odds.

    `shown` has a bit for each value, set if the feature is evidence for it that a person accepts.
    """

    names: str
    cells: NDArray[np.int8]
    steps: Numbers
    masses: NDArray[np.float16]
    shown: NDArray[np.uint16]
    signs: Numbers
    always: Numbers
    doubt: NDArray[np.float64]
    accepted: Numbers

    def save(self, path: Path) -> None:
        """Writes the file; equal weights give equal bytes."""
        names = np.frombuffer(self.names.encode(), dtype=np.uint8)
        np.savez_compressed(path, **self._asdict() | {"names": names})

    def weights(self) -> Weights:
        """Returns the weights for use. Raises ValueError if the parts do not fit together."""
        names = self.names.split("\n")
        weights = (self.cells * self.steps).astype(np.float32)
        if weights.shape != (len(names), VALUES) or len(self.signs) != len(SIGN_NAMES):
            raise ValueError("weights.npz: the names and the weights do not fit")
        is_shown = (self.shown[:, np.newaxis] >> np.arange(VALUES)) & 1
        rows = Rows(names)
        cells = np.column_stack((weights, self.masses, weights @ _AGAINST_OTHERS * is_shown))
        return Weights(
            rows,
            rows.with_parts(cells.astype(np.float32)),
            dict(zip(SIGN_NAMES, self.signs, strict=True)),
            dict(zip(SIGN_NAMES, (self.signs @ _AGAINST_OTHERS).tolist(), strict=True)),
            self.always,
            tuple(self.doubt.tolist()),
            self.accepted.astype(np.float64),
        )


@lru_cache
def shipped_weights() -> Weights:
    """Returns the weights of this process. Raises ValueError if the file is invalid."""
    with as_file(files("ticket_app.triage") / "lexicon" / "weights.npz") as path:
        kept = dict(np.load(path, allow_pickle=False))
    return Stored(**kept | {"names": kept["names"].tobytes().decode()}).weights()
