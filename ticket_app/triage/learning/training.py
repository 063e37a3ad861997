"""Learning a field from what the desk's people chose, and the test that it must pass."""

from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ticket_app.triage.learning.comparison import Comparison, Trial, compare
from ticket_app.triage.learning.examples import Example, Heard, distinct, learnable_values, read
from ticket_app.triage.learning.fields import LearnedField
from ticket_app.triage.learning.model import LearnedModel
from ticket_app.triage.learning.stored import Head, StoredModel

if TYPE_CHECKING:
    from ticket_app.triage.learning import linear

HELD_OUT_PARTS = 4
HELD_OUT_MAX = 5_000
SEED = 7

Rules = Callable[[str], str]
"""What the rules propose for a text."""


class Lesson(NamedTuple):
    """A model to work with, and how its like did against the rules."""

    model: LearnedModel
    comparison: Comparison


def learn(
    field: LearnedField, examples: Iterable[Example], rules: Rules, *, seed: int = SEED
) -> Lesson:
    """Learn the field from these examples, the oldest first. Uses a core for up to a minute.

    A quarter, HELD_OUT_MAX texts at most, is held out: a model of the rest is compared with the
    rules on it. The model that is returned has then learned from all examples in the same way, so
    it knows more than the one that was compared. The same examples and seed give the same bytes.

    Raises NotEnoughError, and ValueError for a value that the field does not have.
    """
    # scikit-learn takes a second and 100 MB to import, which a desk that only serves shall not pay.
    from ticket_app.triage.learning import linear  # noqa: PLC0415

    heard = distinct(examples)
    values = learnable_values(field, heard)
    classes = _classes(heard, values)
    parts = max(HELD_OUT_PARTS, -(-len(heard) // HELD_OUT_MAX))
    is_held_out = linear.parts_of(classes, parts, seed) == 0
    # A rare value is not learned, but it is held out: of its texts a model must get each one wrong.
    is_learned = classes >= 0
    # Which words are common is counted on all texts; that tells a model nothing of their values.
    table = linear.table_of([text.said for text in heard])

    train = is_learned & ~is_held_out
    setting = linear.settle(table.cells[train], classes[train], seed)

    def model_of(chosen: NDArray[np.bool_]) -> LearnedModel:
        fitted = linear.fit(table.cells[chosen], classes[chosen], setting.strength, seed)
        return _model(field, values, table.names, fitted, setting)

    trials = _trials(compress(heard, is_held_out), rules, model_of(train))
    return Lesson(model_of(is_learned), compare(field, trials, int(train.sum())))


def _classes(heard: Sequence[Heard], values: Sequence[str]) -> NDArray[np.intp]:
    """Each text's value as a number, -1 for one that is too rare to be learned."""
    numbers = {value: number for number, value in enumerate(values)}
    return np.array([numbers.get(text.example.value, -1) for text in heard], dtype=np.intp)


def _model(
    field: LearnedField,
    values: Sequence[str],
    names: Sequence[str],
    fitted: "linear.Linear",
    setting: "linear.Setting",
) -> LearnedModel:
    is_known = fitted.masses > 0
    head = Head(
        field=field,
        values=tuple(values),
        bias=tuple((fitted.bias * setting.scale).tolist()),
        doubt=setting.doubt,
        features=tuple(compress(names, is_known)),
    )
    weights = (fitted.weights[is_known] * setting.scale).astype(np.float16)
    return LearnedModel(StoredModel(head, weights, fitted.masses[is_known].astype(np.float16)))


def _trials(held_out: Iterable[Heard], rules: Rules, model: LearnedModel) -> list[Trial]:
    trials = []
    for text, value in (heard.example for heard in held_out):
        said, words = read(text)
        trials.append(Trial(value, rules(text), model.predict(words, said)))
    return trials
