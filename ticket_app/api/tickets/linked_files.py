"""The files of the ticket of a signed link, for its page: the key of the link is in the address.

No sign-in counts here, and no cookie. The addresses are for the desk's own pages, and are not in
the OpenAPI document.
"""

from functools import partial
from typing import Annotated, Any

from fastapi import Query, Request, Response

from ticket_app.api.problems import make_router
from ticket_app.api.recognition import actor_of
from ticket_app.api.tickets.attachments import AttachmentId, downloads, receive, send_thumbnail
from ticket_app.api.tickets.file_response import serve
from ticket_app.api.tickets.tickets import TicketId
from ticket_app.schemas.conversation import AttachmentPublic
from ticket_app.services.conversation.attachments import linked_files, reading
from ticket_app.services.people.tokens import TOKEN_LENGTHS
from ticket_app.services.threads import run
from ticket_app.services.tickets import links
from ticket_app.vocabulary import MessageKind

Signature = Annotated[str, Query(alias="key", max_length=max(TOKEN_LENGTHS))]

router = make_router("linked")


@router.post(
    "/{ticket_id:ticket}/attachments/",
    status_code=201,
    response_model=AttachmentPublic,
    include_in_schema=False,
)
async def upload(ticket_id: TicketId, key: Signature, request: Request, response: Response) -> Any:
    """Upload a file for the requester's answer."""
    requester = await run(actor_of(request), linked_files.linked_uploader, ticket_id, key)
    return await receive(requester, ticket_id, request, response, MessageKind.REPLY)


@router.get("/{ticket_id:ticket}/attachments/{attachment_id}/", include_in_schema=False)
async def get_file(
    ticket_id: TicketId, attachment_id: AttachmentId, key: Signature, request: Request
) -> Response:
    """The file of an attachment, as its requester may read it."""
    requester = await run(actor_of(request), links.holder, ticket_id, key)
    found = await run(requester, reading.find_file, ticket_id, attachment_id)
    return serve(found, request, partial(downloads.one_of, requester))


@router.get("/{ticket_id:ticket}/attachments/{attachment_id}/thumbnail/", include_in_schema=False)
async def get_thumbnail(
    ticket_id: TicketId, attachment_id: AttachmentId, key: Signature, request: Request
) -> Response:
    """A small picture of an image."""
    requester = await run(actor_of(request), links.holder, ticket_id, key)
    return await send_thumbnail(requester, ticket_id, attachment_id, request)
