"""A learned model as bytes, for a column of the database: plain data, never a pickle.

    8 bytes   MAGIC, which names the format and its version
    32 bytes  SHA-256 of the rest, which detects damage
    4 bytes   length of the head, little-endian
    head      JSON: the field, its values, their biases, the engine's weights, the doubt,
              the features
    weights   float16, little-endian, one row for each feature with one number for each value
    masses    float16, little-endian, one for each feature

A person who can write to the database can store a forged model with a valid digest. It can propose
wrong values and do nothing else, because only numbers and words in bounded amounts are read.
"""

import hashlib
from typing import Annotated, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ticket_app.triage.learning.fields import LearnedField, values_of

MAGIC = b"DESKLRN1"
BYTES_MAX = 8 * 2**20
FEATURES_MAX = 80_000
FEATURE_CHARACTERS = 100
BIAS_MAX = 1_000.0
_DIGEST, _LENGTH = 32, 4
_HEAD_AT = len(MAGIC) + _DIGEST + _LENGTH
_NUMBER = np.dtype("<f2")

_Name = Annotated[str, Field(min_length=1, max_length=FEATURE_CHARACTERS)]
_Bias = Annotated[float, Field(ge=-BIAS_MAX, le=BIAS_MAX, allow_inf_nan=False)]


class DamagedModelError(Exception):
    """The bytes are not a model of this version of the desk, or are damaged."""


class Head(BaseModel):
    """The meaning of the numbers: `values` name the columns, `features` the rows.

    `engine` has a row for each value of the field: what the engine's log-odds of it say of
    `values`; none in a model that does not ask the engine. `doubt` is the part of each confidence
    that is spread over all values alike.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    field: LearnedField
    values: Annotated[tuple[str, ...], Field(min_length=2)]
    bias: tuple[_Bias, ...]
    engine: tuple[tuple[_Bias, ...], ...] = ()
    doubt: Annotated[float, Field(ge=0.0, le=1.0)]
    features: Annotated[tuple[_Name, ...], Field(min_length=1, max_length=FEATURES_MAX)]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if len(set(self.features)) != len(self.features):
            raise ValueError("a feature has two rows")
        if len(set(self.values)) != len(self.values) or len(self.bias) != len(self.values):
            raise ValueError("the values and their biases do not fit")
        if not set(self.values) <= set(values_of(self.field)):
            raise ValueError(f"a value that {self.field} does not have")
        shape = [len(self.values)] * len(values_of(self.field))
        if self.engine and [len(row) for row in self.engine] != shape:
            raise ValueError("the engine's weights do not fit")
        return self


class StoredModel(NamedTuple):
    """A whole model: `weights` is features by values; `masses` has a positive number a feature."""

    head: Head
    weights: NDArray[np.float16]
    masses: NDArray[np.float16]


def pack(model: StoredModel) -> bytes:
    """Returns the bytes that `unpack` reads."""
    head = model.head.model_dump_json().encode()
    numbers = (model.weights.astype(_NUMBER).tobytes(), model.masses.astype(_NUMBER).tobytes())
    body = b"".join((len(head).to_bytes(_LENGTH, "little"), head, *numbers))
    return b"".join((MAGIC, hashlib.sha256(body).digest(), body))


def unpack(data: bytes) -> StoredModel:
    """Returns the model in these bytes. Raises DamagedModelError unless `pack` could write it.

    It uses memory in proportion to the bytes given, at most BYTES_MAX, and trusts no size that the
    bytes claim.
    """
    _check_frame(data)
    end = _HEAD_AT + int.from_bytes(data[_HEAD_AT - _LENGTH : _HEAD_AT], "little")
    head = _read_head(data[_HEAD_AT:end])
    rows, columns = len(head.features), len(head.values)
    if len(data) - end != rows * (columns + 1) * _NUMBER.itemsize:
        raise DamagedModelError("The stored model has more or fewer numbers than its head says.")
    numbers = np.frombuffer(data, dtype=_NUMBER, offset=end)
    weights, masses = numbers[: rows * columns].reshape(rows, columns), numbers[rows * columns :]
    if not np.isfinite(numbers).all() or not (masses > 0).all():
        raise DamagedModelError("The stored model holds numbers that no training gives.")
    return StoredModel(head, weights, masses)


def _check_frame(data: bytes) -> None:
    if len(data) > BYTES_MAX:
        raise DamagedModelError(f"The stored model has {len(data)} bytes; {BYTES_MAX} are allowed.")
    if not data.startswith(MAGIC):
        raise DamagedModelError("These bytes are no learned model of this version of the desk.")
    digest, body = data[len(MAGIC) :][:_DIGEST], data[len(MAGIC) + _DIGEST :]
    if hashlib.sha256(body).digest() != digest:
        raise DamagedModelError("The stored model is damaged: its digest does not fit.")


def _read_head(written: bytes) -> Head:
    try:
        return Head.model_validate_json(written)
    except ValidationError as error:
        # The cause is not chained, because it quotes words of tickets.
        problem = error.errors(include_url=False, include_input=False)[0]["msg"]
    raise DamagedModelError(f"The head of the stored model is wrong: {problem}")
