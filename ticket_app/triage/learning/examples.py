"""The examples that a desk learns from: texts of tickets with the values that people chose."""

from collections import Counter
from collections.abc import Iterable, Sequence
from sys import intern
from typing import NamedTuple

from ticket_app.triage.learning.fields import LearnedField, values_of
from ticket_app.triage.reading import read_text

EXAMPLES_MIN = 200
VALUE_EXAMPLES_MIN = 10
VALUES_MIN = 2


class Example(NamedTuple):
    """A ticket's text, its title above its description, and the value that a person chose."""

    text: str
    value: str


class ReadExample(NamedTuple):
    """An example with its folded words, in which a BREAK ends each clause."""

    example: Example
    folded: tuple[str, ...]


class NotEnoughError(Exception):
    """Too few examples to learn from; the text has their number and the number required.

    `distinct` is the number of different texts, `learnable` the values with enough of them.
    """

    def __init__(self, field: LearnedField, distinct: int, learnable: Sequence[str]) -> None:
        super().__init__(
            f"To learn the {field} takes {EXAMPLES_MIN} different texts and {VALUES_MIN} values "
            f"with {VALUE_EXAMPLES_MIN} texts each; there are {distinct} texts and "
            f"{len(learnable)} such values."
        )
        self.distinct = distinct
        self.learnable = tuple(learnable)


def distinct(examples: Iterable[Example]) -> list[ReadExample]:
    """Returns the last example of each different text that has a word.

    Texts that differ only in their numbers, such as a monitor's, count as the same. Otherwise one
    could be learned from and another be held out, and a model could pass the test by memory.
    """
    last: dict[tuple[str, ...], ReadExample] = {}
    for example in examples:
        # Interned words share one string for all texts, which saves most of the memory.
        folded = tuple(map(intern, read_text(example.text).words.folded))
        if any(folded):
            last[tuple(word for word in folded if word and not word.isdigit())] = ReadExample(
                example, folded
            )
    return list(last.values())


def learnable_values(field: LearnedField, examples: Sequence[ReadExample]) -> tuple[str, ...]:
    """Returns the values with enough examples, in the vocabulary's order.

    Raises NotEnoughError if there are too few examples, and ValueError for an unknown value.
    """
    known = values_of(field)
    counts = Counter(each.example.value for each in examples)
    unknown = sorted(counts.keys() - set(known))
    if unknown:
        raise ValueError(f"no {field}: {', '.join(unknown)}")
    learnable = tuple(value for value in known if counts[value] >= VALUE_EXAMPLES_MIN)
    if len(examples) < EXAMPLES_MIN or len(learnable) < VALUES_MIN:
        raise NotEnoughError(field, len(examples), learnable)
    return learnable
