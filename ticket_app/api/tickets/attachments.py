"""REST for attachments: a file is uploaded to a ticket, and then sent with a message."""

from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Path, Query, Request, Response
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from ticket_app.actor import Actor
from ticket_app.api.limits.transfers import Transfers, UploadBody
from ticket_app.api.problems import make_router, plain_problem, problem, problem_of
from ticket_app.api.recognition import actor_of
from ticket_app.api.tickets.file_form import FIELD, MEDIA_TYPE, FileForm
from ticket_app.api.tickets.file_response import SERVED, SERVED_THUMBNAIL, serve, serve_thumbnail
from ticket_app.api.tickets.tickets import TicketId
from ticket_app.errors import AttachmentTooLargeError, TicketAppError
from ticket_app.schemas.conversation import AttachmentPublic
from ticket_app.schemas.inputs import WHOLE_NUMBER
from ticket_app.services.conversation.attachments import reading, thumbnails, uploading
from ticket_app.services.threads import run
from ticket_app.settings import get_settings
from ticket_app.vocabulary import ID_MAX, MessageKind

AttachmentId = Annotated[
    int, Path(ge=1, le=ID_MAX, description="The number of the attachment."), WHOLE_NUMBER
]
Kind = Annotated[
    MessageKind | None,
    Query(
        description="The kind of the message that is to carry the file. It waits in the composer "
        "of that kind, and goes with no other. Without it the file goes with either, and is shown "
        "in no composer."
    ),
]
WRITTEN_AT_ONCE = 256 * 1024
"""Bytes that wait in memory for one write."""
FORM_MAX = 64 * 1024
"""Bytes of a form beside those of its file."""
CLOSING = {"Connection": "close"}

FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            MEDIA_TYPE: {
                "schema": {
                    "type": "object",
                    "required": [FIELD],
                    "properties": {FIELD: {"type": "string", "format": "binary", "minLength": 1}},
                }
            }
        },
    }
}
REFUSED: dict[int | str, dict[str, Any]] = {
    201: {
        "headers": {
            "Location": {"description": "The address of the file.", "schema": {"type": "string"}}
        }
    },
    409: {"description": "Too many files wait to be sent (`too_many_attachments`).", "content": {}},
    413: {"description": "The file is too large (`attachment_too_large`).", "content": {}},
    415: {
        "description": "The body is no form (`unsupported_media_type`), or the file is a program "
        "(`attachment_is_program`).",
        "content": {},
    },
    507: {"description": "The disk has no room for a file (`storage_full`).", "content": {}},
}

router = make_router("tickets")
uploads = Transfers(16, 4)
downloads = Transfers(128, 16)


@router.post(
    "/{ticket_id:ticket}/attachments/",
    status_code=201,
    response_model=AttachmentPublic,
    responses=REFUSED,
    openapi_extra=FORM,
)
async def upload_attachment(
    ticket_id: TicketId, request: Request, response: Response, kind: Kind = None
) -> Any:
    """Upload a file to a ticket, for a message that follows within 24 hours.

    Name its `id` in `attachments` of that message. Until then it is visible to its sender alone.
    """
    actor = actor_of(request)
    return await receive(actor, ticket_id, request, response, kind)


async def receive(
    actor: Actor, ticket_id: int, request: Request, response: Response, kind: MessageKind | None
) -> Any:
    """Return the answer to an upload by this actor."""
    body = UploadBody(request)
    try:
        with uploads.one_of(actor):
            kept = await _store(actor, ticket_id, request.headers, body, kind)
    except ClientDisconnect:
        return Response()  # nobody waits for an answer
    except TimeoutError:
        return plain_problem(HTTPStatus.REQUEST_TIMEOUT, CLOSING)
    except TicketAppError as error:
        await body.drain()
        return problem_of(error, CLOSING)
    if kept is None:
        await body.drain()
        sentence = f"Send the file as a form, with the header Content-Type: {MEDIA_TYPE}."
        status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        return problem(status, "unsupported_media_type", sentence, headers=CLOSING)
    response.headers["Location"] = kept.url
    return kept


@router.get("/{ticket_id:ticket}/attachments/{attachment_id}/", responses=SERVED)
async def get_attachment(
    ticket_id: TicketId, attachment_id: AttachmentId, request: Request
) -> Response:
    """The file of an attachment. Images may be shown in a page; all else is to be saved.

    A Range of bytes is answered with 206. The tag of the file is its SHA-256.
    """
    actor = actor_of(request)
    found = await run(actor, reading.find_file, ticket_id, attachment_id)
    return serve(found, request, partial(downloads.one_of, actor))


@router.get(
    "/{ticket_id:ticket}/attachments/{attachment_id}/thumbnail/", responses=SERVED_THUMBNAIL
)
async def get_thumbnail(
    ticket_id: TicketId, attachment_id: AttachmentId, request: Request
) -> Response:
    """A small picture of an image: 404 for other files, and for one that cannot be drawn."""
    return await send_thumbnail(actor_of(request), ticket_id, attachment_id, request)


async def send_thumbnail(
    actor: Actor, ticket_id: int, attachment_id: int, request: Request
) -> Response:
    """Return the response with a thumbnail, which is drawn if it is new."""
    found = await run(actor, thumbnails.find_thumbnail, ticket_id, attachment_id)
    if found is None:
        found = await run(actor, thumbnails.draw_thumbnail, ticket_id, attachment_id)
    return serve_thumbnail(found, request, partial(downloads.one_of, actor))


@router.delete("/{ticket_id:ticket}/attachments/{attachment_id}/", status_code=204)
async def delete_attachment(
    ticket_id: TicketId, attachment_id: AttachmentId, request: Request
) -> None:
    """Delete a file that you have uploaded and not sent. What was sent stays with its message."""
    await run(actor_of(request), uploading.delete_unsent, ticket_id, attachment_id)


async def _store(
    actor: Actor, ticket_id: int, headers: Headers, body: UploadBody, kind: MessageKind | None
) -> AttachmentPublic | None:
    """Store the file of a body as it arrives. None if the body is no form."""
    content_type = headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != MEDIA_TYPE:
        return None
    settings = get_settings()
    form, most = FileForm(content_type), settings.attachment_max_bytes + FORM_MAX
    declared = headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared) > most:
        raise AttachmentTooLargeError(settings.attachment_max_mib)
    upload = await run(actor, uploading.begin_upload, ticket_id)
    try:
        waiting = bytearray()
        async for part in body.parts(most):
            waiting += form.feed(part)
            if len(waiting) >= WRITTEN_AT_ONCE:
                await run(actor, uploading.append_to_upload, upload, bytes(waiting))
                waiting.clear()
        name = form.finish()
        await run(actor, uploading.append_to_upload, upload, bytes(waiting))
        return await run(actor, uploading.finish_upload, ticket_id, upload, name, kind)
    finally:
        await run(actor, uploading.discard_upload, upload)
