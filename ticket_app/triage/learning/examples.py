"""What a desk learns from: the texts of its tickets, and what its people chose for them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from sys import intern
from typing import NamedTuple

from ticket_app.triage.learning.fields import LearnedField, values_of
from ticket_app.triage.rules import rule_book
from ticket_app.triage.text import Word, words_of, written_now

EXAMPLES_MIN = 200
VALUE_EXAMPLES_MIN = 10
VALUES_MIN = 2


class Example(NamedTuple):
    """A ticket's text, its title above its description, and the value that a person chose."""

    text: str
    value: str


class Heard(NamedTuple):
    """An example as it is learned from: `said` are its folded words, with the clauses' ends."""

    example: Example
    said: tuple[str, ...]


class NotEnoughError(Exception):
    """Too few examples to learn from; the text says how many there are and how many it takes.

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


def read(text: str) -> tuple[str, list[Word]]:
    """What the offline engine reads of a text, without quotes and signature, and its words."""
    reading = rule_book().reading
    said = written_now(text, reading.closings, reading.cuts)
    return said, words_of(said)


def distinct(examples: Iterable[Example]) -> list[Heard]:
    """The last example of each different text, without those that hold no word.

    Texts that differ in their numbers alone are the same, as a monitor's are: were one of them
    learned from and another held out, a model could pass the test by heart.
    """
    last: dict[tuple[str, ...], Heard] = {}
    for example in examples:
        # A word is kept once for all texts: as many strings as words would be most of the memory.
        said = tuple(intern(word.folded) for word in read(example.text)[1])
        if any(said):
            last[tuple(word for word in said if word and not word.isdigit())] = Heard(example, said)
    return list(last.values())


def learnable_values(field: LearnedField, examples: Sequence[Heard]) -> tuple[str, ...]:
    """The values with examples enough, in the vocabulary's order.

    Raises NotEnoughError when the whole is too little, ValueError for a value the field lacks.
    """
    known = values_of(field)
    counts = Counter(heard.example.value for heard in examples)
    strange = sorted(counts.keys() - set(known))
    if strange:
        raise ValueError(f"no {field}: {', '.join(strange)}")
    learnable = tuple(value for value in known if counts[value] >= VALUE_EXAMPLES_MIN)
    if len(examples) < EXAMPLES_MIN or len(learnable) < VALUES_MIN:
        raise NotEnoughError(field, len(examples), learnable)
    return learnable
