"""The folding of the search: what looks the same is the same, upper or lower case; accents count.

In this order: what shows nothing is dropped; line ends and tabs are a space; typographic
apostrophes, quotes and dashes are those of the keyboard; Unicode's NFKC composes accents and takes
full-width forms, ligatures and narrow spaces for the usual ones; and Unicode's simple case folding
(C and S mappings) maps one character to one.

PostgreSQL folds what it stores by the same steps, in the SQL function `ticket_fold` of the
migrations; SQLite is given this function, under that name, on every connection. What is searched
for is folded here, for both.
"""

import re
import unicodedata

from ticket_app.vocabulary import IGNORABLE

NOTHING = "".join(f"{chr(first)}-{chr(last)}" for first, last in IGNORABLE)
APOSTROPHES = (
    "\xb4\u02b9\u02bb-\u02bd\u02c8\u02ca\u02cb\u0374\u0384\u05f3\u1fbd\u1fbf\u1fef\u1ffd\u1ffe"
    "\u2018-\u201b\u2032\u2035\u2039\u203a\u275b\u275c\ua78b\ua78c\uff07"
)
QUOTES = (
    "\xab\xbb\u02ba\u02ee\u05f4\u201c-\u201f\u2033\u2034\u2036\u2037\u2057\u275d\u275e"
    "\u301d-\u301f\uff02"
)
DASHES = (
    "\u02d7\u058a\u05be\u1806\u2010-\u2015\u2043\u207b\u208b\u2212\u2e3a\u2e3b\u2e40\u301c\u3030"
    "\ufe31\ufe32\ufe58\ufe63\uff0d"
)
SPACES = "\t-\r\x1c-\x1f\x85\u1680\u2028\u2029"
"""NFKC makes a space of the other blanks."""

SAME = (
    (re.compile(f"[{NOTHING}]+"), ""),
    (re.compile(f"\r\n|[{SPACES}]"), " "),
    (re.compile(f"[{APOSTROPHES}]"), "'"),
    (re.compile(f"[{QUOTES}]"), '"'),
    (re.compile(f"[{DASHES}]"), "-"),
)
"""What is replaced, and by what, before Unicode's own tables are asked."""


def _simple_fold(character: str) -> str:
    # str.casefold is the full folding; where it needs several characters (ss for a sharp s), the
    # simple one is the lower-case letter, if that is a single character, or none at all. Cherokee
    # alone folds to its capitals; as PostgreSQL does, it is taken to its small letters here.
    for folded in (character.casefold().lower(), character.lower()):
        if len(folded) == 1:
            return folded
    return character


LAST_CASED = 0x1E943
"""The last character that Unicode gives a case; what is behind it need not be walked."""

FOLDED = {
    code: folded
    for code in range(LAST_CASED + 1)
    if (folded := _simple_fold(chr(code))) != chr(code)
}

_SPACES_OF_ASCII = re.compile("\r\n|[\t-\r\x1c-\x1f]")
_NOT_LOWERED = re.compile(
    "[Σ"  # str.lower looks at its neighbours
    + "".join(
        chr(code)
        for code in range(LAST_CASED + 1)
        if FOLDED.get(code, chr(code)) != chr(code).lower()
    )
    + "]"
)
"""What str.lower, which takes a tenth of the time, does not fold simply."""


def fold(text: str | None) -> str | None:
    """The text as the search compares it; NULL stays NULL."""
    if text is None:
        return None
    if text.isascii():
        return _SPACES_OF_ASCII.sub(" ", text).lower()
    for pattern, replacement in SAME:
        text = pattern.sub(replacement, text)
    text = unicodedata.normalize("NFKC", text)
    return text.translate(FOLDED) if _NOT_LOWERED.search(text) else text.lower()
