"""`triage evaluate`: compares an engine's answers with people's labels of the same tickets."""

import argparse
from collections import Counter
from pathlib import Path

from ticket_app.actor import by_command
from ticket_app.cli.say import say
from ticket_app.cli.triage.candidate import add_options as add_candidate_options
from ticket_app.cli.triage.candidate import candidate_of
from ticket_app.cli.triage.progress import with_progress
from ticket_app.cli.triage.table import lines_of
from ticket_app.data.migrations import migrate
from ticket_app.errors import TicketAppError
from ticket_app.services.triage.ledger import flush
from ticket_app.triage.evaluation.baseline import baseline_answers
from ticket_app.triage.evaluation.figures import Evaluation, Judged, evaluate
from ticket_app.triage.evaluation.labelled import (
    SHIPPED,
    LabelledTicket,
    labelled_tickets,
    shipped_tickets,
)
from ticket_app.vocabulary import CallPurpose

BASELINE = "baseline"
"""Ten lines of scikit-learn, fitted on the shipped tune set (cross-validated by its authors)."""


class NothingAnsweredError(TicketAppError):
    """The engine answered none of the tickets, so there is nothing to measure."""

    code = "nothing_answered"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for tickets, engine and output format."""
    parser.add_argument(
        "file",
        nargs="?",
        type=Path,
        metavar="FILE",
        help="a .csv or JSON lines: description, and any of title, category, priority, sentiment, "
        'urgency ("lo-hi" or [lo, hi]), language, trait (default: the sets that come along)',
    )
    add_candidate_options(parser, BASELINE)
    parser.add_argument("--json", action="store_true", help="the whole report, for a program")


def run(arguments: argparse.Namespace) -> int:
    """Print the report. LabelledFileError for a file that cannot be read; NothingAnsweredError."""
    tickets = _tickets(arguments.file)
    if arguments.engine == BASELINE:
        return _show(evaluate(baseline_answers(shipped_tickets("tune"), tickets)), arguments)
    candidate = candidate_of(by_command(), arguments, CallPurpose.EVALUATE)
    if candidate.is_provider:
        migrate()  # the calls are written into the ledger
    answers = candidate.answers([(ticket.title, ticket.description) for ticket in tickets])
    judged: list[Judged] = []
    unanswered: Counter[str] = Counter()
    try:
        for place, answer in with_progress(answers, len(tickets)):
            if answer.triage is None:
                unanswered[str(answer.failure)] += 1
            else:
                judged.append(Judged(tickets[place], answer.triage, answer.cost_usd))
    finally:
        flush()
    if not judged:
        raise NothingAnsweredError(f"No ticket was answered: {_in_words(unanswered)}.")
    return _show(evaluate(judged, unanswered), arguments)


def _show(report: Evaluation, arguments: argparse.Namespace) -> int:
    for line in (report.model_dump_json(indent=2),) if arguments.json else lines_of(report):
        say(line)
    return 0


def _tickets(path: Path | None) -> list[LabelledTicket]:
    if path is not None:
        return labelled_tickets(path)
    return [ticket for name in SHIPPED for ticket in shipped_tickets(name)]


def _in_words(unanswered: Counter[str]) -> str:
    return ", ".join(f"{count} {failure}" for failure, count in unanswered.items())
