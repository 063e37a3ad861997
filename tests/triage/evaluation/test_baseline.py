"""The offline engine against ten lines of scikit-learn, on tickets by authors new to both.

McNemar's test, exact and one-sided: among the tickets that only one of the two gets right, the
baseline's share must not exceed that of a fair coin.
"""

from collections.abc import Callable, Sequence

import pytest

from ticket_app.triage.contract import Triage
from ticket_app.triage.evaluation.baseline import baseline_answers
from ticket_app.triage.evaluation.figures import Judged
from ticket_app.triage.evaluation.labelled import LabelledTicket, shipped_tickets
from ticket_app.triage.learning.comparison import SIGNIFICANCE, sign_test
from ticket_app.triage.training import PLAIN, corpus_of, unseen_answers
from ticket_app.vocabulary import Priority

Right = Callable[[LabelledTicket, Triage], bool]
CRITICAL = Priority.CRITICAL
STEPS = list(Priority)
RIGHT: dict[str, Right] = {
    "category": lambda ticket, said: said.category.value is ticket.category,
    "priority": lambda ticket, said: said.priority.value is ticket.priority,
    "within one": lambda ticket, said: (
        ticket.priority is not None
        and abs(STEPS.index(said.priority.value) - STEPS.index(ticket.priority)) <= 1
    ),
    "critical told": lambda ticket, said: (
        (said.priority.value is CRITICAL) == (ticket.priority is CRITICAL)
    ),
    "sentiment": lambda ticket, said: said.sentiment.value is ticket.sentiment,
}


def where_worse(engine: Sequence[Judged], lines: Sequence[Judged]) -> dict[str, tuple[int, int]]:
    """Returns the fields in which the baseline is significantly better.

    For each: how many tickets only the baseline gets right, and how many only the engine.
    """
    of_lines = {judged.ticket.description: judged.triage for judged in lines}
    found = {}
    for what, right in RIGHT.items():
        verdicts = [
            (right(ticket, said), right(ticket, of_lines[ticket.description]))
            for ticket, said, _ in engine
        ]
        only_lines, only_engine = verdicts.count((False, True)), verdicts.count((True, False))
        if sign_test(only_lines, only_engine) < SIGNIFICANCE:
            found[what] = (only_lines, only_engine)
    return found


def compared(every: int) -> dict[str, tuple[int, int]]:
    """Compares both on every n-th ticket; the baseline is trained on the other authors' tickets."""
    tickets = shipped_tickets("tune")[::every]
    engine, _ = unseen_answers(corpus_of([*tickets, *shipped_tickets(PLAIN)]))
    return where_worse(engine, baseline_answers(tickets, tickets))


def test_the_engine_is_no_worse_than_ten_lines_on_a_sample_of_unseen_authors() -> None:
    assert compared(every=6) == {}


@pytest.mark.prove
def test_the_engine_is_no_worse_than_ten_lines_on_unseen_authors() -> None:
    assert compared(every=1) == {}


def test_an_engine_that_is_worse_is_noticed() -> None:
    tickets = shipped_tickets("tune")[::6]
    good = baseline_answers(tickets, tickets)
    poor = [judged._replace(triage=good[0].triage) for judged in good]
    assert {"category", "priority", "sentiment"} <= set(where_worse(poor, good))
