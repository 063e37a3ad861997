"""`python -m ticket_app.triage.training`: fits the shipped weights to the labelled tickets.

It prints their figures on tickets of held-out authors, next to those of `evaluation/baseline.py`,
and writes lexicon/weights.npz. The same tickets give the same file.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from ticket_app.settings import ROOT
from ticket_app.triage.evaluation.baseline import baseline_answers, parts_by_author
from ticket_app.triage.evaluation.figures import Judged, evaluate
from ticket_app.triage.evaluation.labelled import LabelledTicket, shipped_tickets
from ticket_app.triage.learning.features import FIRST, LAST, TITLE, parts_of
from ticket_app.triage.learning.linear import Calibration, calibrated, inverse_document_frequency
from ticket_app.triage.offline import triage_with
from ticket_app.triage.reading import SIGN_NAMES, Read, read_text
from ticket_app.triage.rules import rule_book
from ticket_app.triage.text import fold
from ticket_app.triage.weights import COLUMNS, FIELDS, MASS_MIN, NAMES, VALUES, Stored
from ticket_app.vocabulary import Priority

WEIGHTS_FILE = ROOT / "ticket_app" / "triage" / "lexicon" / "weights.npz"
CATEGORY, PRIORITY, SENTIMENT = range(len(NAMES))
TEXTS_MIN, AUTHORS_MIN = 2, 2
"""A feature with fewer texts or authors is not learned, because it would be an author's habit."""
STRENGTHS = (5.0, 4.0, 4.0)
"""C (inverse regularisation) of each field."""
WORD_SCALE, SIGN_SCALE = 1.5, 0.2
"""The scales of words and of signs; a larger scale means less regularisation."""
DISCRIMINATION = 0.5
"""The influence of naive Bayes: a word that occurs mostly with one value is regularised less."""
SMOOTH = 0.3
OTHER_LANGUAGE_WEIGHT = 3.0
"""The sample weight of a ticket that is not in English, because there are fewer of them."""
PLAIN, PLAIN_WEIGHT = "plain", 3.0
"""The author of a few short tickets that must be right, and their sample weight. They are in every
training set."""
TONE_SHARE = 0.5
"""A feature is one of tone if this share of its occurrences has a word of tone."""
STANDARD_ERRORS_MIN = 2.0
"""A feature is shown as evidence for a value if it occurs with it by this many standard errors more
often than expected."""
SCORES = range(0, 101, 5)

Numbers = NDArray[np.float64]
Chosen = NDArray[np.bool_]
Matrix = Any  # scipy ships no types


class Corpus(NamedTuple):
    """Tickets with the names of their features.

    `cells` is tickets by features, `signs` tickets by signs. `is_tone` marks features of tone,
    `is_last` those of last words. `shown` has a bit for each value that a feature is evidence for.
    """

    tickets: Sequence[LabelledTicket]
    names: Sequence[str]
    cells: Matrix
    signs: Matrix
    is_tone: Chosen
    is_last: Chosen
    shown: NDArray[np.uint16]


class Fitted(NamedTuple):
    """The weights that were fitted on some tickets, for the features that enough of them have."""

    known: NDArray[np.intp]
    weights: Numbers
    masses: Numbers
    signs: Numbers
    always: Numbers

    def sums(self, corpus: Corpus, chosen: Chosen) -> Numbers:
        """Returns the scores of the chosen tickets, before calibration."""
        cells = corpus.cells[chosen][:, self.known]
        length = np.sqrt(np.maximum(MASS_MIN, np.asarray(cells @ self.masses)))
        said: Numbers = (cells @ self.weights) / length[:, np.newaxis] + self.always
        said += corpus.signs[chosen] @ self.signs
        return said


def main() -> int:
    """Prints the table, and writes the file unless `--judge` is given."""
    parser = argparse.ArgumentParser(prog="python -m ticket_app.triage.training")
    parser.add_argument("--judge", action="store_true", help="only print the table")
    arguments = parser.parse_args()
    tune, held_out = shipped_tickets("tune"), shipped_tickets("held_out")
    corpus = corpus_of([*tune, *shipped_tickets(PLAIN)])
    unseen, found = unseen_answers(corpus)
    everything = np.ones(len(corpus.tickets), dtype=bool)
    stored = _stored(corpus, fit(corpus, everything), found)
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
        stored.save(WEIGHTS_FILE)
        _say(f"Written into {WEIGHTS_FILE.relative_to(ROOT)}.")
    return 0


