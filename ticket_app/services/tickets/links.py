"""Links to tickets, and what the holder of a signed one reads."""

from dataclasses import replace
from urllib.parse import urlencode

from ticket_app.actor import Actor
from ticket_app.errors import TicketNotFoundError
from ticket_app.schemas.tickets import TicketPublic
from ticket_app.services.people import ticket_links
from ticket_app.services.tickets import listing
from ticket_app.settings import get_settings


def signed_address(actor: Actor, ticket_id: int) -> str:
    """Returns the address at which anyone may read this ticket.

    It begins with DESK_URL; without one it begins with a slash, and works on a page of the desk
    only. Raises SignInRequiredError or NotAllowedError as `ticket_links.sign`.
    """
    query = urlencode({"ticket": ticket_id, "key": ticket_links.sign(actor, ticket_id)})
    return f"{(get_settings().desk_url or '').rstrip('/')}/request?{query}"


def linked_ticket(actor: Actor, ticket_id: int, key: str) -> TicketPublic:
    """Returns the ticket of a signed link.

    Raises TicketNotFoundError alike for a wrong key, a deleted ticket and one that never was.
    """
    requester = holder(actor, ticket_id, key)
    return listing.get_ticket(requester, ticket_id)


def holder(actor: Actor, ticket_id: int, key: str) -> Actor:
    """Returns the actor as the holder of a signed link, who may see this ticket alone.

    Raises TicketNotFoundError for a wrong key.
    """
    found = replace(actor, identity=ticket_links.holder_of(actor, ticket_id, key))
    if found.identity.ticket_id is None:
        raise TicketNotFoundError(ticket_id)
    return found
