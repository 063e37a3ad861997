"""REST for the messages of a ticket: parse, call one service, answer."""

from typing import Annotated

from fastapi import Query, Request, Response

from ticket_app.api.paths import LISTED, link_to_next
from ticket_app.api.problems import make_router
from ticket_app.api.recognition import actor_of
from ticket_app.api.tickets.tickets import TicketId
from ticket_app.schemas.conversation import MessageCreate, MessageListQuery, MessagePublic
from ticket_app.services.conversation import posting, reading
from ticket_app.services.threads import run

router = make_router("tickets")


@router.get("/{ticket_id:ticket}/messages/", responses=LISTED)
async def list_messages(
    ticket_id: TicketId,
    query: Annotated[MessageListQuery, Query()],
    request: Request,
    response: Response,
) -> list[MessagePublic]:
    """Messages of a ticket, newest first. Notes are for the team alone."""
    found = await run(actor_of(request), reading.list_messages, ticket_id, query)
    before = found[-1].id if len(found) == query.limit else None
    response.headers.update(link_to_next(request, before, "before"))
    return found


@router.post("/{ticket_id:ticket}/messages/", status_code=201)
async def post_message(
    ticket_id: TicketId, message: MessageCreate, request: Request
) -> MessagePublic:
    """Reply to the requester, or write a note for the team.

    A reply answers the requester; one of the requester reopens a settled ticket.
    """
    return await run(actor_of(request), posting.post_message, ticket_id, message)
