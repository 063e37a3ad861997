"""`build`: compiles the pages if one of their inputs has changed."""

import argparse

from ticket_app.cli.frontend.compilation import built_pages
from ticket_app.cli.say import say


def run(_: argparse.Namespace) -> int:
    """Compile the pages if needed."""
    built_pages()
    say("The pages are compiled.")
    return 0
