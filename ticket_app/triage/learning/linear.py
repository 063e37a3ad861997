"""Fits and calibrates linear models with scikit-learn. Only a training run imports this module."""

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
"""The tried values of C (inverse regularisation): one for noisy examples, one for clear ones."""

FOLDS = 4
SCALES = (0.05, 50.0)
DOUBTS = (0.001, 0.9)
SHIFTS = (-3.0, 3.0)
COUNTED_AT_ONCE = 1_000_000

Numbers = NDArray[np.float64]
Places = NDArray[np.intp]
Matrix = Any  # scipy ships no types


class FeatureTable(NamedTuple):
    """A matrix of counts, texts by features; `names` are the columns."""

    names: tuple[str, ...]
    cells: Matrix


class Linear(NamedTuple):
    """A linear model: `weights` is features by values, and 0 for a feature without a training text.

    `engine` holds the weights of the engine's log-odds, the field's values by the model's.
    """

    weights: Numbers
    masses: Numbers
    bias: Numbers
    engine: Numbers


class Setting(NamedTuple):
    """The hyperparameters that the out-of-fold texts determine.

    `strength` is C. The softmax of the scores times `scale` gives the probabilities of the values.
    `doubt` is the share of probability that is spread evenly over all values, because some choices
    of people are not explained by any text; a scale alone cannot express that.
    """

    strength: float
    scale: float
    doubt: float


class Calibration(NamedTuple):
    """A calibration: scores times `scale` plus each value's `shift` are log-odds.

    `doubt` is as in a Setting. `loss` is the mean log loss of the probabilities.
    """

    scale: float
    doubt: float
    shift: Numbers
    loss: float


def feature_table(texts: Sequence[Sequence[str]]) -> FeatureTable:
    """Returns the features of these texts, at most the FEATURES_MAX commonest."""
    names = _commonest(texts)
    columns = {name: column for column, name in enumerate(names)}
    indices, ends = array("i"), array("q", [0])
    for text in texts:
        indices.extend(sorted(columns[name] for name in _names(text) if name in columns))
        ends.append(len(indices))
    ones = np.ones(len(indices), dtype=np.float64)
    shape = (len(texts), len(names))
    # asarray makes no copy.
    cells = sparse.csr_matrix((ones, np.asarray(indices), np.asarray(ends)), shape=shape)
    cells.sum_duplicates()
    return FeatureTable(names, cells)


def stratified_parts(classes: Places, parts: int, seed: int) -> Places:
    """Returns a part for each text (stratified): each part has its share of each class."""
    shuffled = np.random.default_rng(seed).permutation(len(classes))
    by_class = shuffled[np.argsort(classes[shuffled], kind="stable")]
    part_of: Places = np.empty(len(classes), dtype=np.intp)
    part_of[by_class] = np.arange(len(classes)) % parts
    return part_of


def choose_setting(cells: Matrix, engine: Numbers, classes: Places, seed: int) -> Setting:
    """Returns the setting with the least log loss on out-of-fold texts."""
    folds = stratified_parts(classes, FOLDS, seed)
    tried = []
    for strength in STRENGTHS:
        scores = np.empty((len(classes), int(classes.max()) + 1))
        for fold in range(FOLDS):
            rest, here = folds != fold, folds == fold
            model = fit(cells[rest], engine[rest], classes[rest], strength, seed)
            scores[here] = scores_of(model, cells[here], engine[here])
        found = calibrated(scores, classes)
        tried.append((found.loss, Setting(strength, found.scale, found.doubt)))
    return min(tried)[1]


def fit(cells: Matrix, engine: Numbers, classes: Places, strength: float, seed: int) -> Linear:
    """Returns a model of these texts and of the engine's log-odds for them.

    `classes` holds every number from 0 to its highest.
    """
    idf = inverse_document_frequency(cells)
    norms = np.sqrt(np.asarray(cells @ idf**2))
    weighted = sparse.diags(1.0 / np.maximum(norms, 1e-12)) @ cells @ sparse.diags(idf)
    # Balanced, because a rare value is as important as a common one.
    solver = LinearSVC(C=strength, class_weight="balanced", random_state=seed)
    solver.fit(sparse.hstack([weighted, engine]).tocsr(), classes)
    weights, bias = solver.coef_.T, solver.intercept_
    if weights.shape[1] == 1:  # two classes have one row of weights
        weights, bias = np.hstack([-weights, weights]), np.concatenate([-bias, bias])
    by_name, by_engine = np.split(weights, [cells.shape[1]])
    return Linear(by_name * idf[:, np.newaxis], idf**2, bias, by_engine)


def scores_of(model: Linear, cells: Matrix, engine: Numbers) -> Numbers:
    """Returns a score for each text and class, as `LearnedModel.find` computes it."""
    masses = np.asarray(cells @ model.masses)
    norms = np.sqrt(np.where(masses > 0, masses, 1.0))
    scores: Numbers = (cells @ model.weights) / norms[:, np.newaxis] + model.bias
    scores += engine @ model.engine
    return scores


def inverse_document_frequency(cells: Matrix) -> Numbers:
    """Returns the inverse document frequency of each feature, and 0 for one that no text has."""
    texts = cells.getnnz(axis=0)
    idf: Numbers = np.where(texts > 0, np.log((1 + cells.shape[0]) / (1 + texts)) + 1, 0.0)
    return idf


def calibrated(scores: Numbers, classes: Places, *, shifts: bool = False) -> Calibration:
    """Returns the calibration of least log loss; without `shifts`, all shifts are 0."""
    rows, values = np.arange(len(classes)), scores.shape[1]

    def loss(numbers: Numbers) -> float:
        scale, doubt, shift = numbers[0], numbers[1], numbers[2:]
        chances = softmax(scores * scale + shift, axis=1)[rows, classes]
        return float(-np.log((1 - doubt) * chances + doubt / values).mean())

    # Equal shifts change nothing, so the first is fixed at 0.
    bounds = [SCALES, DOUBTS, (0.0, 0.0), *[SHIFTS if shifts else (0.0, 0.0)] * (values - 1)]
    found = minimize(loss, x0=(3.0, 0.05, *[0.0] * values), bounds=bounds, method="L-BFGS-B")
    return Calibration(float(found.x[0]), float(found.x[1]), found.x[2:], float(found.fun))


def _commonest(texts: Iterable[Sequence[str]]) -> tuple[str, ...]:
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(_names(text))
        if len(counts) > COUNTED_AT_ONCE:
            # Names that occurred once are dropped to bound memory; they are hardly the commonest.
            counts = Counter({name: count for name, count in counts.items() if count > 1})
    ordered = sorted(counts, key=lambda name: (-counts[name], name))
    return tuple(sorted(ordered[:FEATURES_MAX]))


def _names(text: Sequence[str]) -> Iterator[str]:
    return (name for name in features_of(text).names() if len(name) <= FEATURE_CHARACTERS)
