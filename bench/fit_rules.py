"""`python -m bench.fit_rules`: weigh the lexicon's concepts and words by labelled tickets.

Prints how good the weights are on each author's tickets when fitted on the others', and writes
weights.tsv and calibration.toml into the lexicon.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.report import table
from tests.triage.tickets import TICKETS
from ticket_app.cli.say import say
from ticket_app.errors import TicketAppError
from ticket_app.settings import ROOT
from ticket_app.triage.evaluation.labelled import (
    LabelledTicket,
    labelled_tickets,
    shipped_tickets,
)
from ticket_app.triage.offline import MEAN_SHARE, MIDDLES, features_in, signals_of
from ticket_app.triage.rules import Sureness, rule_book
from ticket_app.triage.scoring import Said
from ticket_app.triage.text import words_of
from ticket_app.triage.weights import ALWAYS, CONCEPT, VALUES, share_of_word, word_features
from ticket_app.vocabulary import Category, Priority, Sentiment

LEXICON = ROOT / "ticket_app" / "triage" / "lexicon"
FIELDS: dict[Sureness, tuple[str, ...]] = {
    "category": tuple(Category),
    "priority": tuple(Priority),
    "sentiment": tuple(Sentiment),
}
LOUD = {
    "shouting", "exclaims", "exclaims_once", "cries", "doubts", "frowns", "trails_off",
    "rage", "insult", "fed_up", "demand", "sarcasm",
}  # fmt: skip
"""How loud somebody is says nothing of the priority, whatever the tickets do."""
LOUD_SHARE = 0.5
"""A word that stands in loud phrases so often is as loud."""

OWN, OWN_WEIGHT = "tests", 8.0
"""The tests' tickets are few, and must hold."""
TICKETS_OF_A_WORD = 4
LINES = 5_900
STRENGTH = 0.2
WORD_SCALE = 5.0
"""How much faster words are learned than concepts."""
COSTS = (1, 2, 3, 4, 5, 6, 8)
STEPS = np.arange(len(Priority))
SCORES = range(0, 101, 5)

Numbers = NDArray[np.float64]
Matrix = Any  # scipy ships no types


class Corpus(NamedTuple):
    """Tickets with who wrote each, and which has what: `names` are the columns of `cells`.

    The first `concepts` columns are concepts, the others words. `loud` are those of either kind
    that say how somebody feels and nothing of the harm.
    """

    tickets: list[LabelledTicket]
    authors: NDArray[np.str_]
    names: tuple[str, ...]
    concepts: int
    loud: frozenset[str]
    cells: Matrix


class Fitted(NamedTuple):
    """A row of weights for each name of the corpus, and those of every text."""

    weights: Numbers
    always: Numbers


def main() -> int:
    """Print the tables and write the files; 2 where a file is wrong."""
    arguments = _arguments()
    try:
        tickets = [(ticket.author or "?", ticket) for ticket in shipped_tickets("tune")]
        judged = [
            (path.stem[-1], ticket) for path in arguments.judge for ticket in labelled_tickets(path)
        ]
    except TicketAppError as error:
        say(error.detail, to=sys.stderr)
        return 2
    corpus = _corpus([*tickets, *judged, *_own_tickets()])
    chances, sharpness = _out_of_fold(corpus)
    say(f"Each author by the weights of the others:\n\n{_figures(corpus, chances)}\n")
    say(f"What missing a critical ticket costs:\n\n{_trade(corpus, chances)}\n")
    if not judged:
        _write(corpus, sharpness)
        say(f"Written into {LEXICON.relative_to(ROOT)}.")
        return 0
    authors = {author for author, _ in judged}
    unseen = np.isin(corpus.authors, list(authors))
    known = _fit(corpus, ~unseen)
    chances = {field: chances[field].copy() for field in FIELDS}
    for field, columns in _columns():
        sums = (corpus.cells[unseen] @ known.weights + known.always)[:, columns]
        chances[field][unseen] = _softmax(sums * sharpness[field])
    say(f"These by the weights of all but them:\n\n{_figures(corpus, chances, authors)}")
    say(f"\n{_trade(corpus, chances, authors)}")
    return 0


