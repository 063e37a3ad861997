"""Finds who is mentioned in a message: "@" and the whole name of somebody of the team."""

import re
from collections.abc import Iterable

from ticket_app.data.folding import fold


def mentioned(body: str, team: Iterable[tuple[int, str]]) -> set[int]:
    """Returns the numbers of those people whose name stands after an "@".

    Case does not count. Of several names that fit, the longest is meant; of several
    people with that name, all are. An "@" within a word is no mention, but part of an address.
    """
    names = {number: " ".join(_folded(name).split()) for number, name in team}
    ordered = sorted({name for name in names.values() if name}, key=len, reverse=True)
    if not ordered:
        return set()
    pattern = "|".join(r"\s+".join(map(re.escape, name.split())) for name in ordered)
    hits = re.finditer(rf"(?<!\w)@({pattern})(?!\w)", _folded(body))
    found = {" ".join(hit[1].split()) for hit in hits}
    return {number for number, name in names.items() if name in found}


def _folded(text: str) -> str:
    return fold(text) or ""
