"""What shows in the look of a text and in no word: a raised voice, a smile, a question."""

from collections.abc import Sequence

from ticket_app.triage.rules import MarkSheet
from ticket_app.triage.scoring import EVIDENCE_MAX
from ticket_app.triage.text import Word

SHOUTING = "shouting"


def loudness(text: str, words: Sequence[Word], sheet: MarkSheet) -> dict[str, tuple[str, ...]]:
    """The signals that the signs of the text give, with what shows them."""
    found = {
        name: tuple(sign for sign in marks.signs if sign in text)[:EVIDENCE_MAX]
        for name, marks in sheet.mark.items()
        if sum(text.count(sign) for sign in marks.signs) >= marks.least
    }
    letters = sheet.shouting.letters
    # Few words even begin with a capital; to look at the others whole is most of the time.
    tall = (w for w in words if w.end - w.start >= letters and text[w.start + 1].isupper())
    shouted = [word for w in tall if (word := text[w.start : w.end]).isupper()]
    # One long capital word is a name or an abbreviation; several are a raised voice.
    if len(shouted) >= sheet.shouting.words:
        found[SHOUTING] = tuple(dict.fromkeys(shouted))[:EVIDENCE_MAX]
    return found
