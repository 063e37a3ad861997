"""The little language in which the lexicon writes phrases, and the search for them in a text.

    charged twice            these words, one after the other; case and accents do not count
    refund*                  any word that begins so (at least three letters before the star)
    can't|not_able_to log    either; an underscore joins the words of one alternative
    {cant} log in|on         any of the alternatives that the lexicon lists under that name
    my|our? account          with or without the word before the question mark
    charged .. twice         up to three other words in between
    # minutes                any number; ## is one of a thousand or more
    ^ how do i               only where a clause begins

The phrases become one tree, walked once from each word: the work grows with the length of the
text, however the text is made.
"""

from collections.abc import Iterable, KeysView, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import Any, Generic, NamedTuple, TypeVar

from ticket_app.triage.text import BREAK, Word, fold, words_of

GAP = ".."
GAP_WORDS = 3
STEM_LETTERS = 3
NUMBER, LARGE_NUMBER = "#", "##"
LARGE_DIGITS = 4
CLAUSE_START = "^"
WORDS_REMEMBERED = 20_000

Sets = Mapping[str, Sequence[str]]
"""Named alternatives, for `{name}`."""

R = TypeVar("R")


class Hit(NamedTuple, Generic[R]):
    """A rule whose phrase stands at the words `first` to `end` (exclusive)."""

    rule: R
    first: int
    end: int


Steps = tuple[str, ...]
"""What one word of a text can be in a phrase: itself, a number, a member of a set. The first is
itself; a BREAK is none."""


@dataclass(slots=True)
class _Node(Generic[R]):
    words: dict[str, "_Node[R]"] = field(default_factory=dict)
    stems: dict[str, list[tuple[str, "_Node[R]"]]] = field(default_factory=dict)
    after_gap: "_Node[R] | None" = None
    rules: tuple[R, ...] = ()

    def is_plain(self) -> bool:
        """Whether no phrase ends here, and those that go on do so with a certain word."""
        return not (self.rules or self.stems or self.after_gap)

    def go_on(self, steps: Steps, place: int, places: "list[_Place[R]]") -> None:
        """Add where the phrases go on, behind the word at `place`, that have this word next, as one
        of the steps it can be."""
        # Neither comprehensions nor lists in between, which are calls: nothing is as hot as this.
        words = self.words
        for step in steps:
            if (child := words.get(step)) is not None:
                places.append((child, place + 1))
        if self.stems:
            word = steps[0]
            for stem, stem_child in self.stems.get(word[:STEM_LETTERS], ()):
                if word.startswith(stem):
                    places.append((stem_child, place + 1))


_Place = tuple[_Node[R], int]
"""A node that was reached, and the word that comes next."""


class _Met(NamedTuple, Generic[R]):
    """A word of a text, and where phrases go on that begin with it.

    `before` are the steps of which one must come next for any of `starts` to be of use; None where
    it takes a closer look.
    """

    steps: Steps
    starts: tuple[_Node[R], ...]
    clause_starts: tuple[_Node[R], ...]
    before: KeysView[str] | None


_END: _Met[Any] = _Met((), (), (), None)
"""Stands behind the last word, where no phrase goes on, as behind a clause."""


class PhraseTree(Generic[R]):
    """Rules found by their phrases. Build it once; it is not changed by a search."""

    def __init__(self, rules: Iterable[tuple[str, R]], sets: Sets) -> None:
        """Raises ValueError for a phrase that the language does not know."""
        self._root: _Node[R] = _Node()
        for phrase, rule in rules:
            for steps in spellings(phrase, sets):
                _insert(self._root, steps, rule)
        self._members = _members(sets)
        self._at_start = self._root.words.get(CLAUSE_START, _Node())
        # Most words of a text begin no phrase; to know that at once is most of the speed.
        self._met = lru_cache(WORDS_REMEMBERED)(self._meet)

    def hits(self, words: Sequence[Word]) -> list[Hit[R]]:
        """Every place where a rule's phrase stands, in the order of the first word."""
        found: list[Hit[R]] = []
        met = [self._met(word.folded) for word in words]
        met.append(_END)
        begins = True
        for first, (steps, starts, clause_starts, before) in enumerate(met):
            if not steps:
                begins = True
                continue
            if begins and clause_starts:
                _walk((*starts, *clause_starts), met, first, found)
            elif starts and (before is None or not before.isdisjoint(met[first + 1].steps)):
                _walk(starts, met, first, found)
            begins = False
        return found

    def _meet(self, word: str) -> _Met[R]:
        if word == BREAK:
            return _END
        numbers = _numbers(word) if word[0].isdigit() else ()
        steps = (word, *numbers, *self._members.get(word, ()))
        starts, clause_starts = _children(self._root, steps), _children(self._at_start, steps)
        before = starts[0].words.keys() if len(starts) == 1 and starts[0].is_plain() else None
        return _Met(steps, starts, clause_starts, before)


