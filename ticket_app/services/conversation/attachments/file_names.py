"""The name under which a file is kept and offered: text on one line, never a path."""

import re
import unicodedata

from ticket_app.texts import has_visible_character, without_unseen
from ticket_app.vocabulary import ATTACHMENT_NAME_MAX

NAMELESS = "attachment"
SUFFIX_MAX = 20
"""Characters at the end, from the last dot on, that stay when a long name is cut."""
_FOLDERS = re.compile(r".*[/\\]", re.DOTALL)
_FORBIDDEN = re.compile(r'[<>:"|?*]')
"""Characters that no name of a file may have on Windows."""


def kept_name(said: str) -> str:
    """Returns the name of a file as it is kept, from what a client says.

    Folders, control characters and invisible ones are left out: among the last are those that turn
    the direction of a text, which let `gpj.exe` look like `exe.jpg`.
    """
    name = without_unseen(unicodedata.normalize("NFC", _FOLDERS.sub("", said)))
    name = _FORBIDDEN.sub("_", name).strip(" .")
    if not has_visible_character(name):
        return NAMELESS
    if len(name) <= ATTACHMENT_NAME_MAX:
        return name
    stem, dot, suffix = name.rpartition(".")
    end = f"{dot}{suffix}" if stem and len(suffix) < SUFFIX_MAX else ""
    return name[: ATTACHMENT_NAME_MAX - len(end)] + end
