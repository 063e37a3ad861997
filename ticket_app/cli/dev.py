"""`dev`: the desk with hot reload."""

import argparse
import sys

from ticket_app.cli.lock import only_desk
from ticket_app.cli.process import run_with_children
from ticket_app.cli.reflex_environment import BUILD_DIR, node_environment
from ticket_app.cli.say import say
from ticket_app.data.migrations import migrate
from ticket_app.settings import Settings, get_settings


def run(_: argparse.Namespace) -> int:
    """Serve pages on DEV_PORT and the rest on PORT, both reloaded when a source changes."""
    settings = get_settings()
    with only_desk(settings, settings.dev_port):
        return _serve(settings)


def _serve(settings: Settings) -> int:
    say("Bringing the database up to date.")
    migrate(say)
    BUILD_DIR.mkdir(exist_ok=True)
    say(f"Starting; the pages will be at http://localhost:{settings.dev_port}")
    return run_with_children(
        [
            *(sys.executable, "-m", "reflex", "run", "--env", "dev"),
            *("--backend-host", settings.host, "--backend-port", str(settings.port)),
            *("--frontend-port", str(settings.dev_port)),
        ],
        # Reflex renames PORT to Vite's on the way, so the page is told the server's address here.
        environment=node_environment() | {"REFLEX_API_URL": f"http://localhost:{settings.port}"},
    )
