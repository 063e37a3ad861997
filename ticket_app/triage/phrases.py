"""The little language in which the lexicon writes phrases, and the search for them in a text.

    charged twice          these words, one after the other; case and accents do not count
    refund*                any word that begins so (at least three letters before the star)
    can't|cannot log in    either word
    charged .. twice       up to three other words in between

The phrases become one tree, walked once from each word: the work grows with the length of the
text, however the text is made.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Generic, NamedTuple, TypeVar

from ticket_app.triage.text import BREAK, Word, fold, words_of

GAP = ".."
GAP_WORDS = 3
STEM_LETTERS = 3

R = TypeVar("R")


class Hit(NamedTuple, Generic[R]):
    """A rule whose phrase stands at the words `first` to `end` (exclusive)."""

    rule: R
    first: int
    end: int


@dataclass(slots=True)
class _Node(Generic[R]):
    words: dict[str, "_Node[R]"] = field(default_factory=dict)
    stems: dict[str, list[tuple[str, "_Node[R]"]]] = field(default_factory=dict)
    after_gap: "_Node[R] | None" = None
    rules: list[R] = field(default_factory=list)


class PhraseTree(Generic[R]):
    """Rules found by their phrases. Build it once; it is not changed by a search."""

    def __init__(self, rules: Iterable[tuple[str, R]]) -> None:
        """Raises ValueError for a phrase that the language does not know."""
        self._root: _Node[R] = _Node()
        for phrase, rule in rules:
            for steps in spellings(phrase):
                _insert(self._root, steps, rule)

    def hits(self, words: Sequence[Word]) -> list[Hit[R]]:
        """Every place where a rule's phrase stands, in the order of the first word."""
        found: list[Hit[R]] = []
        folded = [word.folded for word in words]
        for first in range(len(folded)):
            _walk(self._root, folded, first, found)
        return found


def spellings(phrase: str) -> list[tuple[str, ...]]:
    """The sequences of folded words, stems (`refund*`) and gaps that the phrase stands for."""
    choices = [_choices(part) for part in phrase.split()]
    if not choices or choices[0] == [(GAP,)] or choices[-1] == [(GAP,)]:
        raise ValueError(f"a phrase begins and ends with a word: {phrase!r}")
    return [tuple(step for steps in chosen for step in steps) for chosen in product(*choices)]


def _choices(part: str) -> list[tuple[str, ...]]:
    if part == GAP:
        return [(GAP,)]
    return [_steps(choice) for choice in part.split("|")]


def _steps(choice: str) -> tuple[str, ...]:
    steps = [word.folded for word in words_of(choice.removesuffix("*"))]
    if not steps or BREAK in steps:
        raise ValueError(f"not a word: {choice!r}")
    if not choice.endswith("*"):
        return tuple(steps)
    if len(steps[-1]) < STEM_LETTERS:
        raise ValueError(f"a stem has at least {STEM_LETTERS} letters: {choice!r}")
    return (*steps[:-1], f"{steps[-1]}*")


def _insert(root: _Node[R], steps: tuple[str, ...], rule: R) -> None:
    node = root
    for step in steps:
        node = _child(node, step)
    if rule not in node.rules:
        node.rules.append(rule)


def _child(node: _Node[R], step: str) -> _Node[R]:
    if step == GAP:
        node.after_gap = node.after_gap or _Node()
        return node.after_gap
    if not step.endswith("*"):
        return node.words.setdefault(step, _Node())
    stem = fold(step[:-1])
    siblings = node.stems.setdefault(stem[:STEM_LETTERS], [])
    known = next((child for known_stem, child in siblings if known_stem == stem), None)
    if known is not None:
        return known
    child: _Node[R] = _Node()
    siblings.append((stem, child))
    return child


def _walk(root: _Node[R], folded: list[str], first: int, found: list[Hit[R]]) -> None:
    places = [(root, first)]
    while places:
        node, at = places.pop()
        if node.rules:
            found.extend([Hit(rule, first, at) for rule in node.rules])
        if at == len(folded) or folded[at] == BREAK:
            continue
        if node.after_gap is not None:
            places.extend(_places_after_gap(node.after_gap, folded, at))
        word = folded[at]
        child = node.words.get(word)
        if child is not None:
            places.append((child, at + 1))
        for stem, stem_child in node.stems.get(word[:STEM_LETTERS], ()):
            if word.startswith(stem):
                places.append((stem_child, at + 1))


def _places_after_gap(node: _Node[R], folded: list[str], at: int) -> list[tuple[_Node[R], int]]:
    places = []
    for place in range(at, min(at + GAP_WORDS + 1, len(folded))):
        if folded[place] == BREAK:
            break
        places.append((node, place))
    return places


def longest(hits: Iterable[Hit[R]]) -> list[Hit[R]]:
    """The hits without those that overlap an earlier, or at the same place a longer, one."""
    kept: list[Hit[R]] = []
    end = 0
    for hit in sorted(hits, key=lambda hit: (hit.first, -hit.end)):
        if hit.first >= end:
            kept.append(hit)
            end = hit.end
    return kept


def evidence(hit: Hit[R], words: Sequence[Word], text: str) -> str:
    """The hit's phrase exactly as it stands in the text."""
    return text[words[hit.first].start : words[hit.end - 1].end]
