"""`serve`: builds, migrates and serves the desk from a checkout, and prints each step."""

import argparse

from ticket_app.cli.server.lock import only_desk
from ticket_app.settings import get_settings


def run(_: argparse.Namespace) -> int:
    """Serve until a signal. It builds and migrates only if something has changed.

    ConfigurationError, before any work is done, for a wrong setting, or for a port or a folder that
    another desk uses. After the migration, for an open desk that other machines could reach.
    """
    settings = get_settings()
    with only_desk(settings):
        # The import takes a second, for which a wrong setting need not wait.
        from ticket_app.cli.server.start import start  # noqa: PLC0415

        return start(settings)
