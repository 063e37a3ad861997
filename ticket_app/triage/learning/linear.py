"""The arithmetic of learning, with scikit-learn: only a training run imports this module."""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import softmax
from sklearn.svm import LinearSVC

from ticket_app.triage.learning.features import features_of
from ticket_app.triage.learning.stored import FEATURE_CHARACTERS, FEATURES_MAX

STRENGTHS = (0.3, 3.0)
"""How closely to follow the examples (C): much noise wants the first, clear texts the second."""

FOLDS = 4
SCALES = (0.05, 50.0)
DOUBTS = (0.001, 0.9)
COUNTED_AT_ONCE = 1_000_000

Numbers = NDArray[np.float64]
Places = NDArray[np.intp]
Matrix = Any  # scipy ships no types


class Table(NamedTuple):
    """Which text has which feature, as 0 and 1; `names` are the columns."""

    names: tuple[str, ...]
    cells: Matrix


class Linear(NamedTuple):
    """`weights` is features by values; a feature that no training text had weighs nothing."""

    weights: Numbers
    masses: Numbers
    bias: Numbers


class Setting(NamedTuple):
    """What the out-of-fold texts settle.

    `strength` is how closely to learn. Softmax of the scores times `scale` are the chances of the
    values; `doubt` is the part of a chance that is spread over all values alike, because people
    choose now and then what no text explains: a scale alone could not say so.
    """

    strength: float
    scale: float
    doubt: float


def table_of(texts: Sequence[Sequence[str]]) -> Table:
    """The features of these texts; where there are more than FEATURES_MAX, the commonest."""
    names = _commonest(texts)
    columns = {name: column for column, name in enumerate(names)}
    indices, ends = array("i"), array("q", [0])
    for text in texts:
        indices.extend(sorted(columns[name] for name in _names(text) if name in columns))
        ends.append(len(indices))
    ones = np.ones(len(indices), dtype=np.float64)
    shape = (len(texts), len(names))
    # The arrays are read where they are, without a copy.
    cells = sparse.csr_matrix((ones, np.asarray(indices), np.asarray(ends)), shape=shape)
    return Table(names, cells)


def parts_of(classes: Places, parts: int, seed: int) -> Places:
    """A part's number for each text, so that each part has its share of each class."""
    shuffled = np.random.default_rng(seed).permutation(len(classes))
    by_class = shuffled[np.argsort(classes[shuffled], kind="stable")]
    dealt: Places = np.empty(len(classes), dtype=np.intp)
    dealt[by_class] = np.arange(len(classes)) % parts
    return dealt


def settle(cells: Matrix, classes: Places, seed: int) -> Setting:
    """The setting under which out-of-fold scores say best what each text's class is."""
    folds = parts_of(classes, FOLDS, seed)
    tried = []
    for strength in STRENGTHS:
        scores = np.empty((len(classes), int(classes.max()) + 1))
        for fold in range(FOLDS):
            model = fit(cells[folds != fold], classes[folds != fold], strength, seed)
            scores[folds == fold] = scores_of(model, cells[folds == fold])
        scale, doubt, loss = calibrated(scores, classes)
        tried.append((loss, Setting(strength, scale, doubt)))
    return min(tried)[1]


def fit(cells: Matrix, classes: Places, strength: float, seed: int) -> Linear:
    """A model of these texts; `classes` holds every number from 0 to its highest."""
    rarity = rarity_of(cells)
    weighted = cells @ sparse.diags(rarity)
    norms = np.sqrt(np.asarray(weighted.power(2).sum(axis=1)).ravel())
    weighted = sparse.diags(1.0 / np.maximum(norms, 1e-12)) @ weighted
    # Balanced: a rare value is as much worth finding as a common one.
    solver = LinearSVC(C=strength, class_weight="balanced", random_state=seed)
    solver.fit(weighted.tocsr(), classes)
    weights, bias = solver.coef_.T, solver.intercept_
    if weights.shape[1] == 1:  # for two classes it gives one line between them
        weights, bias = np.hstack([-weights, weights]), np.concatenate([-bias, bias])
    return Linear(weights * rarity[:, np.newaxis], rarity**2, bias)


def scores_of(model: Linear, cells: Matrix) -> Numbers:
    """A score for each text and class, as `LearnedModel.predict` computes them."""
    masses = np.asarray(cells @ model.masses)
    norms = np.sqrt(np.where(masses > 0, masses, 1.0))
    scores: Numbers = (cells @ model.weights) / norms[:, np.newaxis] + model.bias
    return scores


def rarity_of(cells: Matrix) -> Numbers:
    """Inverse document frequency, and 0 for what no text has: nothing was learned of it."""
    texts = np.asarray(cells.sum(axis=0)).ravel()
    rarity: Numbers = np.where(texts > 0, np.log((1 + cells.shape[0]) / (1 + texts)) + 1, 0.0)
    return rarity


def calibrated(scores: Numbers, classes: Places) -> tuple[float, float, float]:
    """The scale and the doubt that make the chances most truthful, and the mean log loss then."""
    rows = np.arange(len(classes))

    def loss(scale_and_doubt: Numbers) -> float:
        scale, doubt = scale_and_doubt
        chances = softmax(scores * scale, axis=1)[rows, classes]
        return float(-np.log((1 - doubt) * chances + doubt / scores.shape[1]).mean())

    found = minimize(loss, x0=(3.0, 0.05), bounds=(SCALES, DOUBTS), method="L-BFGS-B")
    return float(found.x[0]), float(found.x[1]), float(found.fun)


def _commonest(texts: Iterable[Sequence[str]]) -> tuple[str, ...]:
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(_names(text))
        if len(counts) > COUNTED_AT_ONCE:
            # What came once so far would hardly be among the commonest; memory stays bounded.
            counts = Counter({name: count for name, count in counts.items() if count > 1})
    ordered = sorted(counts, key=lambda name: (-counts[name], name))
    return tuple(sorted(ordered[:FEATURES_MAX]))


def _names(text: Sequence[str]) -> Iterator[str]:
    return (name for name in features_of(text) if len(name) <= FEATURE_CHARACTERS)
