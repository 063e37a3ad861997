"""Builds, migrates and serves the desk, and prints each step."""

import os

from ticket_app.cli.frontend.compilation import built_pages
from ticket_app.cli.frontend.reflex_environment import serving_environment
from ticket_app.cli.people.admin import create_configured_administrator
from ticket_app.cli.say import say
from ticket_app.cli.server.granian_server import serve_until_stopped
from ticket_app.cli.server.log_lines import begin_log
from ticket_app.cli.server.open_desk import check_open_desk
from ticket_app.cli.server.single_sign_on import check_single_sign_on
from ticket_app.data.migrations import migrate
from ticket_app.settings import ROOT, Settings


def start(settings: Settings) -> int:
    """Serve until a signal; returns the exit code. It works only on what has changed.

    ConfigurationError, after the migration, for an open desk that other machines could reach.
    """
    os.chdir(ROOT)  # Reflex looks for rxconfig.py in the working directory
    pages = built_pages()
    say("Bringing the database up to date.")
    migrate(say)
    begin_log(settings.log_level)
    create_configured_administrator(settings)
    check_open_desk(settings)
    check_single_sign_on(settings)
    say("Starting the server.")
    os.environ.update(serving_environment(pages))
    # This variable of pytest would switch Reflex to its own test mode.
    os.environ.pop("PYTEST_CURRENT_TEST", None)
    return serve_until_stopped(settings)
