"""Who acts on a page: the session of its connection, checked anew at each event."""

from typing import NamedTuple

from reflex_base.event.context import EventContext

from ticket_app.actor import NOBODY, OPEN_DESK, Actor, in_browser
from ticket_app.errors import BusyError, DatabaseUnavailableError
from ticket_app.services.people import identity


class Visitor(NamedTuple):
    """The person at a connected page, as the handshake of its websocket said.

    `session_key` is the key of the session whose cookie came along; it may have ended since.
    `client_address` is that of the client, also behind a trusted proxy. `is_public` is True for
    someone who had not signed in at a desk with accounts, `awaits_factor` for someone who had to
    set up a second factor before anything else.
    """

    session_key: str | None
    client_address: str
    is_public: bool = False
    awaits_factor: bool = False


UNKNOWN = Visitor(None, "")
visitors: dict[str, Visitor] = {}
"""The visitors of this process by the token of their page. state/connection/ keeps it."""


async def acting() -> Actor:
    """Returns the actor of the present event.

    Raises DatabaseUnavailableError or BusyError if the session cannot be read now.
    """
    if await identity.is_open():
        return in_browser(OPEN_DESK, client_address())
    key = visitor().session_key
    known = NOBODY if key is None else await identity.identify_by_key(key)
    return in_browser(known, client_address())


async def acting_if_known() -> Actor:
    """As `acting`, but returns someone who has not signed in if the session cannot be read now."""
    try:
        return await acting()
    except (DatabaseUnavailableError, BusyError):
        return in_browser(NOBODY, client_address())


def client_address() -> str:
    """Returns the address of the client of the present event; empty if unknown."""
    return visitor().client_address


def visitor() -> Visitor:
    """Returns the visitor of the present event's page."""
    return visitors.get(EventContext.get().token, UNKNOWN)
