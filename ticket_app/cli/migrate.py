"""`migrate`: the database up to date."""

import argparse

from ticket_app.cli.say import say
from ticket_app.data.migrations import migrate


def run(_: argparse.Namespace) -> int:
    """Apply the migrations that are missing; safe beside other processes that do the same."""
    say("Bringing the database up to date.")
    migrate(say)
    return 0
