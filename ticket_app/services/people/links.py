"""Addresses of the pages that the links of the desk lead to."""

from urllib.parse import urlencode

from ticket_app.actor import Actor
from ticket_app.services.people.permission import Verb, require
from ticket_app.settings import get_settings


def password_link(actor: Actor, token: str) -> str:
    """Returns the address at which the holder of this token sets a password.

    It begins with DESK_URL, and never with a name that a request claims.
    """
    require(actor, Verb.GIVE_LINKS)
    return f"{get_settings().desk_address}/welcome?{urlencode({'token': token})}"
