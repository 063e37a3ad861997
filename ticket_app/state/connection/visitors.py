"""Tells from the handshake of a websocket who visits, and under which key the page's State is kept.

The token of a tab lives in the browser's session storage and outlasts a sign-out. So the State of
a tab belongs to a session: its key begins with a part of the session's key, and the next person at
the same tab begins with a new State.
"""

from typing import Any

from ticket_app.actor import NOBODY
from ticket_app.errors import BusyError, DatabaseUnavailableError
from ticket_app.services.people import identity
from ticket_app.services.people.identity import HANDSHAKE, Handshake
from ticket_app.services.people.tokens import digest
from ticket_app.state.acting import Visitor

PREFIX_LENGTH = 16
"""Characters of a session's key. They are no secret: a page reads its own."""
PUBLIC_PREFIX = "public."
NO_HANDSHAKE = Handshake(None, "")


async def visitor_of(environ: dict[str, Any]) -> Visitor:
    """Returns the visitor of a handshake, from the environment of its websocket.

    A session that cannot be read now counts until the next event reads it.
    """
    token, client_address = environ.get("asgi.scope", {}).get(HANDSHAKE, NO_HANDSHAKE)
    key = None if token is None else digest(token)
    try:
        if await identity.is_open():
            return Visitor(None, client_address)
        who = NOBODY if key is None else await identity.identify_by_key(key)
    except (DatabaseUnavailableError, BusyError):
        return Visitor(key, client_address)
    if who == NOBODY:
        return Visitor(None, client_address, is_public=True)
    return Visitor(key, client_address, awaits_factor=who.awaits_factor)


def prefix_of(visitor: Visitor) -> str:
    """Returns what the key of the visitor's State begins with; empty on an open desk."""
    if visitor.is_public:
        return PUBLIC_PREFIX
    return "" if visitor.session_key is None else f"{visitor.session_key[:PREFIX_LENGTH]}."
