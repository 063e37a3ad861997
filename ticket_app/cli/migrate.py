"""`migrate`: brings the database up to date."""

import argparse

from ticket_app.cli.say import say
from ticket_app.data.migrations import migrate


def run(_: argparse.Namespace) -> int:
    """Apply the missing migrations. Other processes may do the same at the same time."""
    say("Bringing the database up to date.")
    migrate(say)
    return 0
