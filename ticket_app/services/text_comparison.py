"""Compares texts by their words: what they have in common, and how much was changed.

All take time that is bounded by the lengths of the texts, whatever is in them.
"""

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple
from unicodedata import category, normalize

RUN_WORDS = 8
"""Words in a row that two texts have by copying, and hardly by chance."""
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
"""Letters of scripts without spaces between words: each counts as a word."""
_MARKS = "".join(chr(code) for code in range(0x300, 0x3100) if category(chr(code)).startswith("M"))
"""Signs that go with the letter before them, as the accents of a text that is not composed."""
_WORD = re.compile(rf"[{_UNSPACED}][{_MARKS}]*|(?:(?![{_UNSPACED}])[^\W_][{_MARKS}]*)+")
_TOKEN = re.compile(rf"{_WORD.pattern}|[^\w\s]|_")
_DETAIL = re.compile(
    rf"(?<![\w.+-])[\w{_MARKS}.+-]{{1,64}}@[\w{_MARKS}-]{{1,63}}(?:\.[\w{_MARKS}-]{{1,63}}){{1,8}}"
    r"|(?<![A-Za-z0-9_])[A-Z]{2}\d\d(?:[ -]?[A-Z0-9]){11,30}(?![A-Za-z0-9_])"  # as an IBAN
    r"|(?<![A-Za-z0-9_])\+?\d(?:[ ./-]?\d){4,30}(?![A-Za-z0-9_])"
)
"""An address, or a number of an account, an order or a telephone. Letters of other scripts may
stand beside a number: some have no spaces."""
LCS_WORDS = 4_000
"""Words and signs of each text whose common subsequence is sought: some 5 ms. Beyond them what is
neither at the beginning nor at the end of both texts counts as changed."""

Grams = dict[tuple[str, ...], int]


class Run(NamedTuple):
    """A part of a text, from `start` to before `end`, that the source with this number has too."""

    start: int
    end: int
    source: int


def copied_runs(text: str, sources: Mapping[int, str], own: str) -> list[Run]:
    """Returns the parts of a text that are in a source and not in `own`, in order, apart.

    A part is RUN_WORDS words or more in a row, or a detail: an e-mail address, an IBAN, or a number
    of five digits or more. Case and accents that are composed otherwise make no difference.
    Positions are those of the text as it is given.
    """
    known = frozenset(_grams(own))
    where: Grams = {}
    for source, said in sources.items():
        for gram in _grams(said):
            if gram not in known:
                where.setdefault(gram, source)
    spans = [(match.start(), match.end()) for match in _WORD.finditer(text)]
    words = [_plain(text[start:end]) for start, end in spans]
    found = [
        Run(spans[first][0], spans[first + RUN_WORDS - 1][1], where[gram])
        for first in range(len(words) - RUN_WORDS + 1)
        if (gram := tuple(words[first : first + RUN_WORDS])) in where
    ]
    return _apart([*found, *_details(text, sources, own)])


def has_common_run(text: str, other: str) -> bool:
    """Returns True if the texts have RUN_WORDS words in a row in common, or are the same words."""
    words, others = _words(text), _words(other)
    return words == others or not frozenset(_grams(text)).isdisjoint(_grams(other))


def share_changed(before: str, after: str) -> float:
    """Returns how much of two texts differs: 0 for the same words and signs, 1 for none in common.

    It is 1 less twice the longest common subsequence over the sum of the lengths, in words and
    signs. Blanks do not count. Of long texts it may be too much: see LCS_WORDS.
    """
    ours, theirs = (_TOKEN.findall(normalize("NFC", each)) for each in (before, after))
    if ours == theirs:
        return 0.0
    total = len(ours) + len(theirs)
    start = _common_beginning(ours, theirs)
    ours, theirs = ours[start:], theirs[start:]
    end = _common_beginning(ours[::-1], theirs[::-1])
    ours, theirs = ours[: len(ours) - end], theirs[: len(theirs) - end]
    between = _common_subsequence(ours[:LCS_WORDS], theirs[:LCS_WORDS])
    return 1 - 2 * (start + end + between) / total


def without_details(text: str, details: Collection[str], stand_in: str) -> str:
    """Returns the text with a stand-in for each of these names and addresses, in any case, and for
    every e-mail address, IBAN and number of five digits or more. The result is in NFC."""
    text = _DETAIL.sub(lambda _: stand_in, normalize("NFC", text))
    for detail in sorted(details, key=len, reverse=True):
        name = re.escape(normalize("NFC", detail))
        pattern = rf"(?<![^\W{_UNSPACED}]){name}(?![^\W{_UNSPACED}])"
        text = re.sub(pattern, lambda _: stand_in, text, flags=re.IGNORECASE)
    return text


def _common_beginning(ours: list[str], theirs: list[str]) -> int:
    count = 0
    for one, other in zip(ours, theirs, strict=False):
        if one != other:
            break
        count += 1
    return count


def _common_subsequence(ours: list[str], theirs: list[str]) -> int:
    """Returns the length of the longest common subsequence, by the bit-parallel algorithm of Hyyrö
    (2004): one whole number has a row of the table, so that 20,000 words take some 0.1 s."""
    places: dict[str, int] = {}
    for place, token in enumerate(ours):
        places[token] = places.get(token, 0) | 1 << place
    whole = (1 << len(ours)) - 1
    row = whole
    for token in theirs:
        matches = row & places.get(token, 0)
        row = ((row + matches) | (row - matches)) & whole
    return len(ours) - row.bit_count()


def _details(text: str, sources: Mapping[int, str], own: str) -> list[Run]:
    known = {_bare(match[0]) for match in _DETAIL.finditer(own)}
    where: dict[str, int] = {}
    for source, said in sources.items():
        for match in _DETAIL.finditer(said):
            where.setdefault(_bare(match[0]), source)
    return [
        Run(match.start(), match.end(), where[bare])
        for match in _DETAIL.finditer(text)
        if (bare := _bare(match[0])) in where and bare not in known
    ]


def _apart(runs: list[Run]) -> list[Run]:
    """Returns the runs in order; those of one source that overlap become one."""
    apart: list[Run] = []
    for run in sorted(runs):
        last = apart[-1] if apart else None
        if last is None or run.start >= last.end:
            apart.append(run)
        elif run.source == last.source:
            apart[-1] = last._replace(end=max(last.end, run.end))
        elif run.end > last.end:
            apart.append(run._replace(start=last.end))
    return apart


def _grams(text: str) -> set[tuple[str, ...]]:
    words = _words(text)
    return {tuple(words[at : at + RUN_WORDS]) for at in range(len(words) - RUN_WORDS + 1)}


def _words(text: str) -> list[str]:
    return [_plain(word) for word in _WORD.findall(normalize("NFC", text))]


def _plain(word: str) -> str:
    return normalize("NFKC", word).casefold()


def _bare(detail: str) -> str:
    """Returns an address folded, or the digits and letters of a number."""
    if "@" in detail:
        return normalize("NFC", detail).casefold()
    return re.sub(r"\W", "", detail)
