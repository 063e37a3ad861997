"""The command line: one module a command, imported only when it is asked for.

A command module has `run(arguments) -> int`, the exit code, and may have `add_options(parser)`.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from ticket_app.cli.say import say
from ticket_app.errors import TicketAppError

COMMANDS = {
    "serve": "build what is missing, migrate, and serve pages, websocket and REST",
    "build": "compile the pages, where something they are made of has changed",
    "migrate": "bring the database up to date",
    "dev": "serve with hot reload, for work on the desk itself",
}

WRONG_USE = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 2 where a sentence says what the person must change."""
    parser = argparse.ArgumentParser(prog="python -m ticket_app", description="The support desk.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name, purpose in COMMANDS.items():
        commands.add_parser(name, help=purpose, description=purpose, add_help=False)
    chosen, rest = parser.parse_known_args(arguments)
    command = import_module(f"ticket_app.cli.{chosen.command}")
    options = argparse.ArgumentParser(
        prog=f"{parser.prog} {chosen.command}", description=COMMANDS[chosen.command]
    )
    if hasattr(command, "add_options"):
        command.add_options(options)
    try:
        return int(command.run(options.parse_args(rest)))
    except TicketAppError as error:
        say(error.detail, to=sys.stderr)
        return WRONG_USE
    except KeyboardInterrupt:
        return INTERRUPTED
