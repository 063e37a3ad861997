"""Blanks the parts of a text that address the triage instead of the desk.

The lexicon writes commands in a small pattern language:

    ignore|forget .. rule|rules     either word, up to three others, either word
    instruction*                    any word with this beginning; not the first
    a_bot                           an underscore joins the words of one alternative
    {field} is|to {value}           any of the alternatives listed under that name
    the? ai                         the word is optional
    #                               any number
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate

from ticket_app.triage.text import Words

Sets = Mapping[str, Sequence[str]]
GAP = ".."
_ANY_THREE = "(?: [^ ]+){0,3}"
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)|\n")
_BLANK_LINE = "\n\n"
"""Replaces a removed part, so that no phrase matches across it."""


_compiled = lru_cache(None)(re.compile)
"""Compiles a pattern at its first use: all of them take a second, and few are needed."""


class Commands:
    """The phrases of the lexicon, as patterns."""

    def __init__(self, commands: Iterable[str], claims: Iterable[str], sets: Sets) -> None:
        """Raises ValueError for an invalid phrase."""
        self._commands = _by_first_word(commands, sets)
        self._claims = _by_first_word(claims, sets)
        self._first_words = frozenset(self._commands) | frozenset(self._claims)

    def blanked(self, words: Words) -> str:
        """Returns the text, of the same length, with blanks in place of commands and claims.

        A command ("ignore your rules") blanks its whole sentence. A claim ("priority: high") blanks
        only itself, because the rest of its sentence is about the matter.
        """
        text, kept, read_to = words.text, list[str](), 0
        for start, end in sorted(set(self._spans(words))):
            if end > read_to:
                begin = max(start, read_to)  # spans may overlap
                kept += [text[read_to:begin], _BLANK_LINE.ljust(end - begin)[: end - begin]]
                read_to = end
        return "".join([*kept, text[read_to:]]) if kept else text

    def _spans(self, words: Words) -> Iterator[tuple[int, int]]:
        folded, first_words = words.folded, self._first_words
        places = [at for at, word in enumerate(folded) if word in first_words]
        if not places:
            return
        # The end of a clause is an empty word, so it gives two blanks, which no pattern matches.
        said = f" {' '.join(folded)}"
        starts = [0, *accumulate([len(word) + 1 for word in folded])]
        ends: list[int] = []  # few texts have a command
        for at in places:
            for is_command, phrases in ((True, self._commands), (False, self._claims)):
                pattern = phrases.get(folded[at])
                if pattern and (found := _compiled(pattern).match(said, starts[at])):
                    begin = words.spans[at][0]
                    end = words.spans[bisect_left(starts, found.end()) - 1][1]
                    if is_command:
                        ends = ends or _sentence_ends(words.text)
                        begin = ends[bisect_right(ends, begin) - 1]
                        end = ends[bisect_left(ends, end)]
                    yield begin, end


def _sentence_ends(text: str) -> list[int]:
    return [0, *(end.end() for end in _SENTENCE_END.finditer(text)), len(text)]


def _by_first_word(phrases: Iterable[str], sets: Sets) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for phrase in phrases:
        pattern, first_words = _pattern(phrase, sets)
        for word in first_words:
            found.setdefault(word, []).append(pattern)
    return {word: "|".join(patterns) for word, patterns in found.items()}


def _pattern(phrase: str, sets: Sets) -> tuple[str, set[str]]:
    """Returns the phrase as a regular expression, and the words that it can begin with."""
    pattern, first_words, is_open = "", set[str](), True
    for part in phrase.split():
        if part == GAP and not is_open:
            pattern += _ANY_THREE
            continue
        is_optional = part.endswith("?")
        choices = [c for each in part.removesuffix("?").split("|") for c in _choices(each, sets)]
        # The longest first, because a regular expression takes the first alternative that matches.
        either = "|".join(sorted(choices, key=len, reverse=True))
        pattern += f"(?: (?:{either})(?= |$)){'?' * is_optional}"
        if is_open:
            first_words |= {choice.split(" ")[0] for choice in choices}
            is_open = is_optional
    if is_open or phrase.endswith(GAP) or any("[" in word for word in first_words):
        raise ValueError(f"a phrase begins with a whole word and ends with a word: {phrase!r}")
    return pattern, first_words


def _choices(choice: str, sets: Sets) -> list[str]:
    """Returns the words of an alternative, joined by blanks, as a regular expression."""
    if choice == "#":
        return ["[0-9][^ ]*"]
    if choice.startswith("{"):
        if choice[1:-1] not in sets:
            raise ValueError(f"no set of that name: {choice!r}")
        return [words for each in sets[choice[1:-1]] for words in _choices(each, sets)]
    words = " ".join(Words(choice.removesuffix("*")).folded)
    if not words or "  " in words:
        raise ValueError(f"not a word: {choice!r}")
    return [f"{words}[^ ]*" if choice.endswith("*") else words]
