"""The command line: one module a command, imported only when that command runs.

A command module has `run(arguments) -> int`, which returns the exit code, and may have
`add_options(parser)`.
"""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module

from ticket_app.cli.say import say
from ticket_app.errors import TicketAppError

COMMANDS = {
    "serve": "build what is missing, migrate, and serve pages, websocket and REST",
    "build": "compile the pages, where something they are made of has changed",
    "migrate": "bring the database up to date",
    "demo": "fill an empty desk with believable tickets",
    "recount": "compare the desk's figures with its tickets",
    "followers": "show how far each follower of the record of events is behind it",
    "triage": "measure how good triage is, and learn from what people decided",
    "people": "create accounts and administer them",
    "erase": "erase the data of one requester, wherever it was copied",
    "purge": "remove for good the tickets that were deleted long ago",
    "health": "say whether the desk on this machine is ready",
    "dev": "serve with hot reload, for work on the desk itself",
}

PROGRAM = "python -m ticket_app"
WRONG_USE = 2
INTERRUPTED = 130
BROKEN_PIPE = 141
TERMINATED = 143


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; WRONG_USE for an error that a person can correct.

    An interruption prints no traceback, and ends all that the command has started.
    """
    signal.signal(signal.SIGTERM, _terminate)
    name, rest = _chosen_command(arguments)
    try:
        return _run(name, rest)
    except TicketAppError as error:
        say(error.detail, to=sys.stderr)
        return WRONG_USE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader, such as `head`, has closed the pipe; Python would report that at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE


def _chosen_command(arguments: Sequence[str] | None) -> tuple[str, list[str]]:
    parser = argparse.ArgumentParser(prog=PROGRAM, description="The support desk.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name, purpose in COMMANDS.items():
        commands.add_parser(name, help=purpose, add_help=False)
    chosen, rest = parser.parse_known_args(arguments)
    return chosen.command, rest


def _run(name: str, rest: Sequence[str]) -> int:
    command = import_module(f"ticket_app.cli.{name}")
    options = argparse.ArgumentParser(prog=f"{PROGRAM} {name}", description=COMMANDS[name])
    if hasattr(command, "add_options"):
        command.add_options(options)
    return int(command.run(options.parse_args(rest)))


def _terminate(*_: object) -> None:
    raise SystemExit(TERMINATED)