def _own_tickets() -> list[tuple[str, LabelledTicket]]:
    return [
        (
            OWN,
            LabelledTicket(
                text=own.text, category=own.category, priority=own.priority, sentiment=own.sentiment
            ),
        )
        for own in TICKETS
    ]


def _corpus(tickets: Sequence[tuple[str, LabelledTicket]]) -> Corpus:
    from scipy import sparse  # noqa: PLC0415 (only here)

    book = rule_book()
    said = [signals_of(it.description, it.title, book) for _, it in tickets]
    signals = [each.strengths for each in said]
    words = [features_in(it.description, it.title, book) for _, it in tickets]
    met = Counter(name for each in signals for name in each)
    counts = Counter(name for each in words for name in each)
    concepts = sorted(met)
    names = [*concepts, *sorted(n for n, count in counts.items() if count >= TICKETS_OF_A_WORD)]
    concept_at = {name: place for place, name in enumerate(concepts)}
    word_at = {n: place for place, n in enumerate(names) if place >= len(concepts)}
    cells = sparse.lil_matrix((len(tickets), len(names)))
    for row, (strengths, features) in enumerate(zip(signals, words, strict=True)):
        much = share_of_word(len(features))
        for name, strength in strengths.items():
            cells[row, concept_at[name]] = strength
        for name in features:
            if name in word_at:
                cells[row, word_at[name]] = much
    authors = np.array([author for author, _ in tickets])
    loud = _loud_words(said, counts) | {name for name in concepts if LOUD & set(name.split("+"))}
    return Corpus(
        [ticket for _, ticket in tickets],
        authors,
        tuple(names),
        len(concepts),
        frozenset(loud),
        cells.tocsr(),
    )


def _loud_words(said: Iterable[Said], counts: Mapping[str, int]) -> set[str]:
    """The words, beginnings and pairs that stand mostly in phrases of LOUD signals."""
    inside: Counter[str] = Counter()
    for each in said:
        phrases = [phrase for name in LOUD for phrase in each.phrases.get(name, ())]
        inside.update({name for phrase in phrases for name in word_features(words_of(phrase))})
    return {name for name, count in inside.items() if count >= LOUD_SHARE * counts[name]}


def _columns() -> list[tuple[Sureness, slice]]:
    """Where the values of each field are in a row of weights."""
    ends = np.cumsum([0, *(len(values) for values in FIELDS.values())])
    return [(f, slice(ends[at], ends[at + 1])) for at, f in enumerate(FIELDS)]


def _fit(corpus: Corpus, chosen: NDArray[np.bool_]) -> Fitted:
    """The weights by the chosen tickets, rounded, with only the words that weigh most."""
    from scipy import sparse  # noqa: PLC0415 (only here)
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    weights = np.zeros((len(corpus.names), len(VALUES)))
    always = np.zeros(len(VALUES))
    tickets_weigh = np.where(corpus.authors[chosen] == OWN, OWN_WEIGHT, 1.0)
    for field, columns in _columns():
        scales = np.full(len(corpus.names), WORD_SCALE)
        scales[: corpus.concepts] = 1.0
        if field == "priority":
            scales[[name in corpus.loud for name in corpus.names]] = 0.0
        model = LogisticRegression(C=STRENGTH, max_iter=1000, tol=1e-3)
        cells = (corpus.cells[chosen] @ sparse.diags(scales)).tocsr()
        model.fit(cells, _labels(corpus, field)[chosen], sample_weight=tickets_weigh)
        weights[:, columns] = model.coef_.T * scales[:, np.newaxis]
        always[columns] = model.intercept_
    strongest = np.abs(weights[corpus.concepts :]).max(axis=1)
    kept = LINES - corpus.concepts
    if len(strongest) > kept:
        too_weak = strongest < np.partition(strongest, -kept)[-kept]
        weights[corpus.concepts :][too_weak] = 0.0
    return Fitted(weights.round(2), always.round(2))


def _labels(corpus: Corpus, field: Sureness) -> NDArray[np.intp]:
    values = FIELDS[field]
    return np.array([values.index(getattr(ticket, field)) for ticket in corpus.tickets])


