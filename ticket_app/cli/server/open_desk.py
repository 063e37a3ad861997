"""A desk without accounts is open to whoever reaches it, so it starts on this machine alone."""

import logging

from ticket_app.actor import by_command
from ticket_app.errors import ConfigurationError
from ticket_app.services.people.identity import read_is_open
from ticket_app.setting_types import is_loopback
from ticket_app.settings import Settings

log = logging.getLogger(__name__)


def check_open_desk(settings: Settings) -> None:
    """Log that the desk is open, if it is.

    ConfigurationError if other machines could reach an open desk and ALLOW_OPEN is not set.
    """
    if not read_is_open(by_command()):
        return
    if not settings.allow_open and not is_loopback(settings.host):
        raise ConfigurationError(_sentence(settings.host))
    log.warning(
        "the desk is open: it has no accounts, so everyone who reaches it has an agent's powers; "
        "to close it: make admin EMAIL=ana@example.com"
    )


def _sentence(host: str) -> str:
    return (
        f"HOST is {host}, which other machines may reach, but the desk has no accounts, so that "
        "everyone who reaches it would have an agent's powers: create the first administrator "
        "(make admin EMAIL=ana@example.com), listen on this machine alone (HOST=127.0.0.1), or let "
        "a proxy or a firewall decide who comes, and say so; for example: ALLOW_OPEN=true (docker "
        "run -e ALLOW_OPEN=true ...)"
    )
