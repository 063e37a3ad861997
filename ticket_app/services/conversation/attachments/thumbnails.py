"""Small pictures of attached images, made when somebody first looks at them.

An image is a hostile file until it is drawn anew. Pillow reads four formats and no other, and no
image of more pixels than PIXELS_MAX: a small file may unfold into gigabytes. What is served is a
WebP of our own, without what a camera has noted. One that cannot be made is remembered as an empty
file. The caller's bulkhead lets one be made at a time.
"""

import logging
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageOps

from ticket_app.actor import Actor
from ticket_app.data.conversation.attachments import files
from ticket_app.errors import AttachmentNotFoundError
from ticket_app.services.conversation.attachments.reading import find_file

log = logging.getLogger(__name__)

FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP"}
"""The media types of images that have a thumbnail, and Pillow's names for them."""
EDGE_MAX = 320
"""Pixels of a side, enough for a screen with two pixels for each of a page."""
PIXELS_MAX = 50_000_000
"""Pixels of an image that is unfolded, some 200 MB: the largest photographs of telephones."""
QUALITY = 78


class Thumbnail(NamedTuple):
    """A WebP to serve, and the SHA-256 of the file that it shows."""

    path: Path
    size: int
    digest: str


def find_thumbnail(actor: Actor, ticket_id: int, attachment_id: int) -> Thumbnail:
    """Returns the thumbnail of an attachment that the actor may read, which is made if it is new.

    Raises what `find_file` raises, AttachmentNotFoundError for a file that has no thumbnail, and
    the errors of the storage.
    """
    file = find_file(actor, ticket_id, attachment_id)
    form = FORMATS.get(file.media_type)
    if form is None:
        raise AttachmentNotFoundError(attachment_id)
    path = files.thumbnail_path_of(file.digest)
    size = files.size_of(path)
    if size is None:
        drawn = _drawn(file.path, form)
        files.keep_thumbnail(file.digest, drawn)
        size = len(drawn)
    if not size:
        raise AttachmentNotFoundError(attachment_id)
    return Thumbnail(path, size, file.digest)


def _drawn(path: Path, form: str) -> bytes:
    """Returns a WebP of the image, at most EDGE_MAX a side; empty if it cannot be read."""
    try:
        with Image.open(path, formats=(form,)) as image:
            if image.width * image.height > PIXELS_MAX:
                return b""
            image.draft("RGB", (EDGE_MAX, EDGE_MAX))  # a JPEG is unfolded at a part of its size
            image.thumbnail((EDGE_MAX, EDGE_MAX))
            upright = ImageOps.exif_transpose(image)
            shown = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
            drawn = BytesIO()
            shown.save(drawn, "WEBP", quality=QUALITY)
            return drawn.getvalue()
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        # Pillow has these for malformed files. Others are faults of ours, and are told.
        log.info("an image has no thumbnail: %s", error)
        return b""
