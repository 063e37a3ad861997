"""The response with a file that somebody has uploaded: it must do nothing in a browser by itself.

Each header is a wall of its own. Nothing but images of four kinds is shown in a page, nosniff keeps
a browser from guessing another type, and the policy takes scripts, forms and the desk's cookies
from whatever is opened nevertheless.
"""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from starlette.responses import FileResponse
from starlette.types import Message, Receive, Scope, Send

from ticket_app.api.limits.transfers import Pace
from ticket_app.api.problems import problem
from ticket_app.api.tickets.entity_tags import is_known
from ticket_app.services.conversation.attachments.reading import StoredFile
from ticket_app.services.conversation.attachments.thumbnails import Thumbnail
from ticket_app.vocabulary import PICTURES

THUMBNAIL = "image/webp"
SAVED = "application/octet-stream"
WALLS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)
_PLAIN = re.compile(r"[^A-Za-z0-9 ._()+-]")

_CONTENT = {
    media_type: {"schema": {"type": "string", "format": "binary"}}
    for media_type in (SAVED, *PICTURES)
}
_TAG = {"ETag": {"description": "The SHA-256 of the file.", "schema": {"type": "string"}}}
SERVED: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": _CONTENT, "headers": _TAG},
    206: {"description": "A range of its bytes.", "content": _CONTENT, "headers": _TAG},
    304: {"description": "The file has one of the tags of If-None-Match.", "headers": _TAG},
    410: {"description": "The file is missing on the server (`attachment_lost`).", "content": {}},
    416: {"description": "The file has no such range (`range_not_satisfiable`).", "content": {}},
}

SERVED_THUMBNAIL: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A WebP of at most 320 pixels a side.",
        "content": {THUMBNAIL: {"schema": {"type": "string", "format": "binary"}}},
        "headers": _TAG,
    },
    304: SERVED[304],
    410: SERVED[410],
}


class PacedFile(FileResponse):
    """A file for a client that takes its parts in time. Others are cut off.

    Granian sends a whole file by itself, without this process's Python and memory. What this class
    adds holds for ranges.
    """

    counted: Callable[[], AbstractContextManager[None]]
    size: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file. BusyError if too many are sent already."""
        pace = Pace(self.size)

        async def send_part(message: Message) -> None:
            async with pace.next_part():
                await send(message)

        with self.counted(), suppress(TimeoutError):
            await super().__call__(scope, receive, send_part)


def serve(
    file: StoredFile, request: Request, counted: Callable[[], AbstractContextManager[None]]
) -> Response:
    """Return the response for a request of this file, which is sent within `counted`.

    InvalidInputError for malformed tags.
    """
    tag = f'"{file.digest}"'
    if is_known(request, tag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": tag})
    asked = RANGE.fullmatch(request.headers.get("range", ""))
    if asked is None or asked.groups() == ("", ""):
        # What is no range, or several, is ignored, as RFC 9110 allows.
        _forget_range(request)
    elif not _is_within(asked[1], asked[2], file.size):
        return problem(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            "range_not_satisfiable",
            f"The file has {file.size:,} bytes, and none in this range.",
            headers={"Content-Range": f"bytes */{file.size}"},
        )
    is_inline = file.media_type in PICTURES
    response = PacedFile(
        file.path,
        headers={**WALLS, "ETag": tag, "Content-Disposition": disposition(file.name, is_inline)},
        media_type=file.media_type if is_inline else SAVED,
    )
    response.counted, response.size = counted, file.size
    return response


def serve_thumbnail(
    picture: Thumbnail, request: Request, counted: Callable[[], AbstractContextManager[None]]
) -> Response:
    """Return the response with a thumbnail, which is an image of the desk's own making."""
    tag = f'"{picture.digest}.webp"'
    if is_known(request, tag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": tag})
    _forget_range(request)
    response = PacedFile(
        picture.path,
        headers={**WALLS, "ETag": tag, "Content-Disposition": "inline"},
        media_type=THUMBNAIL,
    )
    response.counted, response.size = counted, picture.size
    return response


def disposition(name: str, is_inline: bool) -> str:
    """Return the header Content-Disposition with a name (RFC 6266, RFC 8187).

    The first spelling is for old clients: ASCII alone, without a character that ends it.
    """
    kind = "inline" if is_inline else "attachment"
    return f"{kind}; filename=\"{_PLAIN.sub('_', name)}\"; filename*=UTF-8''{quote(name, safe='')}"


def _is_within(first: str, last: str, size: int) -> bool:
    if not first:
        return int(last) > 0
    return int(first) < size and (not last or int(first) <= int(last))


def _forget_range(request: Request) -> None:
    headers = [each for each in request.scope["headers"] if each[0] != b"range"]
    request.scope["headers"] = headers
