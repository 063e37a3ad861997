"""`health`: checks that the desk on this machine is ready, for a container's health check."""

import argparse
import urllib.error
import urllib.request

from ticket_app.cli.say import say
from ticket_app.settings import get_settings

SECONDS = 5


def run(_: argparse.Namespace) -> int:
    """Return 0 if the desk answers and is ready, else 1."""
    settings = get_settings()
    name = next((name for name in settings.allowed_hosts if name != "*"), "localhost")
    request = urllib.request.Request(
        f"http://127.0.0.1:{settings.port}/api/health/", headers={"Host": name}
    )
    try:
        urllib.request.urlopen(request, timeout=SECONDS).close()  # noqa: S310
    except (urllib.error.URLError, OSError) as error:
        say(f"The desk is not ready: {error}")
        return 1
    say("The desk is ready.")
    return 0
