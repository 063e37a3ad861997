"""Reading a ticket's text: what the requester wrote now, as words that rules can be matched with.

Every pattern here is linear in the length of the text: no nested or overlapping repetition.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import regex

BREAK = ""
"""Stands between the words where a clause ends; no rule matches across it."""

_APOSTROPHES = "'\N{RIGHT SINGLE QUOTATION MARK}`\N{ACUTE ACCENT}"
_NO_APOSTROPHES = str.maketrans("", "", _APOSTROPHES)
_TOKEN = re.compile(
    r"(\d+(?:[.,:]\d+)+(?![^\W_])"  # an amount, a time, a version
    rf"|[^\W_]+(?:[{_APOSTROPHES}][^\W_]+)*"  # a word, with its apostrophes
    r"|[€$£])"
    r"|[,!?;()](?=\s|$)|\.(?=\s|$)|\n[ \t\r]*\n"  # the end of a clause
)
_CONTROLS = regex.compile(
    r"[[\p{Cc}\p{Cf}]--[\p{Prepended_Concatenation_Mark}"
    r"\u00ad\u200b-\u200d\u2060\U000e0020-\U000e007f]]",
    regex.VERSION1,
)
_COMBINING = "Mn"
WORDS_REMEMBERED = 20_000
WORD_LETTERS = 40
"""What is longer is compared by its beginning; so what is remembered of words stays small."""


class Word(NamedTuple):
    """A word of the text, folded for comparison, with the place where it stands."""

    folded: str
    start: int
    end: int


def without_surrogates(text: str) -> str:
    """The text with each lone surrogate, which no encoding can carry, replaced by U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def without_controls(text: str) -> str:
    """The text with a blank for each control and direction character: a database refuses some of
    them, and others turn what stands around them. What joins or parts letters stays: it belongs to
    an emoji, or to a word of Persian or Thai."""
    if text.isascii() and text.isprintable():
        return text
    plain: str = _CONTROLS.sub(" ", text)
    return plain


@lru_cache(WORDS_REMEMBERED)
def fold(word: str) -> str:
    """The word as rules compare it: no case, no accents, no apostrophes."""
    plain = word.translate(_NO_APOSTROPHES)
    if plain.isascii():
        return plain.lower()
    parts = unicodedata.normalize("NFKD", plain.casefold())
    return "".join(part for part in parts if unicodedata.category(part) != _COMBINING)


def words_of(text: str) -> list[Word]:
    """The words of the text in order, with a BREAK word wherever a clause ends."""
    new = tuple.__new__  # a third of the time of Word(...), of which there is one a word
    return [
        new(
            Word,
            (
                fold(word[:WORD_LETTERS]) if (word := match.group(1)) else BREAK,
                match.start(),
                match.end(),
            ),
        )
        for match in _TOKEN.finditer(text)
    ]


def written_now(text: str, closings: Iterable[str], cuts: Iterable[str]) -> str:
    """The text with quoted lines, what follows a `cuts` line, and the signature emptied.

    Lines keep their place, so that a phrase found in the answer is found in the text too.
    `closings` are the folded first words of a signature, such as `kind regards`.
    """
    lines = text.split("\n")
    end = _signature_start(lines, tuple(closings), tuple(cuts))
    return "\n".join("" if _is_quoted(line) else line for line in lines[:end])


SIGNATURE_LINES = 8
SIGNATURE_LINE_WORDS = 6
SENTENCE_WORDS = 3


def _is_quoted(line: str) -> bool:
    return line.lstrip().startswith(">")


def _signature_start(lines: list[str], closings: tuple[str, ...], cuts: tuple[str, ...]) -> int:
    last = _last_written(lines)
    for number, line in enumerate(lines):
        if not line or number == 0:
            continue
        if line.rstrip() == "--" or _begins(line, cuts):
            return number
        is_near_the_end = last - number <= SIGNATURE_LINES
        if is_near_the_end and _is_closing(line, closings) and _is_signature(lines[number + 1 :]):
            return number
    return len(lines)


def _last_written(lines: list[str]) -> int:
    return max((number for number, line in enumerate(lines) if line.strip()), default=0)


def _begins(line: str, openings: tuple[str, ...]) -> bool:
    start = " ".join(fold(line[:60]).split()).lstrip("-_ ")
    return start.startswith(openings)


def _is_closing(line: str, closings: tuple[str, ...]) -> bool:
    return len(line.split()) <= 5 and _begins(line, closings)  # "Thanks, Ana", not a sentence


def _is_signature(lines: list[str]) -> bool:
    """Names and places, not sentences: to lose one of those is worse than to read a name."""
    return not any(_is_sentence(line.split()) for line in lines if not _is_quoted(line))


def _is_sentence(words: list[str]) -> bool:
    if not words:
        return False
    ends = words[-1].endswith(("!", "?")) or (
        words[-1].endswith(".") and len(words) >= SENTENCE_WORDS
    )
    return ends or len(words) > SIGNATURE_LINE_WORDS
