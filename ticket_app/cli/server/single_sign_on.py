"""What single sign-on needs before the desk serves: its secret, and an address to come back to."""

import logging

from ticket_app.actor import by_command
from ticket_app.errors import ConfigurationError
from ticket_app.services.people.identity import read_is_open
from ticket_app.setting_types import is_loopback
from ticket_app.settings import Settings

log = logging.getLogger(__name__)


def check_single_sign_on(settings: Settings) -> None:
    """Log that single sign-on waits for the first account, if it does.

    ConfigurationError if the file of the secret cannot be used, or if a provider could not send
    people back to this desk.
    """
    sso = settings.single_sign_on
    if sso is None:
        return
    if settings.desk_url is None and not is_loopback(settings.host):
        raise ConfigurationError(
            f"HOST is {settings.host} and OIDC_ISSUER is set, but DESK_URL is not, to which the "
            "provider sends people back; for example: DESK_URL=https://desk.example.com"
        )
    if read_is_open(by_command()):
        log.warning(
            "single sign-on is off until the desk has an administrator with a password: make admin "
            "EMAIL=ana@example.com"
        )