def _authors(corpus: Corpus) -> list[str]:
    return sorted(set(corpus.authors) - {OWN})


def _out_of_fold(corpus: Corpus) -> tuple[dict[Sureness, Numbers], dict[Sureness, float]]:
    """For each field the chances of each author's tickets by the others', and their sharpness."""
    sums = np.zeros((len(corpus.tickets), len(VALUES)))
    for author in _authors(corpus):
        out = corpus.authors == author
        fitted = _fit(corpus, ~out)
        sums[out] = corpus.cells[out] @ fitted.weights + fitted.always
    chances: dict[Sureness, Numbers] = {}
    sharpness: dict[Sureness, float] = {}
    judged = corpus.authors != OWN
    for field, columns in _columns():
        labels = _labels(corpus, field)[judged]
        losses = {
            sharp: _loss(_softmax(sums[judged, columns] * sharp), labels)
            for sharp in np.arange(0.4, 2.5, 0.05).round(2).tolist()
        }
        sharpness[field] = min(losses, key=lambda sharp: losses[sharp])
        chances[field] = _softmax(sums[:, columns] * sharpness[field])
    return chances, sharpness


def _softmax(sums: Numbers) -> Numbers:
    odds = np.exp(sums - sums.max(axis=1, keepdims=True))
    shares: Numbers = odds / odds.sum(axis=1, keepdims=True)
    return shares


def _loss(chances: Numbers, labels: NDArray[np.intp]) -> float:
    return float(-np.log(chances[np.arange(len(labels)), labels]).mean())


def _figures(
    corpus: Corpus, chances: Mapping[Sureness, Numbers], authors: Iterable[str] = ()
) -> str:
    """Shares of right answers, by author and by trait."""
    wanted = sorted(authors) or _authors(corpus)
    cost = rule_book().cost
    answers = {field: chances[field].argmax(axis=1) for field in FIELDS}
    answers["priority"] = (chances["priority"] @ cost).argmin(axis=1)
    labels = {field: _labels(corpus, field) for field in FIELDS}
    scores = _scores(corpus, chances, answers)
    head = ["", "tickets", *FIELDS, "within one", "critical", "too high", "urgency"]
    sure = {f: chances[f][np.arange(len(chances[f])), answers[f]] for f in FIELDS}

    def row(name: str, here: NDArray[np.bool_]) -> list[str]:
        step = answers["priority"] - labels["priority"]
        critical = here & (labels["priority"] == STEPS[-1])
        shares = [
            *((answers[field] == labels[field])[here].mean() for field in FIELDS),
            (np.abs(step) <= 1)[here].mean(),
            (step == 0)[critical].mean() if critical.any() else np.nan,
            (step > 0)[here].mean(),
            scores[here].mean(),
        ]
        return [name, str(here.sum()), *(f"{share:.3f}" for share in shares)]

    whole = np.isin(corpus.authors, wanted)
    traits = sorted({ticket.trait for ticket in corpus.tickets if ticket.trait})
    trait_of = np.array([ticket.trait or "" for ticket in corpus.tickets])
    languages = sorted({it.language for it in corpus.tickets if it.language})
    language_of = np.array([ticket.language or "" for ticket in corpus.tickets])
    rows = [
        *(row(author, corpus.authors == author) for author in wanted),
        row("all", whole),
        *(row(trait, whole & (trait_of == trait)) for trait in traits),
        *(row(language, whole & (language_of == language)) for language in languages),
    ]
    honest = ", ".join(
        f"{f} sure {sure[f][whole].mean():.3f} right {(answers[f] == labels[f])[whole].mean():.3f}"
        for f in FIELDS
    )
    return f"{table(head, rows)}\n\n{honest}"


