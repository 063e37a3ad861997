"""The suggested title: the first thing the text says, short enough for a list."""

import re
from collections.abc import Iterator

from ticket_app.triage.rules import rule_book
from ticket_app.triage.text import fold
from ticket_app.vocabulary import BLANKS

NO_TITLE = "Support request"
TITLE_CHARACTERS = 80
READ_CHARACTERS = 4_000
WRAPPED_LINE_CHARACTERS = 60
SENTENCE_WORDS = 2

_DASHES = "-\N{EN DASH}\N{EM DASH}"
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")


def suggested_title(text: str) -> str:
    """The first sentence after any greeting, cut at a word to at most TITLE_CHARACTERS.

    NO_TITLE when the text has no letter or digit. Only the first READ_CHARACTERS are read.
    """
    for paragraph in _paragraphs(text[:READ_CHARACTERS]):
        spoken = _without_greeting(paragraph)
        if _says_something(spoken):
            return trimmed(_first_sentence(spoken))
    return NO_TITLE


def trimmed(text: str) -> str:
    """The text on one line, cut at a word to at most TITLE_CHARACTERS; NO_TITLE if it is empty."""
    line = " ".join(text.split()).strip(BLANKS)
    if not _says_something(line):
        return NO_TITLE
    if len(line) <= TITLE_CHARACTERS:
        return line
    kept = line[: TITLE_CHARACTERS - 1].rpartition(" ")[0].rstrip(f" ,;:{_DASHES}")
    # One endless word is cut in its middle.
    return f"{kept if _says_something(kept) else line[: TITLE_CHARACTERS - 1]}…"


def _paragraphs(text: str) -> Iterator[str]:
    """Lines, where a line that was only wrapped is joined to the next one."""
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
    return rest[:1].upper() + rest[1:]


def _greeting_length(words: list[str]) -> int:
    """How many words at the start greet: `Hi team,` is two, `Hello` one, `Printer broken` none."""
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


def _first_sentence(line: str) -> str:
    for match in _SENTENCE_END.finditer(line):
        sentence = line[: match.end()]
        if len(sentence.split()) >= SENTENCE_WORDS and _says_something(sentence):
            return sentence.rstrip(".")
    return line


def _says_something(text: str) -> bool:
    return _LETTER_OR_DIGIT.search(text) is not None
