"""A learned model at work: a value, how sure, and the words it rests on. Needs numpy alone."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ticket_app.triage.contract import Finding
from ticket_app.triage.learning.evidence import phrases
from ticket_app.triage.learning.features import Span, features_of
from ticket_app.triage.learning.fields import LearnedField
from ticket_app.triage.learning.stored import StoredModel, pack, unpack
from ticket_app.triage.text import Word

_Finding = Finding[str]


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
        spans = features_of([word.folded for word in words])
        known = [name for name in spans if name in self._rows]
        rows = np.array([*map(self._rows.__getitem__, known)], dtype=np.intp)
        weights = self._weights[rows]
        mass = float(self._masses[rows].sum()) if known else 1.0
        chances = _shares(weights.sum(axis=0) / math.sqrt(mass) + self._bias)
        best = int(chances.argmax())
        doubt = self._stored.head.doubt
        points = _points([spans[name] for name in known], _lead(weights, best))
        return _Finding(
            value=self.values[best],
            confidence=(1 - doubt) * min(1.0, float(chances[best])) + doubt / len(self.values),
            evidence=phrases(points, words, text),
        )


def _shares(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    powers: NDArray[np.float32] = np.exp(scores - scores.max())
    shares: NDArray[np.float32] = powers / powers.sum()
    return shares


def _lead(weights: NDArray[np.float32], best: int) -> list[float]:
    """How much each row counts for the best value, against the mean of the others."""
    others = (weights.sum(axis=1) - weights[:, best]) / (weights.shape[1] - 1)
    lead: list[float] = (weights[:, best] - others).tolist()
    return lead


def _points(spans: Iterable[Span], leads: Iterable[float]) -> dict[int, float]:
    """How much each word counts, by its place; what a pair counts goes to its two words alike."""
    points: dict[int, float] = {}
    for (first, last), lead in zip(spans, leads, strict=True):
        if first == last:
            points[first] = points.get(first, 0.0) + lead
        else:
            points[first] = points.get(first, 0.0) + lead / 2
            points[last] = points.get(last, 0.0) + lead / 2
    return points
