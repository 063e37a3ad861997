"""A baseline that the offline engine must beat: ten lines of scikit-learn.

Only measurements import this module. scikit-learn is also a dependency of learning.
"""

from collections import Counter
from collections.abc import Sequence
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ticket_app.triage.contract import Finding, Title, Triage, Urgency
from ticket_app.triage.evaluation.figures import Judged
from ticket_app.triage.evaluation.labelled import LabelledTicket
from ticket_app.triage.rules import rule_book
from ticket_app.vocabulary import Category, Priority, Sentiment

PARTS = 4
FIELDS: dict[str, tuple[str, ...]] = {
    "category": tuple(Category),
    "priority": tuple(Priority),
    "sentiment": tuple(Sentiment),
}

Probabilities = dict[str, NDArray[np.float64]]


def parts_by_author(tickets: Sequence[LabelledTicket]) -> NDArray[np.intp]:
    """Returns a part (0 to PARTS - 1) for each ticket.

    All tickets of an author are in one part, and the parts have similar sizes.
    """
    load = [0] * PARTS
    part_of: dict[str | None, int] = {}
    counts = Counter(ticket.author for ticket in tickets)
    for author, count in sorted(counts.items(), key=lambda each: (-each[1], str(each[0]))):
        part_of[author] = load.index(min(load))
        load[part_of[author]] += count
    return np.array([part_of[ticket.author] for ticket in tickets], dtype=np.intp)


def baseline_answers(
    known: Sequence[LabelledTicket], asked: Sequence[LabelledTicket]
) -> list[Judged]:
    """Returns the baseline's answers to the `asked` tickets, fitted on the `known` tickets.

    A ticket that is among the known is answered by a baseline fitted on other authors' tickets.
    """
    at = {ticket.description: place for place, ticket in enumerate(known)}
    places = np.array([at.get(ticket.description, -1) for ticket in asked], dtype=np.intp)
    parts = np.where(places < 0, -1, parts_by_author(known)[places])
    answers: dict[int, Judged] = {}
    for part in sorted(set(parts.tolist())):
        others = [t for t, own in zip(known, parts_by_author(known), strict=True) if own != part]
        here = np.flatnonzero(parts == part).tolist()
        started = perf_counter()
        probabilities = probabilities_of(others, [asked[place] for place in here])
        taken = (perf_counter() - started) * 1000 / len(here)
        for row, place in enumerate(here):
            answers[place] = Judged(asked[place], _triage(probabilities, row, taken), None)
    return [answers[place] for place in range(len(asked))]


def probabilities_of(
    known: Sequence[LabelledTicket], asked: Sequence[LabelledTicket]
) -> Probabilities:
    """Returns for each field an array of tickets by values; each row adds up to 1."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    words = TfidfVectorizer(ngram_range=(1, 2), min_df=3, sublinear_tf=True)
    cells: Any = words.fit_transform([_text(ticket) for ticket in known])
    wanted = words.transform([_text(ticket) for ticket in asked])
    probabilities = {}
    for field, values in FIELDS.items():
        model = LogisticRegression(C=5, max_iter=1000)
        model.fit(cells, [values.index(getattr(ticket, field)) for ticket in known])
        probabilities[field] = model.predict_proba(wanted)
    return probabilities


def _text(ticket: LabelledTicket) -> str:
    return f"{ticket.title}. {ticket.description}"


def _triage(probabilities: Probabilities, row: int, latency_ms: float) -> Triage:
    category, priority, sentiment = (probabilities[field][row] for field in FIELDS)
    answered = int((priority @ rule_book().cost).argmin())
    low, high = rule_book().points.urgency_bands[Priority(FIELDS["priority"][answered])]
    return Triage(
        category=Finding[Category](
            value=tuple(Category)[int(category.argmax())], confidence=float(category.max())
        ),
        priority=Finding[Priority](
            value=tuple(Priority)[answered], confidence=min(1.0, float(priority[answered]))
        ),
        sentiment=Finding[Sentiment](
            value=tuple(Sentiment)[int(sentiment.argmax())], confidence=float(sentiment.max())
        ),
        urgency_score=Finding[Urgency](value=(low + high) // 2, confidence=None),
        title=Finding[Title](value="-", confidence=None),
        engine="baseline",
        model="ten lines",
        prompt_version="1",
        latency_ms=latency_ms,
    )
