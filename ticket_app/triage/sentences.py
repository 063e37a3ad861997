"""Finds the end of a text's first sentence, past abbreviations, ordinals, initials and numbers."""

import re
from functools import lru_cache
from typing import Any

import regex

from ticket_app.triage.rules import rule_book
from ticket_app.triage.text import fold

READ_CHARACTERS = 100
"""The characters in which an end is searched for; a title is cut before."""
WORD_CHARACTERS = 40
WORDS_REMEMBERED = 5_000
SENTENCE_WORDS_MIN = 2
DENSE_LETTERS_MIN = 4
"""The equivalent of SENTENCE_WORDS_MIN in a script that writes words without spaces."""
CURLY = "\N{RIGHT SINGLE QUOTATION MARK}"
WIDE_POINT = "\N{FULLWIDTH FULL STOP}"
FULL_STOPS = (
    f".{WIDE_POINT}\N{IDEOGRAPHIC FULL STOP}\N{HALFWIDTH IDEOGRAPHIC FULL STOP}\N{DEVANAGARI DANDA}"
    "\N{ARABIC FULL STOP}\N{ETHIOPIC FULL STOP}\N{ARMENIAN FULL STOP}"
    "\N{MYANMAR SIGN SECTION}\N{KHMER SIGN KHAN}"
)
"""Characters that are removed at the end of a title; a question mark stays."""

# A mark of another script ends a sentence by itself, a Latin one only before a space. The Greek
# question mark is also typed as a semicolon.
_MARKS = regex.compile(
    r"""(?P<mark>[.!?…‼⁇⁈⁉]+|[\p{Sentence_Terminal}--[.!?‼⁇⁈⁉]]+|(?<=\p{Script=Greek})[;\u037e])"""
    r"""[\p{Pe}\p{Pf}\p{Pi}"']*""",
    regex.VERSION1,
)
_SPACED = frozenset(".!?…‼⁇⁈⁉")
_OPENING = f"([{{<\"'«»„“”¿¡{CURLY}\N{LEFT SINGLE QUOTATION MARK}\N{SINGLE LOW-9 QUOTATION MARK}"
_LETTER = re.compile(r"[^\W_]")
_DENSE = regex.compile(
    r"[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}"
    r"\p{Script=Khmer}\p{Script=Myanmar}]"
)
_NEXT_WORD = re.compile(rf"(?P<initial>(?=[^\W\d_]\.))?(?P<word>[^\W\d_]+)(?P<elided>['{CURLY}])?")
_NUMBER = re.compile(
    r"[#№]?\d[\d.,:/-]*|[IVX]{2,}"
    r"|\d+(?:st|nd|rd|th|ers?|[eè]re|e|[eè]me|os?|as?|[ºª]|ste|de)"  # 2nd, 1er, 3º
)
_PIECES = re.compile(
    r"[^\W\d_](?:\.?-[^\W\d_])*"  # J, J-P
    r"|(?:[^\W\d_]{1,3}\.)*[^\W\d_]\.(?:[^\W\d_]{1,3}\.)*[^\W\d_]{1,3}"  # U.S, S.p.A, f.eks
    r"|[^\W\d_]{2,3}\.[^\W\d_]"  # bl.a
)
_NO_VOWEL = re.compile(r"[bcdfghjklmnpqrstvwxz]{2,5}")


def first_sentence(line: str) -> str:
    """Returns the line's first sentence, without its full stop unless that is an abbreviation's.

    A "sentence" of a single word is joined with the next one.
    """
    for found in _MARKS.finditer(line, 0, READ_CHARACTERS):
        sentence = line[: found.end()]
        if _says_enough(sentence) and _ends(line, found):
            return _without_full_stop(sentence)
    return _without_full_stop(line)


def _says_enough(sentence: str) -> bool:
    if len(sentence.split()) >= SENTENCE_WORDS_MIN:
        return _LETTER.search(sentence) is not None
    return len(_DENSE.findall(sentence)) >= DENSE_LETTERS_MIN


def _ends(line: str, found: Any) -> bool:
    """Returns True if the marks that were found end a sentence."""
    mark, at = found["mark"], found.end()
    rest = line[at : at + WORD_CHARACTERS]
    is_closed = at > found.end("mark")
    if not rest.strip():
        return True
    if mark[0] not in _SPACED:
        return not (is_closed or mark == WIDE_POINT) or not _LETTER.match(rest)
    if not rest[0].isspace():  # Chinese and Japanese are also typed with Latin marks
        return bool(_DENSE.match(rest) and _DENSE.match(line, found.start() - 1))
    if is_closed or mark[:2] == ".." or mark[0] == "…":
        following = _LETTER.search(rest)
        return following is None or not following[0].islower()
    if mark != "." or rest.lstrip()[0] in "¿¡":
        return True
    return not _abbreviates(_word_before(line, found.start()), rest, line[0].isupper())


def _word_before(line: str, end: int) -> str:
    before = line[max(0, end - WORD_CHARACTERS) : end].rsplit(None, 1)
    word = before[-1].lstrip(_OPENING) if before else ""
    return word.replace(CURLY, "'").rpartition("'")[2]  # l'av. is av.


def _abbreviates(word: str, rest: str, begins_with_a_capital: bool) -> bool:
    """Returns True if the full stop belongs to the word, and the sentence goes on in the rest."""
    sheet = rule_book().sentences
    following = rest.split(None, 1)[0].lstrip(_OPENING)
    if fold(word) in sheet.before_numbers:
        goes_on_small = begins_with_a_capital and following[:1].islower()
        return goes_on_small or any(sign.isdigit() for sign in following)
    if not (_NUMBER.fullmatch(word) or _is_abbreviation(word)):
        return False
    return not _starts_a_sentence(following)


@lru_cache(WORDS_REMEMBERED)
def _is_abbreviation(word: str) -> bool:
    """Returns True if this is an abbreviation, so that a full stop after it belongs to it."""
    sheet = rule_book().sentences
    folded = fold(word.rpartition("-")[2])
    if folded in sheet.abbreviations or folded.endswith(sheet.endings):
        return True
    if _PIECES.fullmatch(word):
        return True
    is_word = word.isupper() or folded in sheet.words
    return not is_word and _NO_VOWEL.fullmatch(folded) is not None


def _starts_a_sentence(following: str) -> bool:
    found = _NEXT_WORD.match(following)
    if found is None or not found["word"][0].isupper() or found["initial"]:
        return False
    folded, starts = fold(found["word"]), rule_book().sentences.starts
    return folded in starts or (bool(found["elided"]) and f"{folded}'" in starts)


def _without_full_stop(sentence: str) -> str:
    bare = sentence.rstrip(FULL_STOPS)
    is_short_form = sentence[len(bare) :] == "." and _is_abbreviation(_word_before(bare, len(bare)))
    return sentence if is_short_form else bare
