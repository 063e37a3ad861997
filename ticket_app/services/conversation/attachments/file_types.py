"""What kind of file an attachment is, by its content, and which kinds the desk takes.

What a client says about the type is never read. The name counts against a file only: a computer
that opens it goes by the end of its name.
"""

import codecs
import re
from pathlib import Path
from typing import BinaryIO

import puremagic

from ticket_app.vocabulary import MEDIA_TYPE_MAX

UNKNOWN, PLAIN = "application/octet-stream", "text/plain"
HEAD = 4_096
"""Bytes at the beginning that tell a text from other contents."""
SIGNATURE_MIN, SIGNATURE_IN_TEXT_MIN = 3, 4
"""Bytes that a signature needs to count: two letters begin many a text and many a file."""
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]+/[A-Za-z0-9.+-]+")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")

PROGRAMS = (
    b"MZ",  # Windows and DOS
    b"\x7fELF",  # Linux and others
    *(b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe"),  # macOS
    b"\xca\xfe\xba\xbe",  # macOS, and classes of Java
)
"""How programs begin. A text may begin with the first one."""
PROGRAM_SUFFIXES = frozenset({
    "app", "appimage", "application", "appref-ms", "appx", "appxbundle", "bat", "chm", "cmd",
    "com", "command", "cpl", "desktop", "dll", "exe", "gadget", "hta", "inf", "ins", "isp",
    "jar", "jnlp", "js", "jse", "lnk", "msc", "msi", "msix", "msixbundle", "msp", "mst",
    "pif", "pkg", "ps1", "psd1", "psm1", "reg", "scf", "scr", "sct", "settingcontent-ms",
    "shb", "sys", "url", "vb", "vbe", "vbs", "vxd", "workflow", "ws", "wsc", "wsf", "wsh",
    "xll",
})  # fmt: skip
"""Ends of the names of what Windows or macOS runs, or believes, when somebody opens it."""


def is_program(path: Path, name: str) -> bool:
    """Returns True for a program, by its content, or by the end of the name."""
    if name.rpartition(".")[2].lower() in PROGRAM_SUFFIXES and "." in name:
        return True
    with path.open("rb") as file:
        head = file.read(HEAD)
    return head.startswith(PROGRAMS) and not _is_text(head)


def media_type_of(path: Path, name: str) -> str:
    """Returns the media type of a content. Of several that it may have, the name chooses one."""
    with path.open("rb") as file:
        is_text = _is_text(file.read(HEAD))
        file.seek(0)
        found = _by_signature(file, name, SIGNATURE_IN_TEXT_MIN if is_text else SIGNATURE_MIN)
    return found or (PLAIN if is_text else UNKNOWN)


def _by_signature(file: BinaryIO, name: str, shortest: int) -> str | None:
    try:
        matches = puremagic.magic_stream(file, name)
    except (puremagic.PureError, ValueError):
        return None
    for match in matches:
        known = _MEDIA_TYPE.fullmatch(match.mime_type) and len(match.mime_type) <= MEDIA_TYPE_MAX
        if known and len(match.byte_match) >= shortest:
            return str(match.mime_type)
    return None


def _is_text(head: bytes) -> bool:
    """Returns True for UTF-8 without control characters. The last character may be cut."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return not _CONTROL.search(head)
