"""What each word says of each value: the model that comes along, in one file of numbers and words.

`lexicon/weights.npz` is written by `python -m ticket_app.triage.training`. A weight is a log-odds
before the text's length is taken out; signs, such as `!!`, are weighed as they are.
"""

import re
from functools import lru_cache
from importlib.resources import as_file, files
from itertools import repeat
from math import exp
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ticket_app.triage.learning.evidence import PHRASES_MAX, phrases
from ticket_app.triage.learning.model import Reading, points_of
from ticket_app.vocabulary import Category, Priority, Sentiment

FIELDS: tuple[type[Category] | type[Priority] | type[Sentiment], ...] = (
    Category,
    Priority,
    Sentiment,
)
_ENDS = np.cumsum([0, *(len(values) for values in FIELDS)]).tolist()
COLUMNS = tuple(slice(_ENDS[at], _ENDS[at + 1]) for at in range(len(FIELDS)))
"""Where the values of each field stand in a row of weights."""
VALUES = _ENDS[-1]
_AGAINST_OTHERS = np.zeros((VALUES, VALUES), dtype=np.float32)
"""Takes weights to what each says for a value against the mean of the field's other values."""
for _columns in COLUMNS:
    _others = _columns.stop - _columns.start - 1
    _AGAINST_OTHERS[_columns, _columns] = np.eye(_others + 1) * (1 + 1 / _others) - 1 / _others
MASS_MIN = 2500.0
"""That of a usual text: a word of a short one weighs no more, or its few would drown it."""
SAYS_SOMETHING = 0.12
"""Less log-odds than this is no evidence that a person would want to see."""
IS_HEARD = 0.1
"""A feature with less is not worth adding to others of the same word."""
SPEAKS = 0.25
"""A text of which no word says so much says nothing."""

SIGNS = (
    "!", "!!", "!!!", "?", "??", "?!", "...", "…", ":)", ":-)", ";)", ":(", ":/", '"', "(", "—",
    " - ", ";", ":", "€", "$", "%", "😊", "🙂", "🙏", "👍", "🙄", "😡",
)  # fmt: skip
BARE = frozenset('!?;:("€$%')
"""Signs that would puzzle whoever is shown them."""
CAPITALS, CAPITALS_STEPS = "capitals", (1, 2, 4, 8)
SIGN_NAMES = (*SIGNS, *(f"{CAPITALS} {step}" for step in CAPITALS_STEPS))
_ANY_SIGN = re.compile(rf"[{re.escape(''.join(sorted(set(''.join(SIGNS)) - set(' '))))}]")
_MAY_SHOUT = re.compile(r"[A-ZÀ-Þ]{4}")
_SHOUTED = re.compile(r"\b[A-ZÀ-Þ]{4,}\b")

Numbers = NDArray[np.float32]


class Weights(NamedTuple):
    """A row for each name, of what it says of all values and, last, its mass; the last row is of
    zeros. `signs` have no mass. `doubt` is the part of a field's chances that is spread over all
    its values; `accepted` how often a score from 0 to 100 is accepted, by true priority."""

    rows: dict[str, int]
    cells: Numbers
    signs: dict[str, Numbers]
    sign_leads: dict[str, list[float]]
    always: Numbers
    doubt: tuple[float, ...]
    accepted: NDArray[np.float64]


