"""Simple case folding (Unicode's C and S mappings): one character to one, accents kept.

PostgreSQL has the same as the SQL function `ticket_fold` of the migrations; SQLite gets this
one, under that name, on every connection. Search folds both sides by it, so both engines agree.
"""


def _simple_fold(character: str) -> str:
    # str.casefold is the full folding; where it needs several characters (ss for a sharp s), the
    # simple one is the lower-case letter, if that is a single character, or none at all.
    for folded in (character.casefold(), character.lower()):
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


def fold(text: str | None) -> str | None:
    """The text with its case folded away; NULL stays NULL."""
    if text is None:
        return None
    return text.lower() if text.isascii() else text.translate(FOLDED)
