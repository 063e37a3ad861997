"""`python -m ticket_app.triage.training`: fit the weights that come along to the labelled tickets.

Prints how good they are on tickets of authors that were not fitted on, beside the ten lines of
`evaluation/baseline.py`, and writes lexicon/weights.npz. The same tickets give the same file.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from ticket_app.settings import ROOT
from ticket_app.triage.evaluation.baseline import baseline_answers, parts_by_author
from ticket_app.triage.evaluation.figures import Judged, evaluate
from ticket_app.triage.evaluation.labelled import LabelledTicket, shipped_tickets
from ticket_app.triage.learning.linear import calibrated, rarity_of
from ticket_app.triage.learning.model import Reading
from ticket_app.triage.offline import read_text, triage_with
from ticket_app.triage.rules import rule_book
from ticket_app.triage.text import fold
from ticket_app.triage.weights import COLUMNS, FIELDS, MASS_MIN, SIGN_NAMES, VALUES, Stored
from ticket_app.vocabulary import Priority

WRITTEN = ROOT / "ticket_app" / "triage" / "lexicon" / "weights.npz"
NAMES = ("category", "priority", "sentiment")
PRIORITY, SENTIMENT = NAMES.index("priority"), NAMES.index("sentiment")
TEXTS_OF_A_NAME = 2
STRENGTH = 5.0
"""How closely the fit follows the tickets (C)."""
WORD_SCALE, SIGN_SCALE = 1.5, 0.2
"""How fast words are learned, and signs."""
TELLING = 0.5
"""How much faster a word is learned that stands mostly with one value (naive Bayes)."""
SMOOTH = 0.3
FEWER = 2.0
"""A ticket that is not in English counts as so many: there are fewer of them."""
PLAIN, PLAIN_COUNTS = "plain", 3.0
"""The author of few short tickets that must hold: they are always fitted on, and count so much."""
TONE_SHARE = 0.5
"""A name that stands so often where a word of tone does is one of tone."""
SCORES = range(0, 101, 5)

Numbers = NDArray[np.float64]
Chosen = NDArray[np.bool_]
Matrix = Any  # scipy ships no types


class Corpus(NamedTuple):
    """Tickets, the names of their features, and which has which; `signs` likewise. `is_tone` tells
    the names that stand mostly for how somebody sounds."""

    tickets: Sequence[LabelledTicket]
    names: Sequence[str]
    cells: Matrix
    signs: Matrix
    is_tone: Chosen


class Fitted(NamedTuple):
    """Weights by the chosen tickets, of the names that stand in enough of them."""

    known: NDArray[np.intp]
    weights: Numbers
    masses: Numbers
    signs: Numbers
    always: Numbers

    def sums(self, corpus: Corpus, chosen: Chosen) -> Numbers:
        """What the weights say of the chosen tickets, before it is calibrated."""
        cells = corpus.cells[chosen][:, self.known]
        length = np.sqrt(np.maximum(MASS_MIN, np.asarray(cells @ self.masses)))
        said: Numbers = (cells @ self.weights) / length[:, np.newaxis] + self.always
        said += corpus.signs[chosen] @ self.signs
        return said


def main() -> int:
    """Print the table, and write the file unless only asked to judge."""
    parser = argparse.ArgumentParser(prog="python -m ticket_app.triage.training")
    parser.add_argument("--judge", action="store_true", help="only print the table")
    arguments = parser.parse_args()
    tune, held_out = shipped_tickets("tune"), shipped_tickets("held_out")
    corpus = corpus_of([*tune, *shipped_tickets(PLAIN)])
    unseen, scales = unseen_answers(corpus)
    everything = np.ones(len(corpus.tickets), dtype=bool)
    stored = _stored(corpus, fit(corpus, everything), scales)
    rows = {
        "engine, authors unseen": unseen,
        "ten lines, authors unseen": baseline_answers(tune, tune),
        "engine, held_out": _answers(held_out, stored),
        "ten lines, held_out": baseline_answers(tune, held_out),
    }
    reports = {name: evaluate(answers) for name, answers in rows.items()}
    _say(_HEAD)
    for name, report in reports.items():
        _say(_row(name, report))
        if name == "engine, authors unseen":
            for language, group in report.by_language.items():
                _say(_row(f"of these {language}", group))
    if not arguments.judge:
        stored.save(WRITTEN)
        _say(f"Written into {WRITTEN.relative_to(ROOT)}.")
    return 0


def corpus_of(tickets: Sequence[LabelledTicket]) -> Corpus:
    """The tickets as the engine reads them."""
    book = rule_book()
    reads = [read_text(ticket.description, ticket.title, book) for ticket in tickets]
    counts = Counter(name for read in reads for name in read.reading.features)
    names = sorted(name for name, count in counts.items() if count >= TEXTS_OF_A_NAME)
    return Corpus(
        tickets,
        names,
        _cells(names, [read.reading.features for read in reads]),
        _cells(SIGN_NAMES, [read.signs for read in reads]),
        _are_tone(names, counts, [read.reading for read in reads]),
    )


def _are_tone(names: Sequence[str], counts: Counter[str], readings: Sequence[Reading]) -> Chosen:
    tone = {fold(word) for word in rule_book().reading.tone}
    sounds: Counter[str] = Counter()
    for reading in readings:
        said = [word.folded in tone for word in reading.words]
        for name, (first, last) in reading.features.items():
            sounds[name] += said[first] or said[last]
    return np.array([sounds[name] >= TONE_SHARE * counts[name] for name in names])


def _cells(names: Sequence[str], texts: Sequence[Any]) -> Matrix:
    at = {name: column for column, name in enumerate(names)}
    rows = [sorted(at[name] for name in text if name in at) for text in texts]
    ends = np.cumsum([0, *map(len, rows)])
    columns = np.fromiter((column for row in rows for column in row), np.intp, ends[-1])
    shape = (len(texts), len(names))
    return sparse.csr_matrix((np.ones(len(columns)), columns, ends), shape=shape)


def labels_of(tickets: Sequence[LabelledTicket], field: int) -> NDArray[np.intp]:
    """Each ticket's value of the field as a number."""
    values = list(FIELDS[field])
    return np.array([values.index(getattr(ticket, NAMES[field])) for ticket in tickets])


