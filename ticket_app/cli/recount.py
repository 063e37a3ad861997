"""`recount`: compares the desk's figures with its tickets."""

import argparse
from time import monotonic

from ticket_app.actor import by_command
from ticket_app.cli.say import say
from ticket_app.services.recounting import Difference, Recount, recount, repair_figures

SHOWN_MAX = 20


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the option to repair the figures."""
    parser.add_argument(
        "--repair",
        action="store_true",
        help="rewrite the figures that differ; nobody can write tickets meanwhile",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the differences. Return 0 if all figures are equal or were repaired, else 1."""
    started = monotonic()
    find = repair_figures if arguments.repair else recount
    found = find(by_command())
    say(_in_words(found, monotonic() - started, repaired=arguments.repair))
    for difference in found.differences[:SHOWN_MAX]:
        say(_line(difference))
    if len(found.differences) > SHOWN_MAX:
        say(f"  and {len(found.differences) - SHOWN_MAX:,} more")
    return 1 if found.differences and not arguments.repair else 0


def _in_words(found: Recount, seconds: float, *, repaired: bool) -> str:
    tickets = "1 ticket" if found.tickets == 1 else f"{found.tickets:,} tickets"
    counted = f"{tickets} recounted in {seconds:.1f} s"
    if not found.differences:
        return f"{counted}: all figures are equal."
    were = f"{len(found.differences):,} figures differ"
    if repaired:
        return f"{counted}: {were}, and were rewritten."
    return f"{counted}: {were}; to rewrite them: python -m ticket_app recount --repair"


def _line(difference: Difference) -> str:
    return (
        f"  {difference.counter} of {difference.row}: {difference.figure} is "
        f"{difference.kept:,}, the tickets have {difference.counted:,}"
    )
