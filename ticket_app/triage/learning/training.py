"""Learns a field from people's choices, and tests the model against the rules."""

from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ticket_app.triage.learning.comparison import Comparison, Trial, compare
from ticket_app.triage.learning.examples import Example, ReadExample, distinct, learnable_values
from ticket_app.triage.learning.fields import LearnedField
from ticket_app.triage.learning.model import LearnedModel, log_odds
from ticket_app.triage.learning.stored import Head, StoredModel
from ticket_app.triage.reading import read_text
from ticket_app.triage.weights import NAMES, Weighed, shipped_weights

if TYPE_CHECKING:
    from ticket_app.triage.learning import linear

HELD_OUT_PARTS = 4
HELD_OUT_MAX = 5_000
SEED = 7

Rules = Callable[[str], str]
"""A function that returns the rules' value for a text."""


class Lesson(NamedTuple):
    """A model of all examples, and the comparison of a model without the held-out examples."""

    model: LearnedModel
    comparison: Comparison


def learn(
    field: LearnedField, examples: Iterable[Example], rules: Rules, *, seed: int = SEED
) -> Lesson:
    """Learns the field from these examples, the oldest first. It uses a core for up to a minute.

    A quarter, at most HELD_OUT_MAX texts, is held out, and a model of the rest is compared with the
    rules on it. The returned model is then trained in the same way on all examples, so it knows
    more than the compared one. The same examples and seed give the same bytes.

    Raises NotEnoughError, and ValueError for a value that the field does not have.
    """
    # Importing scikit-learn takes a second and 100 MB, which a server does not need.
    from ticket_app.triage.learning import linear  # noqa: PLC0415

    read_examples = distinct(examples)
    values = learnable_values(field, read_examples)
    classes = _classes(read_examples, values)
    parts = max(HELD_OUT_PARTS, -(-len(read_examples) // HELD_OUT_MAX))
    is_held_out = linear.stratified_parts(classes, parts, seed) == 0
    # Texts of a rare value are not learned but held out, and every model gets them wrong.
    is_learned = classes >= 0
    # Common words are counted on all texts, which reveals nothing of their values.
    table = linear.feature_table([text.folded for text in read_examples])
    engine = _engine(field, read_examples)

    train = is_learned & ~is_held_out
    setting = linear.choose_setting(table.cells[train], engine[train], classes[train], seed)

    def model_of(chosen: NDArray[np.bool_]) -> LearnedModel:
        cells, log_odds_of_engine = table.cells[chosen], engine[chosen]
        fitted = linear.fit(cells, log_odds_of_engine, classes[chosen], setting.strength, seed)
        return _model(field, values, table.names, fitted, setting)

    trials = _trials(compress(read_examples, is_held_out), rules, model_of(train))
    return Lesson(model_of(is_learned), compare(field, trials, int(train.sum())))


def _classes(read_examples: Sequence[ReadExample], values: Sequence[str]) -> NDArray[np.intp]:
    """Returns each text's value as a number; -1 is a value that is too rare to learn."""
    numbers = {value: number for number, value in enumerate(values)}
    return np.array([numbers.get(text.example.value, -1) for text in read_examples], dtype=np.intp)


def _engine(field: LearnedField, read_examples: Sequence[ReadExample]) -> NDArray[np.float64]:
    """Returns the engine's log-odds of each text, as a model's input."""
    weights, at = shipped_weights(), NAMES.index(field)
    texts = (text.example.text for text in read_examples)
    return log_odds([Weighed(read_text(text), weights).chances(at) for text in texts])


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
        engine=tuple(map(tuple, (fitted.engine * setting.scale).tolist())),
        doubt=setting.doubt,
        features=tuple(compress(names, is_known)),
    )
    weights = (fitted.weights[is_known] * setting.scale).astype(np.float16)
    return LearnedModel(StoredModel(head, weights, fitted.masses[is_known].astype(np.float16)))


def _trials(held_out: Iterable[ReadExample], rules: Rules, model: LearnedModel) -> list[Trial]:
    examples = (each.example for each in held_out)
    return [Trial(value, rules(text), model.predict(text)) for text, value in examples]
