"""The engines that can be measured, by the name that the command line knows."""

from collections.abc import Callable, Iterable, Iterator

from ticket_app.triage.evaluation.figures import Judged
from ticket_app.triage.evaluation.labelled import LabelledTicket
from ticket_app.triage.offline import ENGINE, triage_offline
from ticket_app.triage.rules import rule_book

Answers = Callable[[Iterable[LabelledTicket]], Iterator[Judged]]
"""Takes the tickets, gives each back with the answer and its cost in US dollars, in any order."""


def offline_answers(tickets: Iterable[LabelledTicket]) -> Iterator[Judged]:
    """What the rules say. The lexicon is read first: latency is that of a desk that is running."""
    rule_book()
    for ticket in tickets:
        yield Judged(ticket, triage_offline(ticket.description, ticket.title), None)


ENGINES: dict[str, Answers] = {ENGINE: offline_answers}
