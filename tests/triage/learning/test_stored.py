"""A model is stored as bytes and read again; any other bytes are refused."""

import hashlib
import json
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.triage.learning.desk import desk
from ticket_app.triage.learning.model import LearnedModel
from ticket_app.triage.learning.stored import BYTES_MAX, FEATURES_MAX, MAGIC, DamagedModelError
from ticket_app.triage.learning.training import Lesson

LENGTH_AT = len(MAGIC) + 32


@pytest.fixture(scope="session")
def data(lesson: Lesson) -> bytes:
    """The bytes of a model."""
    return lesson.model.to_bytes()


def forged(data: bytes, head: bytes, numbers: bytes, *, length: int | None = None) -> bytes:
    """Returns bytes with a valid digest, as anyone with access to the database can write them."""
    size = len(head) if length is None else length
    body = size.to_bytes(4, "little") + head + numbers
    return data[: len(MAGIC)] + hashlib.sha256(body).digest() + body


def split(data: bytes) -> tuple[bytes, bytes]:
    """Returns the head and the numbers."""
    at = LENGTH_AT + 4
    end = at + int.from_bytes(data[LENGTH_AT:at], "little")
    return data[at:end], data[end:]


def test_what_is_read_again_predicts_the_same(lesson: Lesson, data: bytes) -> None:
    again = LearnedModel.from_bytes(data)
    assert (again.field, again.values) == (lesson.model.field, lesson.model.values)
    for example in desk(100, seed=8):
        assert again.predict(example.text) == lesson.model.predict(example.text)
    assert again.to_bytes() == data


@pytest.mark.parametrize(
    "foreign",
    [b"", b"DESKLRN", MAGIC, MAGIC + bytes(36), pickle.dumps([1]), b"PK\x03\x04" + bytes(200)],
)
def test_foreign_bytes_are_refused(foreign: bytes) -> None:
    with pytest.raises(DamagedModelError):
        LearnedModel.from_bytes(foreign)


@settings(max_examples=100, deadline=None)
@given(place=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_a_changed_bit_is_refused(data: bytes, place: int, bit: int) -> None:
    damaged = bytearray(data)
    damaged[place % len(data)] ^= 1 << bit
    with pytest.raises(DamagedModelError):
        LearnedModel.from_bytes(bytes(damaged))


@pytest.mark.parametrize("cut", [1, 2, 100, 5_000])
def test_a_cut_model_is_refused(data: bytes, cut: int) -> None:
    with pytest.raises(DamagedModelError, match="damaged"):
        LearnedModel.from_bytes(data[:-cut])


def test_too_many_bytes_are_refused_before_anything_is_read(data: bytes) -> None:
    with pytest.raises(DamagedModelError, match=f"{BYTES_MAX} are allowed"):
        LearnedModel.from_bytes(data + bytes(BYTES_MAX))


@pytest.mark.parametrize("length", [0, 1, 2**31, 2**32 - 1])
def test_a_claimed_length_is_not_believed(data: bytes, length: int) -> None:
    head, numbers = split(data)
    with pytest.raises(DamagedModelError):
        LearnedModel.from_bytes(forged(data, head, numbers, length=length))


def _twice(head: dict[str, Any]) -> None:
    head["features"][1] = head["features"][0]


def _unknown_value(head: dict[str, Any]) -> None:
    head["values"][0] = "__import__('os')"


def _one_value(head: dict[str, Any]) -> None:
    head["values"] = head["values"][:1]


def _same_values(head: dict[str, Any]) -> None:
    head["values"][0] = head["values"][1]


def _fewer_biases(head: dict[str, Any]) -> None:
    head["bias"].pop()


def _huge_bias(head: dict[str, Any]) -> None:
    head["bias"][0] = 1e300


def _fewer_of_the_engine(head: dict[str, Any]) -> None:
    head["engine"].pop()


def _more_of_the_engine(head: dict[str, Any]) -> None:
    head["engine"][0].append(1.0)


def _no_doubt(head: dict[str, Any]) -> None:
    del head["doubt"]


def _more_than_doubt(head: dict[str, Any]) -> None:
    head["doubt"] = 1.5


def _other_field(head: dict[str, Any]) -> None:
    head["field"] = "title"


def _more(head: dict[str, Any]) -> None:
    head["more"] = 1


def _more_features(head: dict[str, Any]) -> None:
    head["features"].append("one more")


def _long_feature(head: dict[str, Any]) -> None:
    head["features"][0] = "x" * 101


@pytest.mark.parametrize(
    "change",
    [
        _twice,
        _unknown_value,
        _one_value,
        _same_values,
        _fewer_biases,
        _huge_bias,
        _fewer_of_the_engine,
        _more_of_the_engine,
        _no_doubt,
        _more_than_doubt,
        _other_field,
        _more,
        _more_features,
        _long_feature,
    ],
)
def test_a_forged_head_is_refused(data: bytes, change: Callable[[dict[str, Any]], None]) -> None:
    written, numbers = split(data)
    head = json.loads(written)
    change(head)
    with pytest.raises(DamagedModelError):
        LearnedModel.from_bytes(forged(data, json.dumps(head).encode(), numbers))


def test_an_untouched_head_is_read(data: bytes) -> None:
    """A control: the forgeries are refused for their changes alone."""
    head, numbers = split(data)
    again = json.dumps(json.loads(head)).encode()
    LearnedModel.from_bytes(forged(data, again, numbers))


@pytest.mark.parametrize("head", [b"", b"{", b"null", b"[" * 100_000, b'"\\ud800"', b"\xff\xfe"])
def test_a_head_of_another_kind_is_refused(data: bytes, head: bytes) -> None:
    with pytest.raises(DamagedModelError):
        LearnedModel.from_bytes(forged(data, head, split(data)[1]))


@pytest.mark.parametrize(
    ("place", "number"),
    [(0, float("nan")), (0, float("inf")), (-1, float("nan")), (-1, 0.0), (-1, -1.0)],
)
def test_numbers_that_no_training_gives_are_refused(data: bytes, place: int, number: float) -> None:
    head, numbers = split(data)
    changed = np.frombuffer(numbers, dtype="<f2").copy()
    changed[place] = number
    with pytest.raises(DamagedModelError, match="no training gives"):
        LearnedModel.from_bytes(forged(data, head, changed.tobytes()))


def test_more_features_than_any_training_gives_are_refused(data: bytes) -> None:
    head = json.loads(split(data)[0])
    head["features"] = [f"w{number}" for number in range(FEATURES_MAX + 1)]
    numbers = np.ones(len(head["features"]) * (len(head["values"]) + 1), dtype="<f2").tobytes()
    with pytest.raises(DamagedModelError, match=f"at most {FEATURES_MAX}"):
        LearnedModel.from_bytes(forged(data, json.dumps(head).encode(), numbers))


def test_the_error_does_not_quote_the_words_of_tickets(data: bytes) -> None:
    written, numbers = split(data)
    head = json.loads(written)
    head["features"][0] = "invoice " * 20
    with pytest.raises(DamagedModelError) as refused:
        LearnedModel.from_bytes(forged(data, json.dumps(head).encode(), numbers))
    assert "invoice" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None
