"""The fields a desk can learn, their values, and how far apart two values are."""

from enum import StrEnum
from typing import Literal

from ticket_app.vocabulary import Category, Priority

LearnedField = Literal["category", "priority"]

_VALUES: dict[LearnedField, type[StrEnum]] = {"category": Category, "priority": Priority}


def values_of(field: LearnedField) -> tuple[str, ...]:
    """Every value that a ticket's field may have, in the vocabulary's order."""
    return tuple(value.value for value in _VALUES[field])


def distance(field: LearnedField, proposed: str, wanted: str) -> int:
    """How wrong a proposal is: 0 when it is right, and never less than 1 when it is not.

    One category is as wrong as another. A priority counts the steps between: to call a critical
    ticket high is half as bad as to call it medium. Raises ValueError for a value unknown here.
    """
    values = values_of(field)
    steps = abs(values.index(proposed) - values.index(wanted))
    return steps if field == "priority" else min(steps, 1)