def corpus_of(tickets: Sequence[LabelledTicket]) -> Corpus:
    """Returns the tickets as the engine reads them."""
    reads = [read_text(ticket.description, ticket.title) for ticket in tickets]
    known_by = [read.features.names() for read in reads]
    authors: dict[str, set[str | None]] = {}
    for ticket, known in zip(tickets, known_by, strict=True):
        for name in known:
            authors.setdefault(name, set()).add(ticket.author)
    names = sorted(name for name, them in authors.items() if len(them) >= AUTHORS_MIN)
    cells = _cells(names, known_by)
    return Corpus(
        tickets,
        names,
        cells,
        _cells(SIGN_NAMES, [read.signs for read in reads]),
        _are_tone(names, reads),
        np.array([name.endswith(LAST) for name in names]),
        _shown(tickets, cells),
    )


def _are_tone(names: Sequence[str], reads: Sequence[Read]) -> Chosen:
    tone = {fold(word) for word in rule_book().reading.tone}
    sounds, counts = Counter[str](), Counter[str]()
    for read in reads:
        for word in (*read.features.words, *read.features.pairs):
            of_tone = not tone.isdisjoint(word.rstrip(TITLE + FIRST + LAST).split(" "))
            for part in (word,) if " " in word else parts_of(word):
                counts[part] += 1
                sounds[part] += of_tone
    return np.array([sounds[name] >= TONE_SHARE * counts[name] for name in names])


def _cells(names: Sequence[str], texts: Sequence[Iterable[str]]) -> Matrix:
    at = {name: column for column, name in enumerate(names)}
    rows = [sorted(at[name] for name in text if name in at) for text in texts]
    ends = np.cumsum([0, *map(len, rows)])
    columns = np.fromiter((column for row in rows for column in row), np.intp, ends[-1])
    shape = (len(texts), len(names))
    cells = sparse.csr_matrix((np.ones(len(columns)), columns, ends), shape=shape)
    cells.sum_duplicates()
    return cells


def labels_of(tickets: Sequence[LabelledTicket], field: int) -> NDArray[np.intp]:
    """Returns each ticket's value of the field as a number."""
    values = list(FIELDS[field])
    return np.array([values.index(getattr(ticket, NAMES[field])) for ticket in tickets])


def fit(corpus: Corpus, chosen: Chosen) -> Fitted:
    """Fits a multinomial logistic regression that regularises discriminating words less."""
    cells = corpus.cells[chosen]
    known = np.flatnonzero(cells.getnnz(axis=0) >= TEXTS_MIN)
    cells, signs = cells[:, known], corpus.signs[chosen]
    idf = inverse_document_frequency(cells)
    length = np.sqrt(np.maximum(MASS_MIN, np.asarray(cells @ idf**2)))
    words = sparse.diags(WORD_SCALE / length) @ cells @ sparse.diags(idf)
    tickets = [
        ticket for ticket, is_chosen in zip(corpus.tickets, chosen, strict=True) if is_chosen
    ]
    sample_weights = np.array([_sample_weight(ticket) for ticket in tickets])
    weights, by_sign = np.zeros((len(known), VALUES)), np.zeros((signs.shape[1], VALUES))
    always = np.zeros(VALUES)
    for field, columns in enumerate(COLUMNS):
        labels = labels_of(tickets, field)
        speed = _discrimination(cells, labels)
        if field == CATEGORY:  # last words tell mood and hurry, not the category
            speed[corpus.is_last[known]] = 0.0
        if field == PRIORITY:  # the tone says nothing about the harm
            speed[corpus.is_tone[known]] = 0.0
        table = words @ sparse.diags(speed)
        if field == SENTIMENT:  # signs are only tone
            table = sparse.hstack([table, signs * SIGN_SCALE])
        model = LogisticRegression(C=STRENGTHS[field], max_iter=300, tol=1e-4)
        model.fit(table.tocsr(), labels, sample_weight=sample_weights)
        found = model.coef_.T
        weights[:, columns] = found[: len(known)] * (WORD_SCALE * speed * idf)[:, np.newaxis]
        by_sign[:, columns] = found[len(known) :] * SIGN_SCALE if field == SENTIMENT else 0.0
        always[columns] = model.intercept_
    return Fitted(known, weights, idf**2, by_sign, always)


def _sample_weight(ticket: LabelledTicket) -> float:
    if ticket.author == PLAIN:
        return PLAIN_WEIGHT
    return 1.0 if ticket.language == "en" else OTHER_LANGUAGE_WEIGHT


