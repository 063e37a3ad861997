"""REST for the history of a ticket: parse, call one service, answer."""

from typing import Annotated

from fastapi import Query, Request, Response

from ticket_app.api.paths import LISTED, link_to_next
from ticket_app.api.problems import make_router
from ticket_app.api.recognition import actor_of
from ticket_app.api.tickets.tickets import TicketId
from ticket_app.schemas.tickets import EventListQuery, TicketEventPublic
from ticket_app.services.threads import run
from ticket_app.services.tickets import listing

router = make_router("tickets")


@router.get("/{ticket_id:ticket}/events/", responses=LISTED)
async def list_events(
    ticket_id: TicketId,
    query: Annotated[EventListQuery, Query()],
    request: Request,
    response: Response,
) -> list[TicketEventPublic]:
    """What happened to a ticket, newest first. A requester sees its filing, the replies and the
    changes of its status."""
    found = await run(actor_of(request), listing.ticket_history, ticket_id, query)
    before = found[-1].id if len(found) == query.limit else None
    response.headers.update(link_to_next(request, before, "before"))
    return found
