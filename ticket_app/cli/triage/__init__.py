"""`triage`: measures engines. Each sub-command is a module with `add_options` and `run`."""

import argparse

from ticket_app.cli.triage import evaluate, learn, replay

SUBCOMMANDS = {
    "evaluate": (evaluate, "measure an engine on labelled tickets"),
    "learn": (learn, "learn from what people decided, and compare it with the rules"),
    "replay": (replay, "what another engine would have said of the last tickets"),
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands with their options."""
    chosen = parser.add_subparsers(required=True, metavar="command")
    for name, (module, purpose) in SUBCOMMANDS.items():
        options = chosen.add_parser(name, help=purpose, description=purpose)
        module.add_options(options)
        options.set_defaults(subcommand=module.run)


def run(arguments: argparse.Namespace) -> int:
    """Run the chosen sub-command and return its exit code."""
    return int(arguments.subcommand(arguments))
