"""A learned model at work: a value, how sure, and the words it rests on. Needs numpy alone."""

import math
from collections.abc import Sequence
from itertools import chain, repeat
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ticket_app.triage.learning.evidence import phrases
from ticket_app.triage.learning.features import features_of
from ticket_app.triage.learning.fields import LearnedField
from ticket_app.triage.learning.stored import StoredModel, pack, unpack
from ticket_app.triage.text import Word

_UNKNOWN = -1


class Reading:
    """A text, given its `words_of`, with its features counted once for all models that read it.

    The first `title_words` of them are the title's.
    """

    def __init__(self, words: Sequence[Word], text: str, title_words: int = 0) -> None:
        self.words, self.text = words, text
        spans = features_of([word[0] for word in words], title_words)
        self.features = spans
        self.places = np.fromiter(chain.from_iterable(spans.values()), np.intp, 2 * len(spans))
        """The first and the last word of each feature, one feature after the other."""


class Prediction(NamedTuple):
    """A value, how sure the model is of it (0..1), and the words it rests on."""

    value: str
    confidence: float
    evidence: tuple[str, ...] = ()


class LearnedModel:
    """A linear model of one field, calibrated, and not changed once it is made.

    Each known feature adds its weights to the values' scores, however often the text has it. The
    length of the text is taken out of the scores, so that a long one is not the surer for it.
    """

    def __init__(self, stored: StoredModel) -> None:
        self._stored = stored
        self._rows = {name: row for row, name in enumerate(stored.head.features)}
        # The last row, _UNKNOWN, is of zeros: what is unknown needs no sorting out.
        self._weights: NDArray[np.float32] = np.pad(
            stored.weights.astype(np.float32), ((0, 1), (0, 0))
        )
        self._masses: NDArray[np.float32] = np.pad(stored.masses.astype(np.float32), (0, 1))
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

    def knows_a_word(self, reading: Reading) -> bool:
        """Whether the text has a word that was learned; the beginning of one says too little."""
        return any(word.folded in self._rows for word in reading.words)

    def predict(self, words: Sequence[Word], text: str) -> Prediction:
        """What `find` does, of a text that no other model reads."""
        return self.find(Reading(words, text))

    def find(self, reading: Reading) -> Prediction:
        """The likeliest value for a text, in time linear in its length.

        The confidence is the share of such proposals that are right. With nothing in the text
        that the model knows there is no evidence, and the value is the desk's usual one.
        """
        # Some 0.05 ms for a usual ticket, hence one pass of numpy over all features.
        rows = np.array([*map(self._rows.get, reading.features, repeat(_UNKNOWN))], dtype=np.intp)
        weights = self._weights.take(rows, axis=0)
        mass = float(self._masses.take(rows).sum()) or 1.0
        chances = _shares(weights.sum(axis=0) / math.sqrt(mass) + self._bias)
        best = int(chances.argmax())
        doubt = self._stored.head.doubt
        points = points_of(reading, lead_of(weights, best))
        return Prediction(
            value=self.values[best],
            confidence=(1 - doubt) * min(1.0, float(chances[best])) + doubt / len(self.values),
            evidence=phrases(points, reading.words, reading.text),
        )


def _shares(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    powers: NDArray[np.float32] = np.exp(scores - scores.max())
    shares: NDArray[np.float32] = powers / powers.sum()
    return shares


def lead_of(weights: NDArray[np.float32], best: int) -> NDArray[np.float32]:
    """How much each row counts for the best value, against the mean of the others."""
    others = (weights.sum(axis=1) - weights[:, best]) / (weights.shape[1] - 1)
    lead: NDArray[np.float32] = weights[:, best] - others
    return lead


def points_of(reading: Reading, lead: NDArray[np.float32], least: float = 0.0) -> list[float]:
    """How much each word counts; what a pair counts goes to its two words alike.

    Features that count against the value, or no more than `least` for it, are left out.
    """
    heard = np.where(lead > least, lead, 0.0) / 2
    points: list[float] = np.bincount(reading.places, heard.repeat(2), len(reading.words)).tolist()
    return points