def fit(corpus: Corpus, chosen: Chosen) -> Fitted:
    """Multinomial logistic regression, whose words are the faster the more they tell."""
    cells = corpus.cells[chosen]
    known = np.flatnonzero(np.asarray(cells.sum(axis=0)).ravel() >= TEXTS_OF_A_NAME)
    cells, signs = cells[:, known], corpus.signs[chosen]
    rarity = rarity_of(cells)
    length = np.sqrt(np.maximum(MASS_MIN, np.asarray(cells @ rarity**2)))
    words = sparse.diags(WORD_SCALE / length) @ cells @ sparse.diags(rarity)
    tickets = [
        ticket for ticket, is_chosen in zip(corpus.tickets, chosen, strict=True) if is_chosen
    ]
    counts = np.array([_count(ticket) for ticket in tickets])
    weights, by_sign = np.zeros((len(known), VALUES)), np.zeros((signs.shape[1], VALUES))
    always = np.zeros(VALUES)
    for field, columns in enumerate(COLUMNS):
        labels = labels_of(tickets, field)
        speed = _telling(cells, labels)
        if field == PRIORITY:  # how somebody sounds says nothing of the harm
            speed[corpus.is_tone[known]] = 0.0
        table = words @ sparse.diags(speed)
        if field == SENTIMENT:  # and signs are nothing but sound
            table = sparse.hstack([table, signs * SIGN_SCALE])
        model = LogisticRegression(C=STRENGTH, max_iter=300, tol=1e-3)
        model.fit(table.tocsr(), labels, sample_weight=counts)
        found = model.coef_.T
        weights[:, columns] = found[: len(known)] * (WORD_SCALE * speed * rarity)[:, np.newaxis]
        by_sign[:, columns] = found[len(known) :] * SIGN_SCALE if field == SENTIMENT else 0.0
        always[columns] = model.intercept_
    return Fitted(known, weights, rarity**2, by_sign, always)


def _count(ticket: LabelledTicket) -> float:
    if ticket.author == PLAIN:
        return PLAIN_COUNTS
    return 1.0 if ticket.language == "en" else FEWER


