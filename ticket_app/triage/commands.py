"""What a text says to the triage instead of to the desk, which is read as nothing."""

import re
from bisect import bisect_left, bisect_right
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
    commands = [hit for hit in hits if hit.rule.layer == "command"]
    if not commands:
        return text
    ends = [0, *(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]
    kept: list[str] = []
    read_to = 0
    for start, end in sorted({_span(hit, words, ends) for hit in commands}):
        if end <= read_to:
            continue
        start = max(start, read_to)  # noqa: PLW2901 (spans may overlap)
        kept += [text[read_to:start], _BLANK_LINE.ljust(end - start)[: end - start]]
        read_to = end
    return "".join([*kept, text[read_to:]])


def _span(hit: Hit[Rule], words: Sequence[Word], ends: Sequence[int]) -> tuple[int, int]:
    """From where to where the text is not read on account of the hit."""
    start, end = words[hit.first].start, words[hit.end - 1].end
    if hit.rule.name == CLAIMED:
        return start, end
    return ends[bisect_right(ends, start) - 1], ends[bisect_left(ends, end)]


_BLANK_LINE = "\n\n"
"""So that no phrase reaches across."""
