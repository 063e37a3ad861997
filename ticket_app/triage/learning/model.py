"""A learned model at work: a value, how sure, and the words it rests on. Needs numpy alone."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ticket_app.triage.contract import Finding
from ticket_app.triage.learning.evidence import phrases
from ticket_app.triage.learning.features import Feature, features_of
from ticket_app.triage.learning.fields import LearnedField
from ticket_app.triage.learning.stored import StoredModel, pack, unpack
from ticket_app.triage.text import Word


class LearnedModel:
    """A linear model of one field, calibrated, and not changed once it is made.

    Each known feature adds its weights to the values' scores, however often the text has it. The
    length of the text is taken out of the scores, so that a long one is not the surer for it.
    """

    def __init__(self, stored: StoredModel) -> None:
        self._stored = stored
        self._rows = {name: row for row, name in enumerate(stored.head.features)}
        self._weights: NDArray[np.float32] = stored.weights.astype(np.float32)
        self._masses: NDArray[np.float32] = stored.masses.astype(np.float32)
        self._bias = np.array(stored.head.bias, dtype=np.float32)

    @classmethod
    def from_bytes(cls, data: bytes) -> "LearnedModel":
        """The model that `to_bytes` wrote; executes nothing of what it reads.

        Raises DamagedModelError, which says what is wrong, for any other bytes.
        """
        return cls(unpack(data))

    def to_bytes(self) -> bytes:
        """For storing: the same model gives the same bytes, a few megabytes at most."""
        return pack(self._stored)

    @property
    def field(self) -> LearnedField:
        """The ticket's field that the model proposes a value for."""
        return self._stored.head.field

    @property
    def values(self) -> tuple[str, ...]:
        """What it can propose: the field's values that had examples enough, and no others."""
        return self._stored.head.values

    def predict(self, words: Sequence[Word], text: str) -> Finding[str]:
        """The likeliest value for a text, given its `words_of`, in time linear in its length.

        The confidence is the share of such proposals that are right. With nothing in the text
        that the model knows there is no evidence, and the value is the desk's usual one.
        """
        known = self._known(words)
        rows = np.fromiter(known, dtype=np.intp, count=len(known))
        weights = self._weights[rows]
        mass = float(self._masses[rows].sum()) if known else 1.0
        chances = _shares(weights.sum(axis=0) / np.sqrt(mass) + self._bias)
        best = int(chances.argmax())
        points = _points(known.values(), _lead(weights, best).tolist())
        return Finding(
            value=self.values[best],
            confidence=min(1.0, float(chances[best])),
            evidence=phrases(points, words, text),
        )

    def _known(self, words: Sequence[Word]) -> dict[int, Feature]:
        """The row of each feature that has one, with the first place where it stands."""
        known: dict[int, Feature] = {}
        row_of = self._rows.get
        for feature in features_of([word.folded for word in words]):
            row = row_of(feature.name)
            if row is not None and row not in known:
                known[row] = feature
        return known


def _shares(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    powers: NDArray[np.float32] = np.exp(scores - scores.max())
    shares: NDArray[np.float32] = powers / powers.sum()
    return shares


def _lead(weights: NDArray[np.float32], best: int) -> NDArray[np.float32]:
    """How much each row counts for the best value, against the mean of the others."""
    others = (weights.sum(axis=1) - weights[:, best]) / (weights.shape[1] - 1)
    lead: NDArray[np.float32] = weights[:, best] - others
    return lead


def _points(features: Iterable[Feature], leads: Iterable[float]) -> dict[int, float]:
    """How much each word counts, by its place; a pair's part goes to its two words alike."""
    points: dict[int, float] = {}
    for (_, first, last), lead in zip(features, leads, strict=True):
        part = lead if first == last else lead / 2
        points[first] = points.get(first, 0.0) + part
        if first != last:
            points[last] = points.get(last, 0.0) + part
    return points