def _discrimination(cells: Matrix, labels: NDArray[np.intp]) -> Numbers:
    """Returns a factor for each feature with a mean of 1.

    It grows with the largest absolute log-odds of a value against the others (naive Bayes).
    """
    farthest = np.zeros(cells.shape[1])
    for value in range(int(labels.max()) + 1):
        inside = np.asarray(cells[labels == value].sum(axis=0)).ravel() + SMOOTH
        outside = np.asarray(cells[labels != value].sum(axis=0)).ravel() + SMOOTH
        odds = np.log((inside / inside.sum()) / (outside / outside.sum()))
        farthest = np.maximum(farthest, np.abs(odds))
    discrimination: Numbers = 1 - DISCRIMINATION + DISCRIMINATION * farthest / farthest.mean()
    return discrimination


def unseen_answers(corpus: Corpus) -> tuple[list[Judged], list[Calibration]]:
    """Returns the engine's answers to each author's tickets, by weights of other authors' tickets.

    Returns also the calibration of each field on these out-of-fold scores.
    """
    parts = parts_by_author(corpus.tickets)
    parts[[ticket.author == PLAIN for ticket in corpus.tickets]] = -1
    fitted = {part: fit(corpus, parts != part) for part in sorted(set(parts.tolist()) - {-1})}
    judged = parts >= 0
    sums = np.zeros((len(parts), VALUES))
    for part, model in fitted.items():
        sums[parts == part] = model.sums(corpus, parts == part)
    found = [
        calibrated(
            sums[judged, columns],
            labels_of(corpus.tickets, field)[judged],
            shifts=field != PRIORITY,  # its costs have that effect; shifts did not improve it
        )
        for field, columns in enumerate(COLUMNS)
    ]
    answers: list[Judged] = []
    for part, model in fitted.items():
        here = [corpus.tickets[at] for at in np.flatnonzero(parts == part).tolist()]
        answers += _answers(here, _stored(corpus, model, found))
    return answers, found


def _answers(tickets: Sequence[LabelledTicket], stored: Stored) -> list[Judged]:
    weights = stored.weights()
    return [Judged(it, triage_with(weights, it.description, it.title), None) for it in tickets]


def _stored(corpus: Corpus, fitted: Fitted, found: Sequence[Calibration]) -> Stored:
    scale = np.concatenate([np.full_like(each.shift, each.scale) for each in found])
    weights = fitted.weights * scale
    always = fitted.always * scale + np.concatenate([each.shift for each in found])
    steps = np.abs(weights).max(axis=0) / 127
    return Stored(
        names="\n".join(corpus.names[at] for at in fitted.known),
        cells=np.round(weights / steps).astype(np.int8),
        steps=steps.astype(np.float32),
        masses=fitted.masses.astype(np.float16),
        shown=corpus.shown[fitted.known],
        signs=(fitted.signs * scale).astype(np.float32),
        always=always.astype(np.float32),
        doubt=np.array([each.doubt for each in found]),
        accepted=_accepted(corpus.tickets),
    )


def _shown(tickets: Sequence[LabelledTicket], cells: Matrix) -> NDArray[np.uint16]:
    """Returns for each feature a bit for each value that it is evidence for.

    Tickets are compared with those of the same author and category (for the category: of the same
    author), so that neither an author's habit nor a subject counts as evidence.
    """
    shown = np.zeros(cells.shape[1], dtype=np.uint16)
    for field, columns in enumerate(COLUMNS):
        labels = labels_of(tickets, field)
        groups = [(it.author, field != CATEGORY and it.category) for it in tickets]
        numbers = {group: at for at, group in enumerate(dict.fromkeys(groups))}
        places = ([numbers[group] for group in groups], range(len(groups)))
        member = sparse.csr_matrix((np.ones(len(groups)), places))
        inside, sizes = (member @ cells).T, np.asarray(member.sum(axis=1)).ravel()
        for value, column in enumerate(range(columns.start, columns.stop)):
            share = np.asarray(member @ (labels == value)) / sizes
            came = np.asarray(cells[labels == value].sum(axis=0)).ravel()
            spread = np.sqrt(np.maximum(1e-9, np.asarray(inside @ (share * (1 - share)))))
            is_shown = came - np.asarray(inside @ share) >= STANDARD_ERRORS_MIN * spread
            shown |= (is_shown.astype(np.uint16) << column).astype(np.uint16)
    return shown


def _accepted(tickets: Sequence[LabelledTicket]) -> NDArray[np.float32]:
    """Returns for each priority the share of its tickets that accept each score from 0 to 100."""
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
