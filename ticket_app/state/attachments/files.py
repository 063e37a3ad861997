"""Files as a page shows them: of a message, and in a composer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from ticket_app.schemas.conversation import AttachmentPublic
from ticket_app.vocabulary import PICTURES

SHORT = 8
"""Characters of a word for a kind of file."""


@dataclass(frozen=True)
class File:
    """A file. `kind` and `size` are words, `thumbnail` is empty for what is no picture."""

    id: int
    name: str
    kind: str
    size: str
    url: str
    thumbnail: str


def files_of(attachments: Sequence[AttachmentPublic]) -> list[File]:
    """Returns the files in their order."""
    return [
        File(
            id=each.id,
            name=each.name,
            kind=_kind(each),
            size=size_in_words(each.size),
            url=each.url,
            thumbnail=f"{each.url}thumbnail/" if each.media_type in PICTURES else "",
        )
        for each in attachments
    ]


def files_by_link(files: Sequence[File], signature: str) -> list[File]:
    """Returns the files with the addresses at which the key of a signed link opens them."""
    key = urlencode({"key": signature})
    return [
        replace(
            each,
            url=_linked(each.url, key),
            thumbnail=_linked(each.thumbnail, key) if each.thumbnail else "",
        )
        for each in files
    ]


def _linked(address: str, key: str) -> str:
    return f"{address.replace('/api/tickets/', '/api/linked/', 1)}?{key}"


def size_in_words(size: int) -> str:
    """Returns for example "1 kB", "340 kB" or "2.4 MB"."""
    if size < 999_500:
        return f"{max(1, round(size / 1000))} kB"
    return f"{size / 1_000_000:,.1f} MB"


def _kind(file: AttachmentPublic) -> str:
    """Returns what the content is, if that has a short word, or else the end of the name."""
    found = file.media_type.rpartition("/")[2].removeprefix("x-")
    if found == "plain":
        return "Text"
    if found.isalnum() and len(found) <= SHORT:
        return found.upper()
    suffix = file.name.rpartition(".")[2]
    return suffix.upper() if suffix.isalnum() and len(suffix) <= SHORT else "File"