def spellings(phrase: str, sets: Sets) -> list[tuple[str, ...]]:
    """The sequences of words, stems (`refund*`), gaps and signs that the phrase stands for."""
    choices = [_choices(part, sets) for part in phrase.split()]
    if not choices or choices[0] == [(GAP,)] or choices[-1] in ([(GAP,)], [(CLAUSE_START,)]):
        raise ValueError(f"a phrase begins and ends with a word: {phrase!r}")
    found = [tuple(step for steps in chosen for step in steps) for chosen in product(*choices)]
    if () in found:
        raise ValueError(f"a phrase has a word that must be there: {phrase!r}")
    return found


def _choices(part: str, sets: Sets) -> list[tuple[str, ...]]:
    if part in (GAP, CLAUSE_START):
        return [(part,)]
    if len(part) > 1 and part.endswith("?"):
        return [(), *_choices(part[:-1], sets)]
    return [steps for choice in part.split("|") for steps in _alternatives(choice, sets)]


def _alternatives(choice: str, sets: Sets) -> list[tuple[str, ...]]:
    if not choice.startswith("{"):
        return [_steps(choice)]
    name = choice.strip("{}")
    if name not in sets:
        raise ValueError(f"no set of that name: {choice!r}")
    longer = [steps for alternative in sets[name] if len(steps := _steps(alternative)) > 1]
    return [(choice,), *longer]


def _members(sets: Sets) -> dict[str, Steps]:
    """For each word the sets in which it stands alone; a tree of theirs is much smaller so."""
    members: dict[str, Steps] = {}
    for name, alternatives in sets.items():
        for steps in {_steps(alternative) for alternative in alternatives}:
            if len(steps) == 1:
                members[steps[0]] = (*members.get(steps[0], ()), f"{{{name}}}")
    return members


def _steps(choice: str) -> tuple[str, ...]:
    if choice in (NUMBER, LARGE_NUMBER):
        return (choice,)
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
        node.rules = (*node.rules, rule)


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


def _numbers(word: str) -> Steps:
    """What a word that begins with a digit counts as: `12th` a number, `1,450.00` a large one."""
    whole, _, decimals = word.replace(",", ".").rpartition(".")
    digits = f"{whole}{decimals if len(decimals) > 2 else ''}" if whole else word
    digits = digits.replace(".", "").replace("k", "000").lstrip("0")
    large = digits.isdecimal() and len(digits) >= LARGE_DIGITS
    return (NUMBER, LARGE_NUMBER) if large else (NUMBER,)


def _children(node: _Node[R], steps: Steps) -> tuple[_Node[R], ...]:
    places: list[_Place[R]] = []
    node.go_on(steps, 0, places)
    return tuple(child for child, _ in places)


def _walk(
    nodes: Sequence[_Node[R]], met: Sequence[_Met[R]], first: int, found: list[Hit[R]]
) -> None:
    """Follow the phrases of the nodes, which all begin with the word at `first`."""
    at = first + 1
    places: list[_Place[R]] = []
    while True:
        steps = met[at].steps
        for node in nodes:
            if node.rules:
                found.extend([Hit(rule, first, at) for rule in node.rules])
            if not steps:
                continue
            if node.after_gap is not None:
                _go_on_after_gap(node.after_gap, met, at, places)
            if node.words or node.stems:
                node.go_on(steps, at, places)
        if not places:
            return
        node, at = places.pop()
        nodes = (node,)


def _go_on_after_gap(
    node: _Node[R], met: Sequence[_Met[R]], at: int, places: list[_Place[R]]
) -> None:
    """Add where the phrase goes on behind the gap."""
    steps_to_go_on = node.words.keys()
    for place in range(at, at + GAP_WORDS + 1):
        steps = met[place].steps
        if not steps:
            return
        if node.stems or not steps_to_go_on.isdisjoint(steps):
            node.go_on(steps, place, places)


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
