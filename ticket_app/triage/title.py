"""Suggests a title: the first sentence of the text, short enough for a list."""

import re
from collections.abc import Iterator

import regex

from ticket_app.triage.rules import rule_book
from ticket_app.triage.sentences import first_sentence
from ticket_app.triage.text import fold, without_controls
from ticket_app.vocabulary import BLANKS

NO_TITLE = "Support request"
TITLE_CHARACTERS = 80
READ_CHARACTERS = 4_000
SHORTEST_CUT = TITLE_CHARACTERS // 2
WRAPPED_LINE_CHARACTERS = 60

_DASHES = "-\N{EN DASH}\N{EM DASH}"
_GAPS = " \N{FULLWIDTH COMMA}\N{IDEOGRAPHIC COMMA}\N{FULLWIDTH SEMICOLON}\N{FULLWIDTH COLON}"
_LOOSE_END = f"{_GAPS},;:{_DASHES}"
_CLUSTER = regex.compile(r"\X")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")  # to regex, an accent alone is a letter


def suggested_title(text: str) -> str:
    """Returns the first sentence after any greeting, cut to at most TITLE_CHARACTERS.

    Returns NO_TITLE if the text has no letter or digit. Only the first READ_CHARACTERS are read.
    """
    for paragraph in _paragraphs(text[:READ_CHARACTERS]):
        rest = _without_greeting(paragraph)
        if _has_letter_or_digit(rest):
            return trimmed(first_sentence(rest))
    return NO_TITLE


def trimmed(text: str) -> str:
    """Returns the text on one line, cut to at most TITLE_CHARACTERS; NO_TITLE if it is blank.

    The cut is between words if at least SHORTEST_CUT characters are left, else between grapheme
    clusters: a flag, a syllable or a letter with its accents stays whole.
    """
    line = " ".join(without_controls(text).split()).strip(BLANKS)
    if not _has_letter_or_digit(line):
        return NO_TITLE
    if len(line) <= TITLE_CHARACTERS:
        return line
    last_gap = max(line.rfind(gap, 0, TITLE_CHARACTERS) for gap in _GAPS)
    kept = line[: max(0, last_gap)].rstrip(_LOOSE_END)
    if len(kept) < SHORTEST_CUT:
        kept = _whole_clusters(line).rstrip(_LOOSE_END)
    return f"{kept}…" if _has_letter_or_digit(kept) else NO_TITLE


def _whole_clusters(line: str) -> str:
    """Returns as many grapheme clusters as leave room for the ellipsis."""
    kept = 0
    for cluster in _CLUSTER.finditer(line):
        if cluster.end() >= TITLE_CHARACTERS:
            break
        kept = cluster.end()
    return line[:kept]


def _paragraphs(text: str) -> Iterator[str]:
    """Yields the lines of the text; a line that was only wrapped is joined with the next one."""
    pending = ""
    for line in text.splitlines():
        if pending and line[:1].islower() and len(pending) >= WRAPPED_LINE_CHARACTERS:
            pending = f"{pending} {line}"
            continue
        if pending:
            yield pending
        pending = line.strip()
    if pending:
        yield pending


def _without_greeting(line: str) -> str:
    words = line.split()
    greeting = _greeting_length(words)
    if not greeting:
        return line
    rest = " ".join(words[greeting:]).lstrip(f" ,.;:!{_DASHES}")
    return rest if rest[1:2].isupper() else rest[:1].upper() + rest[1:]  # iPhone stays iPhone


def _greeting_length(words: list[str]) -> int:
    """Returns the number of greeting words: 2 for `Hi team,`, 1 for `Hello`, 0 for `Broken`."""
    sheet = rule_book().reading
    folded = [fold(word.strip(f",.!:;{_DASHES}")) for word in words[:5]]
    length = next(
        (n for n in (3, 2, 1) if " ".join(folded[:n]) in sheet.greetings and n <= len(folded)), 0
    )
    if not length or words[length - 1][-1] in ",.!:":
        return length
    for end in range(length + 1, len(folded) + 1):
        if words[end - 1][-1] in ",!:" or (end == len(words) and words[end - 1][-1] == "."):
            return end
        if folded[end - 1] in sheet.greeted:
            length = end
    is_only_a_greeting = len(words) <= length + 2 and not _ends_a_sentence(words)
    return len(words) if is_only_a_greeting else length


def _ends_a_sentence(words: list[str]) -> bool:
    return words[-1][-1] in ".?"


def _has_letter_or_digit(text: str) -> bool:
    return _LETTER_OR_DIGIT.search(text) is not None
