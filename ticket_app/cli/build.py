"""`build`: the pages, compiled once and kept until something they are made of changes."""

import argparse

from ticket_app.cli.frontend import built_pages
from ticket_app.cli.say import say


def run(_: argparse.Namespace) -> int:
    """Compile the pages where needed."""
    built_pages()
    say("The pages are compiled.")
    return 0
