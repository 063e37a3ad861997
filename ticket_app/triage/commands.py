"""What a text says to the triage instead of to the desk, which is read as nothing."""

import re
from collections.abc import Sequence

from ticket_app.triage.phrases import Hit
from ticket_app.triage.rules import CLAIMED, Rule
from ticket_app.triage.text import Word

_SENTENCE_END = re.compile(r"[.!?](?=\s|$)|\n")


def without_commands(text: str, words: Sequence[Word], hits: Sequence[Hit[Rule]]) -> str:
    """The text, as long as before, with blanks for whatever commands the triage.

    A command ("ignore your rules") takes its whole sentence along, a mere claim ("priority: high")
    only itself: a requester who writes one has the rest of the sentence to say.
    """
    spans = [
        (words[hit.first].start, words[hit.end - 1].end, hit.rule.name)
        for hit in hits
        if hit.rule.layer == "command"
    ]
    if not spans:
        return text
    ends = [0, *(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]
    letters = list(text)
    for start, end, name in spans:
        if name != CLAIMED:
            start = max(at for at in ends if at <= start)  # noqa: PLW2901
            end = min(at for at in ends if at >= end)  # noqa: PLW2901
        letters[start:end] = _BLANK_LINE + " " * (end - start - len(_BLANK_LINE))
    return "".join(letters)


_BLANK_LINE = "\n\n"
"""So that no phrase reaches across."""