def _telling(cells: Matrix, labels: NDArray[np.intp]) -> Numbers:
    """For each name, how far the odds of one value are from those of the others where it stands."""
    farthest = np.zeros(cells.shape[1])
    for value in range(int(labels.max()) + 1):
        inside = np.asarray(cells[labels == value].sum(axis=0)).ravel() + SMOOTH
        outside = np.asarray(cells[labels != value].sum(axis=0)).ravel() + SMOOTH
        odds = np.log((inside / inside.sum()) / (outside / outside.sum()))
        farthest = np.maximum(farthest, np.abs(odds))
    telling: Numbers = 1 - TELLING + TELLING * farthest / farthest.mean()
    return telling


def unseen_answers(corpus: Corpus) -> tuple[list[Judged], list[tuple[float, float]]]:
    """The engine's answers to each author's tickets by weights of other authors', and the scale
    and doubt of each field that these settle."""
    parts = parts_by_author(corpus.tickets)
    parts[[ticket.author == PLAIN for ticket in corpus.tickets]] = -1
    fitted = {part: fit(corpus, parts != part) for part in sorted(set(parts.tolist()) - {-1})}
    judged = parts >= 0
    sums = np.zeros((len(parts), VALUES))
    for part, model in fitted.items():
        sums[parts == part] = model.sums(corpus, parts == part)
    scales = [
        calibrated(sums[judged, columns], labels_of(corpus.tickets, field)[judged])[:2]
        for field, columns in enumerate(COLUMNS)
    ]
    answers: list[Judged] = []
    for part, model in fitted.items():
        here = [corpus.tickets[at] for at in np.flatnonzero(parts == part).tolist()]
        answers += _answers(here, _stored(corpus, model, scales))
    return answers, scales


def _answers(tickets: Sequence[LabelledTicket], stored: Stored) -> list[Judged]:
    weights = stored.weights()
    return [Judged(it, triage_with(weights, it.description, it.title), None) for it in tickets]


def _stored(corpus: Corpus, fitted: Fitted, scales: Sequence[tuple[float, float]]) -> Stored:
    scale = np.concatenate([np.full(len(FIELDS[at]), each[0]) for at, each in enumerate(scales)])
    weights = fitted.weights * scale
    steps = np.abs(weights).max(axis=0) / 127
    return Stored(
        names="\n".join(corpus.names[at] for at in fitted.known),
        cells=np.round(weights / steps).astype(np.int8),
        steps=steps.astype(np.float32),
        masses=fitted.masses.astype(np.float16),
        signs=(fitted.signs * scale).astype(np.float32),
        always=(fitted.always * scale).astype(np.float32),
        doubt=np.array([doubt for _, doubt in scales]),
        accepted=_accepted(corpus.tickets),
    )


def _accepted(tickets: Sequence[LabelledTicket]) -> NDArray[np.float32]:
    """For each priority, the share of its tickets whose range holds each score from 0 to 100."""
    rows = []
    for priority in Priority:
        ranges = [it.urgency for it in tickets if it.urgency and it.priority is priority]
        shares = [np.mean([low <= score <= high for low, high in ranges]) for score in SCORES]
        rows.append(np.interp(range(101), SCORES, shares))
    return np.array(rows, dtype=np.float32)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


_HEAD = (
    f"{'':28}tickets category priority within1 critical  false sentiment urgency  ECE of the three"
)


def _row(name: str, report: Any) -> str:
    category, priority, sentiment = report.category, report.priority, report.sentiment
    said = priority.confusion
    others = {label: row for label, row in said.items() if label != Priority.CRITICAL}
    false = sum(row[Priority.CRITICAL] for row in others.values())
    shares = (
        category.accuracy,
        priority.accuracy,
        priority.within_one,
        priority.critical_recall,
        false / sum(sum(row.values()) for row in others.values()),
        sentiment.accuracy,
        report.urgency.in_range,
    )
    errors = " ".join(f"{field.ece:.3f}" for field in (category, priority, sentiment))
    return f"{name:28}{report.n:7,}" + "".join(f"{share:9.3f}" for share in shares) + f"  {errors}"


if __name__ == "__main__":
    sys.exit(main())
