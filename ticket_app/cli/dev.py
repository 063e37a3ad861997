"""`dev`: serves the desk with hot reload."""

import argparse
import sys

from ticket_app.cli.frontend.process import run_with_children
from ticket_app.cli.frontend.reflex_environment import BUILD_DIR, node_environment
from ticket_app.cli.people.admin import create_configured_administrator
from ticket_app.cli.say import say
from ticket_app.cli.server.lock import only_desk
from ticket_app.cli.server.log_lines import begin_log
from ticket_app.cli.server.open_desk import check_open_desk
from ticket_app.cli.server.single_sign_on import check_single_sign_on
from ticket_app.data.migrations import migrate
from ticket_app.settings import Settings, get_settings


def run(_: argparse.Namespace) -> int:
    """Serve pages on DEV_PORT and the rest on PORT; both reload when a source changes."""
    settings = get_settings()
    with only_desk(settings, settings.dev_port):
        return _serve(settings)


def _serve(settings: Settings) -> int:
    say("Bringing the database up to date.")
    migrate(say)
    begin_log(settings.log_level)
    create_configured_administrator(settings)
    check_open_desk(settings)
    check_single_sign_on(settings)
    BUILD_DIR.mkdir(exist_ok=True)
    say(f"Starting; the pages will be at http://localhost:{settings.dev_port}")
    return run_with_children(
        [
            *(sys.executable, "-m", "reflex", "run", "--env", "dev"),
            *("--backend-host", settings.host, "--backend-port", str(settings.port)),
            *("--frontend-port", str(settings.dev_port)),
        ],
        # Reflex sets PORT to Vite's port, so the page gets the server's address here.
        environment=node_environment() | {"REFLEX_API_URL": f"http://localhost:{settings.port}"},
    )
