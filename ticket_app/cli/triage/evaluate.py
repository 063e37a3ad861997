"""`triage evaluate`: an engine's answers against what people said of the same tickets."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from ticket_app.cli.say import say
from ticket_app.cli.triage.table import lines_of
from ticket_app.triage.evaluation.engines import ENGINES
from ticket_app.triage.evaluation.figures import Judged, evaluate
from ticket_app.triage.evaluation.labelled import SHIPPED, labelled_tickets, shipped_tickets


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which tickets, which engine, and for whom the report is."""
    parser.add_argument(
        "file",
        nargs="?",
        type=Path,
        metavar="FILE",
        help="a .csv or JSON lines: description, and any of title, category, priority, sentiment, "
        'urgency ("lo-hi" or [lo, hi]), language, trait (default: the sets that come along)',
    )
    parser.add_argument(
        "--engine", choices=ENGINES, default="offline", help="which engine (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="the whole report, for a program")


def run(arguments: argparse.Namespace) -> int:
    """Print the report. Raises LabelledFileError for a file that cannot be read."""
    if arguments.file is None:
        tickets = [ticket for name in SHIPPED for ticket in shipped_tickets(name)]
    else:
        tickets = labelled_tickets(arguments.file)
    report = evaluate(_with_progress(ENGINES[arguments.engine](tickets), len(tickets)))
    if arguments.json:
        say(report.model_dump_json(indent=2))
    else:
        for line in lines_of(report):
            say(line)
    return 0


def _with_progress(answers: Iterable[Judged], total: int) -> Iterator[Judged]:
    """A bar on stderr while the answers come in; nothing at all where that is no terminal."""
    from rich.console import Console  # noqa: PLC0415 (40 ms that no other command should pay)
    from rich.progress import track  # noqa: PLC0415

    console = Console(stderr=True)
    yield from track(
        answers,
        "Triage",
        total=total,
        console=console,
        transient=True,
        disable=not sys.stderr.isatty(),
    )
