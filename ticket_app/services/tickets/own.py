"""A person's own tickets: those whose requester they are, or on which they are copied, whatever
else they may see."""

from dataclasses import replace

from ticket_app.actor import Actor
from ticket_app.schemas.tickets import TicketListQuery, TicketPage, TicketPublic
from ticket_app.services.people.permission import Verb, require
from ticket_app.services.tickets import listing
from ticket_app.vocabulary import Role


def own_tickets(actor: Actor, query: TicketListQuery) -> TicketPage:
    """Returns a page of the actor's own tickets, newest first, as `list_tickets`."""
    require(actor, Verb.USE_ACCOUNT)
    return listing.list_tickets(as_requester(actor), query)


def own_ticket(actor: Actor, ticket_id: int) -> TicketPublic:
    """Returns one of the actor's own tickets. Raises TicketNotFoundError for any other."""
    require(actor, Verb.USE_ACCOUNT)
    return listing.get_ticket(as_requester(actor), ticket_id)


def as_requester(actor: Actor) -> Actor:
    """Returns the same person with the powers of a requester, and so with a requester's scope."""
    return replace(actor, identity=replace(actor.identity, role=Role.REQUESTER))
