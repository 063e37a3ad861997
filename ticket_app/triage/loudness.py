"""What shows in the look of a text and in no word: a raised voice, a smile, a question."""

import re
from collections.abc import Sequence

from ticket_app.triage.rules import MarkSheet
from ticket_app.triage.scoring import EVIDENCE_MAX
from ticket_app.triage.text import Word

SHOUTING = "shouting"
_MAY_SHOUT = re.compile(r"[A-Z\x80-\U0010ffff](?<=\w.)")
"""A capital, or what may be one, that is not the first letter."""


def loudness(text: str, words: Sequence[Word], sheet: MarkSheet) -> dict[str, tuple[str, ...]]:
    """The signals that the signs of the text give, with what shows them."""
    found: dict[str, tuple[str, ...]] = {}
    if sheet.any_sign.search(text):
        for name, marks in sheet.mark.items():
            if sum(map(text.count, marks.signs)) >= marks.least:
                found[name] = tuple(sign for sign in marks.signs if sign in text)[:EVIDENCE_MAX]
    if _MAY_SHOUT.search(text):  # few do; to look at every word is most of the time
        letters = sheet.shouting.letters
        long = (text[word.start : word.end] for word in words if word.end - word.start >= letters)
        shouted = [word for word in long if word[1].isupper() and word.isupper()]
        # One long capital word is a name or an abbreviation; several are a raised voice.
        if len(shouted) >= sheet.shouting.words:
            found[SHOUTING] = tuple(dict.fromkeys(shouted))[:EVIDENCE_MAX]
    return found
