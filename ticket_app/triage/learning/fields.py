"""The fields that a desk can learn, their values, and the distance of two values."""

from enum import StrEnum
from typing import Literal

from ticket_app.vocabulary import Category, Priority

LearnedField = Literal["category", "priority"]

_VALUES: dict[LearnedField, type[StrEnum]] = {"category": Category, "priority": Priority}


def values_of(field: LearnedField) -> tuple[str, ...]:
    """Returns all values of the field, in the vocabulary's order."""
    return tuple(value.value for value in _VALUES[field])


def distance(field: LearnedField, proposed: str, wanted: str) -> int:
    """Returns the error of a proposal: 0 if it is right, else at least 1.

    All wrong categories have the distance 1. Priorities count the steps between them, so that a
    critical ticket proposed as high is half as wrong as one proposed as medium. Raises ValueError
    for an unknown value.
    """
    values = values_of(field)
    steps = abs(values.index(proposed) - values.index(wanted))
    return steps if field == "priority" else min(steps, 1)
