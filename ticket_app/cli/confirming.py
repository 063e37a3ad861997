"""The question before a command that cannot be undone."""

import argparse
import sys

from ticket_app.cli.say import say
from ticket_app.errors import TicketAppError


class NotConfirmedError(TicketAppError):
    """Nobody has said yes. Nothing was changed."""

    code = "not_confirmed"


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
