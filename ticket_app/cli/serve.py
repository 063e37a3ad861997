"""`serve`: from a checkout to an answering desk, saying each step."""

import argparse
import os

from ticket_app.cli.frontend import built_pages
from ticket_app.cli.lock import only_desk
from ticket_app.cli.reflex_environment import serving_environment
from ticket_app.cli.say import say
from ticket_app.cli.server import serve_until_stopped
from ticket_app.data.migrations import migrate
from ticket_app.settings import ROOT, Settings, get_settings


def run(_: argparse.Namespace) -> int:
    """Serve until a signal says stop. Nothing is built or migrated when nothing has changed.

    Raises ConfigurationError for a wrong setting, or for a port or a folder that another desk has,
    before any work is done.
    """
    settings = get_settings()
    with only_desk(settings):
        return _serve(settings)


def _serve(settings: Settings) -> int:
    os.chdir(ROOT)  # Reflex looks for rxconfig.py in the working directory
    pages = built_pages()
    say("Bringing the database up to date.")
    migrate(say)
    say("Starting the server.")
    os.environ.update(serving_environment(pages))
    # pytest's mark would switch Reflex to its own test mode.
    os.environ.pop("PYTEST_CURRENT_TEST", None)
    return serve_until_stopped(settings)
