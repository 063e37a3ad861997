"""A learned model that predicts a field's value. It needs numpy alone."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ticket_app.triage.learning.evidence import phrases
from ticket_app.triage.learning.features import Features, Rows
from ticket_app.triage.learning.fields import LearnedField, values_of
from ticket_app.triage.learning.stored import StoredModel, pack, unpack
from ticket_app.triage.reading import read_text
from ticket_app.triage.weights import NAMES, Weighed, shipped_weights

ENGINE_SHARE = 0.2
"""The engine's log-odds by a word's size: with three times as much a desk of its own words is
learned more slowly."""


class Prediction(NamedTuple):
    """A value, the model's confidence (0..1), and the words that are its evidence."""

    value: str
    confidence: float
    evidence: tuple[str, ...] = ()


class LearnedModel:
    """A calibrated, immutable linear model of one field.

    It corrects the engine: its inputs are the engine's log-odds and the text's features. Each known
    feature adds its weights to the values' scores once. The scores are divided by the norm of the
    text, so that a long text does not give more confidence.
    """

    def __init__(self, stored: StoredModel) -> None:
        self._stored = stored
        self._rows = Rows(stored.head.features)
        self._weights = self._rows.with_parts(stored.weights.astype(np.float32))
        self._masses = self._rows.with_parts(stored.masses.astype(np.float32))
        self._bias = np.array(stored.head.bias)
        engine = np.zeros((len(values_of(stored.head.field)), len(stored.head.values)))
        self._engine = np.array(stored.head.engine) if stored.head.engine else engine

    @classmethod
    def from_bytes(cls, data: bytes) -> "LearnedModel":
        """Returns the model that `to_bytes` wrote, and executes nothing of it.

        Raises DamagedModelError with the reason for any other bytes.
        """
        return cls(unpack(data))

    def to_bytes(self) -> bytes:
        """Returns the model as bytes, a few megabytes at most. Equal models give equal bytes."""
        return pack(self._stored)

    @property
    def field(self) -> LearnedField:
        """The field of a ticket that the model predicts."""
        return self._stored.head.field

    @property
    def values(self) -> tuple[str, ...]:
        """The values that the model can predict: those that had enough examples."""
        return self._stored.head.values

    def knows_a_word(self, features: Features) -> bool:
        """Returns True if the text has a learned word; the beginning of one does not suffice."""
        return any(word in self._rows for word in features.words)

    def predict(self, text: str) -> Prediction:
        """Reads a text and returns the prediction of `find`."""
        return self.find(Weighed(read_text(text), shipped_weights()))

    def find(self, seen: Weighed) -> Prediction:
        """Returns the likeliest value for a text, in time linear in its length.

        The confidence is the expected share of right predictions, to two decimals as the engine's
        is. A text without a known feature has no evidence, and its value follows the engine and the
        desk's usual choices.
        """
        found = self._rows.find(seen.read.features)
        rows = np.array(found.rows, dtype=np.intp)
        weights = self._weights.take(rows, axis=0)
        mass = float(self._masses.take(rows).sum()) or 1.0
        scores = weights.sum(axis=0) / math.sqrt(mass) + self._bias
        scores += log_odds(seen.chances(NAMES.index(self.field))) @ self._engine
        chances = _shares(scores)
        best = int(chances.argmax())
        others = (weights.sum(axis=1) - weights[:, best]) / (weights.shape[1] - 1)
        doubt = self._stored.head.doubt
        confidence = (1 - doubt) * min(1.0, float(chances[best])) + doubt / len(self.values)
        return Prediction(
            value=self.values[best],
            confidence=round(confidence, 2),
            evidence=phrases(weights[:, best] - others, found, seen.read.words),
        )


def log_odds(chances: Sequence[float] | Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """Returns the engine's probabilities as a model's input: their logarithms, centred at 0."""
    logs = np.log(np.asarray(chances))
    centred: NDArray[np.float64] = ENGINE_SHARE * (logs - logs.mean(axis=-1, keepdims=True))
    return centred


def _shares(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    powers: NDArray[np.float64] = np.exp(scores - scores.max())
    shares: NDArray[np.float64] = powers / powers.sum()
    return shares
