"""REST for drafted replies: parse, call one service, answer."""

import asyncio
from typing import Annotated, Any

from fastapi import Path, Request

from ticket_app.api.problems import make_router
from ticket_app.api.recognition import actor_of
from ticket_app.api.tickets.tickets import TicketId, client_left
from ticket_app.errors import BusyError
from ticket_app.schemas.drafting import DraftedReplyPublic
from ticket_app.schemas.inputs import WHOLE_NUMBER
from ticket_app.services.drafting import drafting, stored
from ticket_app.services.threads import run
from ticket_app.vocabulary import ID_MAX

DraftId = Annotated[int, Path(ge=1, le=ID_MAX, description="The draft's number."), WHOLE_NUMBER]
NOT_DRAFTED: dict[int | str, dict[str, Any]] = {
    409: {
        "description": "The desk has no AI provider (`no_provider`), or something that the draft "
        "was made from was erased or deleted meanwhile (`draft_outdated`): ask again.",
        "content": {},
    },
    429: {
        "description": "You have asked for too many drafts within an hour (`too_many_requests`).",
        "content": {},
    },
    502: {"description": "The provider did not draft a reply; `code` says why.", "content": {}},
    503: {
        "description": "The provider is not asked now, say because today's budget is spent "
        "(`draft_over_budget`).",
        "content": {},
    },
    504: {"description": "The provider did not answer in time (`draft_timeout`).", "content": {}},
}

router = make_router("tickets")


@router.post("/{ticket_id:ticket}/drafted-replies/", status_code=201, responses=NOT_DRAFTED)
async def draft_reply(ticket_id: TicketId, request: Request) -> DraftedReplyPublic:
    """Let the AI provider draft a reply to the requester. It is not sent, and nobody has checked
    it: read `copied`, too. Your next reply to the ticket records what became of it."""
    drafting_it = asyncio.create_task(drafting.draft_reply(actor_of(request), ticket_id))
    leaving = asyncio.create_task(client_left(request))
    try:
        await asyncio.wait({drafting_it, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not drafting_it.done():
            raise BusyError  # nobody reads it: the client has left, and the call ends
        return drafting_it.result()
    finally:
        drafting_it.cancel()
        leaving.cancel()


@router.get("/{ticket_id:ticket}/drafted-replies/{draft_id}/")
async def get_drafted_reply(
    ticket_id: TicketId, draft_id: DraftId, request: Request
) -> DraftedReplyPublic:
    """One of your drafted replies, and what became of it."""
    return await run(actor_of(request), stored.find_draft, ticket_id, draft_id)


@router.delete("/{ticket_id:ticket}/drafted-replies/{draft_id}/", status_code=204)
async def throw_away_draft(ticket_id: TicketId, draft_id: DraftId, request: Request) -> None:
    """Record that you do not use one of your drafted replies. One that was sent stays sent."""
    await run(actor_of(request), stored.throw_away, ticket_id, draft_id)
