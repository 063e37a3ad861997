"""Small pictures of attached images, made when somebody first looks at them.

An image is a hostile file until it is drawn anew. Pillow reads four formats and no other, and only
what is within the bounds below: a small file may unfold into gigabytes, or take minutes. What is
served is a WebP of our own, without what a camera has noted. One that cannot be made is remembered
as an empty file. The bulkhead of `draw_thumbnail` lets one be made at a time.
"""

import logging
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from ticket_app.actor import Actor
from ticket_app.data.conversation.attachments import files
from ticket_app.errors import AttachmentNotFoundError
from ticket_app.services.conversation.attachments.reading import StoredFile, find_file
from ticket_app.vocabulary import PICTURES

log = logging.getLogger(__name__)

EDGE_MAX = 320
"""Pixels of a side, enough for a screen with two pixels for each of a page."""
PIXELS_MAX = 25_000_000
"""Pixels of an image that is unfolded, in some 200 MB."""
BYTES_MAX = 25_000_000
"""Bytes of an image that is read into memory."""
SCANS_MAX = 30
"""Scans of a JPEG, each of which goes over the whole image. Programs write about ten."""
READS_MAX = 100_000
"""Reads of a file: Pillow looks at each of its parts, and a hostile file has millions."""
QUALITY = 78
_SCAN = b"\xff\xda"
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes an image upright, by the orientation that its camera has noted."""


class Thumbnail(NamedTuple):
    """A WebP to serve, and the SHA-256 of the file that it shows."""

    path: Path
    size: int
    digest: str


def find_thumbnail(actor: Actor, ticket_id: int, attachment_id: int) -> Thumbnail | None:
    """Returns the thumbnail of an attachment that the actor may read; None if it is not drawn yet.

    Raises what `find_file` raises, and AttachmentNotFoundError for a file that has no thumbnail.
    """
    return _kept(find_file(actor, ticket_id, attachment_id), attachment_id)


def draw_thumbnail(actor: Actor, ticket_id: int, attachment_id: int) -> Thumbnail:
    """As `find_thumbnail`, but draws one that is new. Raises the errors of the storage as well."""
    file = find_file(actor, ticket_id, attachment_id)
    kept = _kept(file, attachment_id)
    if kept is None:
        files.keep_thumbnail(file.digest, _drawn(file))
        kept = _kept(file, attachment_id)
    if kept is None:  # the file was removed meanwhile
        raise AttachmentNotFoundError(attachment_id)
    return kept


def _kept(file: StoredFile, attachment_id: int) -> Thumbnail | None:
    """Returns what is stored. Raises AttachmentNotFoundError if there is nothing to draw."""
    path = files.thumbnail_path_of(file.digest)
    size = files.size_of(path)
    if file.media_type not in PICTURES or size == 0:
        raise AttachmentNotFoundError(attachment_id)
    return None if size is None else Thumbnail(path, size, file.digest)


def _drawn(file: StoredFile) -> bytes:
    """Returns a WebP of the image, at most EDGE_MAX a side; empty if it cannot be drawn."""
    if file.size > BYTES_MAX:
        return b""
    content = files.read(file.digest)
    form = file.media_type.removeprefix("image/").upper()
    # In the data of a scan this pair of bytes never occurs.
    if form == "JPEG" and content.count(_SCAN) > SCANS_MAX:
        return b""
    try:
        return _small(content, form)
    except Exception as error:
        # Pillow has errors of all kinds for malformed files. Without memory, or with an error of
        # the system, the next look may draw it.
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno):
            raise
        log.info("an image has no thumbnail: %s: %s", type(error).__name__, error)
        return b""


def _small(content: bytes, form: str) -> bytes:
    with Image.open(_Parts(content), formats=(form,)) as image:
        if image.width * image.height > PIXELS_MAX:
            return b""
        image.draft("RGB", (EDGE_MAX, EDGE_MAX))  # a JPEG is unfolded at a part of its size
        image.thumbnail((EDGE_MAX, EDGE_MAX))
        turn = _TURNS.get(image.getexif().get(_ORIENTATION, 1))
        upright = image if turn is None else image.transpose(turn)
        shown = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
        drawn = BytesIO()
        shown.save(drawn, "WEBP", quality=QUALITY)
        return drawn.getvalue()


class _Parts(BytesIO):
    """A content that is read in READS_MAX parts at most."""

    reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Raises ValueError for a content of too many parts."""
        self.reads += 1
        if self.reads > READS_MAX:
            message = "it has too many parts"
            raise ValueError(message)
        return super().read(size)
