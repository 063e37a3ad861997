"""Options that several commands have: a whole number, and the question before what cannot be
undone."""

import argparse
import sys
from collections.abc import Callable

from ticket_app.cli.say import say
from ticket_app.errors import TicketAppError

DIGITS_MAX = 20
"""Python refuses to read much longer numbers."""


class NotConfirmedError(TicketAppError):
    """Nobody has said yes. Nothing was changed."""

    code = "not_confirmed"


def number(low: int, high: int, advice: str = "") -> Callable[[str], int]:
    """Returns the type of an option that takes a whole number from `low` to `high`.

    `advice` is the sentence for anything else, by default one that names the bounds.
    """

    def read(text: str) -> int:
        if len(text) <= DIGITS_MAX and text.isdecimal() and low <= int(text) <= high:
            return int(text)
        raise argparse.ArgumentTypeError(advice or f"choose a number from {low} to {high:,}")

    return read


def add_yes(parser: argparse.ArgumentParser) -> None:
    """Add the option `--yes`."""
    parser.add_argument("--yes", action="store_true", help="do not ask")


def confirm(*, yes: bool) -> None:
    """Ask on a terminal, unless `yes`. NotConfirmedError for any answer but "yes"."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise NotConfirmedError(
            "Nothing was changed: there is no terminal to ask on. If you are sure, add --yes"
        )
    say('It cannot be undone. Type "yes" to go on:')
    if sys.stdin.readline(100).strip().lower() != "yes":
        raise NotConfirmedError("Nothing was changed.")