def _scores(
    corpus: Corpus, chances: Mapping[Sureness, Numbers], answers: Mapping[Sureness, Any]
) -> NDArray[np.bool_]:
    """Whether the urgency score of each ticket would be accepted."""
    sheet = rule_book().points
    accepted = _accepted(corpus)
    heights = np.array([np.interp(range(101), SCORES, accepted[p]) for p in Priority])
    heat = chances["sentiment"] @ np.array([sheet.urgency_heat[mood] for mood in Sentiment])
    bands = np.array([sheet.urgency_bands[p] for p in Priority])[answers["priority"]]
    likely = chances["priority"]
    best = (1 - MEAN_SHARE) * (likely @ heights).argmax(axis=1) + MEAN_SHARE * (likely @ MIDDLES)
    best = np.round(best + heat)
    best = np.clip(best, bands[:, 0], bands[:, 1])
    ranges = np.array([ticket.urgency or (0, -1) for ticket in corpus.tickets])
    hits: NDArray[np.bool_] = (ranges[:, 0] <= best) & (best <= ranges[:, 1])
    return hits


def _accepted(corpus: Corpus) -> dict[Priority, list[float]]:
    """For each priority, the share of its tickets whose range holds each of SCORES."""
    ranges: dict[Priority, list[tuple[int, int]]] = {priority: [] for priority in Priority}
    for ticket in corpus.tickets:
        if ticket.urgency and ticket.priority:
            ranges[ticket.priority].append(ticket.urgency)
    return {
        priority: [
            round(float(np.mean([low <= score <= high for low, high in given])), 2)
            for score in SCORES
        ]
        for priority, given in ranges.items()
    }


def _trade(corpus: Corpus, chances: Mapping[Sureness, Numbers], authors: Iterable[str] = ()) -> str:
    """What the priorities would be, were missing a critical ticket cheaper or dearer."""
    here = np.isin(corpus.authors, sorted(authors) or _authors(corpus))
    labels, likely = _labels(corpus, "priority")[here], chances["priority"][here]
    cost = np.array(rule_book().cost, dtype=np.float64)
    rows = []
    for factor in COSTS:
        tried = cost.copy()
        tried[-1] *= factor / cost[-1, -2]
        answers = (likely @ tried).argmin(axis=1)
        step = answers - labels
        critical, said = labels == STEPS[-1], answers == STEPS[-1]
        shares = [
            (step == 0).mean(),
            (np.abs(step) <= 1).mean(),
            said[critical].mean(),
            critical[said].mean(),
            (step > 0).mean(),
        ]
        rows.append([str(factor), *(f"{share:.3f}" for share in shares)])
    return table(["cost", "exact", "within one", "critical", "of those said", "too high"], rows)


def _write(corpus: Corpus, sharpness: Mapping[Sureness, float]) -> None:
    fitted = _fit(corpus, np.ones(len(corpus.tickets), dtype=bool))
    lines = [
        "# What each concept (@) and word says of each value; see ../weights.py.",
        "\t".join(["", *VALUES]),
        _line(ALWAYS, fitted.always),
    ]
    for place, (name, row) in enumerate(zip(corpus.names, fitted.weights, strict=True)):
        if np.any(row):
            lines.append(_line(f"{CONCEPT if place < corpus.concepts else ''}{name}", row))
    _save("weights.tsv", lines)
    accepted = _accepted(corpus)
    _save(
        "calibration.toml",
        [
            "# Written by `python -m bench.fit_rules`, from tickets of authors not fitted on.",
            "",
            "# What the sums of a field are multiplied with before they become chances.",
            "[sharpness]",
            *(f"{field} = {sharp}" for field, sharp in sharpness.items()),
            "",
            "# For each priority: a score, and the share of its tickets that would accept it.",
            "[accepted]",
            *(f"{p} = {_ramp(accepted[p])}" for p in Priority),
        ],
    )


def _ramp(heights: Sequence[float]) -> str:
    return str([list(point) for point in zip(SCORES, heights, strict=True)])


def _line(name: str, row: Numbers) -> str:
    return "\t".join([name, *(f"{weight:g}" if weight else "" for weight in row)])


def _save(name: str, lines: Sequence[str]) -> None:
    (LEXICON / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.fit_rules", description=__doc__)
    parser.add_argument(
        "--judge",
        type=Path,
        nargs="*",
        default=[],
        metavar="FILE",
        help="only judge these files, whose names end with their author's letter; write nothing",
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
