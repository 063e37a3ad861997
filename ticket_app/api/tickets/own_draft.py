"""The last save of a draft, which a page sends while it is left: parse, call one service.

It is for the pages of the desk: the API's document does not list it.
"""

from fastapi import APIRouter, Request

from ticket_app.api.recognition import actor_of
from ticket_app.api.tickets.tickets import TicketId
from ticket_app.schemas.drafts import DraftWrite
from ticket_app.services.conversation.drafts.saving import save_draft
from ticket_app.services.threads import run

router = APIRouter(prefix="/api/tickets", include_in_schema=False)


@router.post("/{ticket_id:ticket}/draft/", status_code=204)
async def post_draft(ticket_id: TicketId, new: DraftWrite, request: Request) -> None:
    """Save the text of a field, unless another page has saved another one meanwhile."""
    await run(actor_of(request), save_draft, ticket_id, new)