class Weighed:
    """What a text says of every value."""

    def __init__(self, reading: Reading, signs: dict[str, tuple[str, ...]], weights: Weights):
        rows = np.array([*map(weights.rows.get, reading.features, repeat(-1))], dtype=np.intp)
        self._reading, self._weights, self._signs = reading, weights, signs
        self._cells = weights.cells.take(rows, axis=0)
        sums = self._cells.sum(axis=0)
        self._length = float(np.sqrt(max(MASS_MIN, sums[VALUES])))
        self._sums = sums[:VALUES] / self._length + weights.always
        self._leads = self._cells[:, :VALUES] @ _AGAINST_OTHERS
        for sign in signs:
            self._sums += weights.signs[sign]

    def speaks(self) -> bool:
        """Whether there is anything to go by."""
        cells = self._cells[:, :VALUES]
        return float(np.abs(cells).max(initial=0.0)) / self._length >= SPEAKS

    def chances(self, field: int) -> list[float]:
        """How likely each value of the field is, in its order."""
        sums = self._sums[COLUMNS[field]].tolist()
        most = max(sums)
        odds = [exp(each - most) for each in sums]  # four: faster than numpy is
        doubt, whole = self._weights.doubt[field], sum(odds)
        return [(1 - doubt) * each / whole + doubt / len(odds) for each in odds]

    def evidence(self, field: int, value: int) -> tuple[str, ...]:
        """What of the text speaks most for this value, most first."""
        reading, length = self._reading, self._length
        lead = self._leads[:, COLUMNS[field].start + value]
        points = points_of(reading, lead, IS_HEARD * length)
        said = phrases(points, reading.words, reading.text, SAYS_SOMETHING * length)
        place = COLUMNS[field].start + value
        shows: dict[tuple[str, ...], float] = {}
        for name, quotes in self._signs.items():
            shows[quotes] = shows.get(quotes, 0.0) + self._weights.sign_leads[name][place]
        shown = max(shows, key=shows.__getitem__, default=())
        if shows.get(shown, 0.0) < SAYS_SOMETHING or shown[0] in BARE:
            shown = ()
        return tuple(dict.fromkeys((*shown, *said)))[:PHRASES_MAX]


def signs_of(text: str) -> dict[str, tuple[str, ...]]:
    """What shows in the look of a text and in no word, each with what shows it."""
    found: dict[str, tuple[str, ...]] = {}
    if _ANY_SIGN.search(text):
        found = {sign: (sign,) for sign in SIGNS if sign in text}
    if _MAY_SHOUT.search(text):
        shouted = tuple(_SHOUTED.findall(text))
        for step in CAPITALS_STEPS:
            if len(shouted) >= step:
                found[f"{CAPITALS} {step}"] = shouted[:1]
    return found


class Stored(NamedTuple):
    """The weights as they are kept: `cells` times `steps` are the log-odds."""

    names: str
    cells: NDArray[np.int8]
    steps: Numbers
    masses: NDArray[np.float16]
    signs: Numbers
    always: Numbers
    doubt: NDArray[np.float64]
    accepted: Numbers

    def save(self, path: Path) -> None:
        """Write the file; the same weights give the same bytes."""
        names = np.frombuffer(self.names.encode(), dtype=np.uint8)
        np.savez_compressed(path, **self._asdict() | {"names": names})

    def weights(self) -> Weights:
        """Ready to weigh. Raises ValueError where the parts do not fit."""
        names = self.names.split("\n")
        cells = np.column_stack((self.cells * self.steps, self.masses)).astype(np.float32)
        if cells.shape != (len(names), VALUES + 1) or len(self.signs) != len(SIGN_NAMES):
            raise ValueError("weights.npz: the names and the weights do not fit")
        return Weights(
            {name: row for row, name in enumerate(names)},
            np.pad(cells, ((0, 1), (0, 0))),
            dict(zip(SIGN_NAMES, self.signs, strict=True)),
            dict(zip(SIGN_NAMES, (self.signs @ _AGAINST_OTHERS).tolist(), strict=True)),
            self.always,
            tuple(self.doubt.tolist()),
            self.accepted.astype(np.float64),
        )


@lru_cache
def shipped_weights() -> Weights:
    """The weights of this process. Raises ValueError when the file is wrong."""
    with as_file(files("ticket_app.triage") / "lexicon" / "weights.npz") as path:
        kept = dict(np.load(path, allow_pickle=False))
    return Stored(**kept | {"names": kept["names"].tobytes().decode()}).weights()
