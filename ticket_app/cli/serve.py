"""`serve`: builds, migrates and serves the desk from a checkout, and prints each step."""

import argparse
import os

from ticket_app.cli.frontend.compilation import built_pages
from ticket_app.cli.frontend.reflex_environment import serving_environment
from ticket_app.cli.people.admin import create_configured_administrator
from ticket_app.cli.say import say
from ticket_app.cli.server.granian_server import serve_until_stopped
from ticket_app.cli.server.lock import only_desk
from ticket_app.cli.server.log_lines import begin_log
from ticket_app.cli.server.open_desk import check_open_desk
from ticket_app.cli.server.single_sign_on import check_single_sign_on
from ticket_app.data.migrations import migrate
from ticket_app.settings import ROOT, Settings, get_settings


def run(_: argparse.Namespace) -> int:
    """Serve until a signal. It builds and migrates only if something has changed.

    ConfigurationError, before any work is done, for a wrong setting, or for a port or a folder that
    another desk uses. After the migration, for an open desk that other machines could reach.
    """
    settings = get_settings()
    with only_desk(settings):
        return _serve(settings)


def _serve(settings: Settings) -> int:
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
