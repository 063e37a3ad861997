"""Splits a ticket's text into folded words, and removes quoted mail and signatures.

Every pattern takes time linear in the length of the text: none has nested or overlapping
repetition.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cached_property, lru_cache

import regex

BREAK = ""
"""The empty word at the end of a clause; no rule matches across it."""

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
"""A longer word is compared by its beginning, which bounds the size of the cache."""


class Words:
    """A text's words in order, folded for comparison, with a BREAK at the end of each clause."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._written: list[str] = _TOKEN.findall(text)
        self.folded = [fold(word[:WORD_LETTERS]) for word in self._written]

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """The start and end of each word in the text, computed at the first use."""
        spans, end = [], 0
        for word in self._written:  # no text between two words can match the second
            start = self.text.index(word, end)
            end = start + len(word)
            spans.append((start, end))
        return spans


def without_surrogates(text: str) -> str:
    """Returns the text with U+FFFD for each lone surrogate, which no encoding can represent."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def without_controls(text: str) -> str:
    """Returns the text with a blank for each control and direction character.

    A database refuses some of them, and others reverse the text around them. Joiners and
    non-joiners stay, because they belong to emoji and to words of Persian or Thai.
    """
    if text.isascii() and text.isprintable():
        return text
    plain: str = _CONTROLS.sub(" ", text)
    return plain


@lru_cache(WORDS_REMEMBERED)
def fold(word: str) -> str:
    """Returns the word without case, accents and apostrophes, for comparison."""
    plain = word.translate(_NO_APOSTROPHES)
    if plain.isascii():
        return plain.lower()
    parts = unicodedata.normalize("NFKD", plain.casefold())
    return "".join(part for part in parts if unicodedata.category(part) != _COMBINING)


SIGNATURE_LINES = 8
SIGNATURE_LINE_WORDS = 6
SENTENCE_WORDS = 3


def written_now(text: str, closings: Iterable[str], cuts: Iterable[str]) -> str:
    """Returns the text without quoted lines, the signature, and everything from a `cuts` line on.

    Quoted lines become empty lines, so that the others keep their numbers. `closings` are the
    folded first words of a signature, such as `kind regards`.
    """
    lines = text.split("\n")
    last = max((number for number, line in enumerate(lines) if line.strip()), default=0)
    closed, cut = tuple(closings), ("--", *cuts)
    end = len(lines)
    for number, line in enumerate(lines[1:], start=1):
        if (
            _begins(line, cut)
            or (
                last - number <= SIGNATURE_LINES
                and len(line.split()) <= 5  # "Thanks, Ana", not a sentence
                and _begins(line, closed)
                and not any(_is_sentence(each.split()) for each in lines[number + 1 : last + 1])
            )
        ):
            end = number
            break
    return "\n".join("" if line.lstrip().startswith(">") else line for line in lines[:end])


def _begins(line: str, openings: tuple[str, ...]) -> bool:
    if line.rstrip() == "--" or not line:
        return line.rstrip() in openings
    start = " ".join(fold(line[:60]).split()).lstrip("-_ ")
    return start.startswith(openings)


def _is_sentence(words: list[str]) -> bool:
    """Returns True if the line is more than a name or a place.

    In doubt it is a sentence, because losing a sentence is worse than reading a name.
    """
    if not words or words[0].startswith(">"):
        return False
    ends = words[-1].endswith(("!", "?")) or (
        words[-1].endswith(".") and len(words) >= SENTENCE_WORDS
    )
    return ends or len(words) > SIGNATURE_LINE_WORDS
