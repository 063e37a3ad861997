"""What a text says to the triage instead of to the desk, which is read as nothing.

The lexicon writes commands in a little language:

    ignore|forget .. rule|rules     either word, up to three others, either word
    instruction*                    any word that begins so
    a_bot                           an underscore joins the words of one alternative
    {field} is|to {value}           any of the alternatives listed under that name
    the? ai                         with or without the word
    #                               any number
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from ticket_app.triage.text import Word, words_of

Sets = Mapping[str, Sequence[str]]
GAP = ".."
_ANY_THREE = "(?: [^ ]+){0,3}"
_BEGINNING = 3
"""So many letters of a word tell which phrases may begin with it."""
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)|\n")
_BLANK_LINE = "\n\n"
"""So that no phrase reaches across."""


class Commands:
    """The phrases of the lexicon, ready to be found."""

    def __init__(self, commands: Iterable[str], claims: Iterable[str], sets: Sets) -> None:
        """Raises ValueError for a phrase that the language does not know."""
        self._commands = {
            beginning: [re.compile("|".join(patterns))]
            for beginning, patterns in _by_beginning(commands, sets).items()
        }
        self._claims = {
            beginning: [re.compile(pattern) for pattern in patterns]
            for beginning, patterns in _by_beginning(claims, sets).items()
        }
        self._beginnings = frozenset(self._commands) | frozenset(self._claims)

    def blanked(self, text: str, words: Sequence[Word]) -> str:
        """The text, as long as before, with blanks for whatever commands the triage.

        A command ("ignore your rules") takes its whole sentence along, a mere claim ("priority:
        high") only itself: a requester who writes one has the rest of the sentence to say.
        """
        kept: list[str] = []
        read_to = 0
        for start, end in sorted(set(self._spans(text, words))):
            if end > read_to:
                begin = max(start, read_to)  # spans may overlap
                kept += [text[read_to:begin], _BLANK_LINE.ljust(end - begin)[: end - begin]]
                read_to = end
        return "".join([*kept, text[read_to:]]) if kept else text

    def _spans(self, text: str, words: Sequence[Word]) -> Iterator[tuple[int, int]]:
        beginnings = self._beginnings
        places = [at for at, word in enumerate(words) if word[0][:_BEGINNING] in beginnings]
        if not places:
            return
        # The end of a clause is an empty word: two blanks, which no pattern goes across.
        folded = [word[0] for word in words]
        said = f" {' '.join(folded)}"
        starts = [0, *accumulate([len(word) + 1 for word in folded])]
        for at in places:
            beginning = folded[at][:_BEGINNING]
            for pattern in self._commands.get(beginning, ()):
                if found := pattern.match(said, starts[at]):
                    last = words[bisect_left(starts, found.end()) - 1]
                    ends = [0, *(end.end() for end in _SENTENCE_END.finditer(text)), len(text)]
                    begin = ends[bisect_right(ends, words[at].start) - 1]
                    yield begin, ends[bisect_left(ends, last.end)]
            for pattern in self._claims.get(beginning, ()):
                if found := pattern.match(said, starts[at]):
                    yield words[at].start, words[bisect_left(starts, found.end()) - 1].end


def _by_beginning(phrases: Iterable[str], sets: Sets) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for phrase in phrases:
        pattern, beginnings = _pattern(phrase, sets)
        for beginning in beginnings:
            found.setdefault(beginning, []).append(pattern)
    return found


def _pattern(phrase: str, sets: Sets) -> tuple[str, set[str]]:
    """The phrase as a regular expression, and the beginnings of the words it can begin with."""
    pattern, beginnings, is_open = "", set[str](), True
    for part in phrase.split():
        if part == GAP and not is_open:
            pattern += _ANY_THREE
            continue
        is_optional = part.endswith("?")
        choices = [c for each in part.removesuffix("?").split("|") for c in _choices(each, sets)]
        # The longest first: of two alternatives that fit, a regular expression takes the first.
        either = "|".join(sorted(choices, key=len, reverse=True))
        pattern += f"(?: (?:{either})(?= |$)){'?' * is_optional}"
        if is_open:
            beginnings |= {choice.split(" ")[0][:_BEGINNING] for choice in choices}
            is_open = is_optional
    if is_open or phrase.endswith(GAP):
        raise ValueError(f"a phrase begins and ends with a word: {phrase!r}")
    return pattern, beginnings


def _choices(choice: str, sets: Sets) -> list[str]:
    """The words of an alternative, joined by blanks, as a regular expression."""
    if choice == "#":
        return ["[0-9][^ ]*"]
    if choice.startswith("{"):
        if choice[1:-1] not in sets:
            raise ValueError(f"no set of that name: {choice!r}")
        return [words for each in sets[choice[1:-1]] for words in _choices(each, sets)]
    words = " ".join(word.folded for word in words_of(choice.removesuffix("*")))
    if not words or "  " in words:
        raise ValueError(f"not a word: {choice!r}")
    return [f"{words}[^ ]*" if choice.endswith("*") else words]
