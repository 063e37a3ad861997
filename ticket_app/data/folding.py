"""Text folding for search: characters that look the same compare equal, in any case; accents count.

The steps, in this order: invisible characters are dropped. Line ends and tabs become a space.
Typographic apostrophes, quotes and dashes become those of the keyboard. Unicode's NFKC composes
accents and normalizes full-width forms, ligatures and narrow spaces. Unicode's simple case folding
(C and S mappings) maps one character to one.

PostgreSQL folds stored text by the same steps in the SQL function `ticket_fold` of the migrations.
SQLite calls this function under that name; each connection registers it. Search terms are folded
here for both.
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
"""Blanks that become a space here; NFKC replaces the other ones."""

REPLACEMENTS = (
    (re.compile(f"[{NOTHING}]+"), ""),
    (re.compile(f"\r\n|[{SPACES}]"), " "),
    (re.compile(f"[{APOSTROPHES}]"), "'"),
    (re.compile(f"[{QUOTES}]"), '"'),
    (re.compile(f"[{DASHES}]"), "-"),
)
"""Patterns and their replacements, applied before NFKC and case folding."""


def _simple_fold(character: str) -> str:
    # str.casefold is the full folding. Where it gives several characters (ss for a sharp s), the
    # simple folding is the lower-case letter if that is a single character, or none. Cherokee alone
    # folds to capitals; here it is lowered, as in PostgreSQL.
    for folded in (character.casefold().lower(), character.lower()):
        if len(folded) == 1:
            return folded
    return character


LAST_CASED = 0x1E943
"""The last character that has a case in Unicode, where the loops below can end."""

FOLDED = {
    code: folded
    for code in range(LAST_CASED + 1)
    if (folded := _simple_fold(chr(code))) != chr(code)
}

_SPACES_OF_ASCII = re.compile("\r\n|[\t-\r\x1c-\x1f]")
_NOT_LOWERED = re.compile(
    "[Σ"  # str.lower depends on its neighbours
    + "".join(
        chr(code)
        for code in range(LAST_CASED + 1)
        if FOLDED.get(code, chr(code)) != chr(code).lower()
    )
    + "]"
)
"""Characters for which str.lower, ten times as fast, differs from simple folding."""


def fold(text: str | None) -> str | None:
    """Return the text as the search compares it. NULL stays NULL."""
    if text is None:
        return None
    if text.isascii():
        return _SPACES_OF_ASCII.sub(" ", text).lower()
    for pattern, replacement in REPLACEMENTS:
        text = pattern.sub(replacement, text)
    text = unicodedata.normalize("NFKC", text)
    return text.translate(FOLDED) if _NOT_LOWERED.search(text) else text.lower()
