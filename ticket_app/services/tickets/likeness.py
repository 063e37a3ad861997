"""How alike two texts are, by the words they share and how few others have them."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache
from heapq import nlargest
from itertools import chain, islice, zip_longest
from math import log, sqrt
from typing import NamedTuple

from ticket_app.data.folding import fold

WORD_LETTERS = 40
"""What is longer is compared by its beginning."""
WORD = re.compile(rf"([^\W_]{{3,{WORD_LETTERS}}})[^\W_]*")
ASKED_MAX = 5
"""Each takes the index some milliseconds at a million tickets."""
ASKED_LETTERS = 12
"""So much of a word is asked for: the index reads a list of places for every three letters."""
RARE = 4
"""A word that more texts of the sample have is not asked for: the sample itself has such texts."""
CONSIDERED = 40
SPELLED, CHEAP = 100, 3
"""Texts of the sample that say how frequent three letters are; so many may have them."""
REMEMBERED = 1_000
"""Texts whose words are kept: the sample is much the same from one call to the next."""


class Likeness(NamedTuple):
    """0 for nothing in common to 1 for the same words; and those shared, the weightiest first."""

    value: float
    shared: tuple[str, ...]


@lru_cache(maxsize=REMEMBERED)
def words_of(text: str) -> frozenset[str]:
    """The words of at least three letters or digits, folded as the search folds them."""
    return frozenset(WORD.findall(fold(text) or ""))


class Vocabulary:
    """What a sample of texts tells about words: how many of the texts have each."""

    def __init__(self, texts: Iterable[str]) -> None:
        sample = [words_of(text) for text in texts]
        self._having = Counter(chain.from_iterable(sample))
        self._weights = [log(1 + len(sample) / (1 + having)) for having in range(len(sample) + 1)]
        self._spelled = [" ".join(words) for words in sample[:SPELLED]]

    def weight(self, word: str) -> float:
        """The rarer the more: 0.7 for a word of every text; 0 for any while there are no texts."""
        return self._weights[self._having.get(word, 0)]

    def compare_with(
        self, ours: frozenset[str], *, at_least: float
    ) -> Callable[[frozenset[str]], Likeness | None]:
        """What tells the likeness of other words to these, or None where it is less.

        It is the cosine of the two sets, each word as long as its weight.
        """
        own = self._square(ours)

        def compare(theirs: frozenset[str]) -> Likeness | None:
            shared = ours & theirs
            common = self._square(shared)
            if common <= at_least**2 * own:  # too little even if they have no other words
                return None
            value = round(common / sqrt(own * self._square(theirs)), 3)
            weightiest = sorted(shared, key=lambda word: (-self.weight(word), word))
            return Likeness(value, tuple(weightiest)) if value >= at_least else None

        return compare

    def telling(self, words: frozenset[str]) -> list[str]:
        """At most ASKED_MAX of the words, by which an index finds rare texts like theirs fast.

        By turns one that some text of the sample has, which others are sure to have too, and one
        that none has: who has that as well is nearest, but it may be nobody.
        """
        rare = (word for word in words if self._having[word] <= RARE)
        longest = nlargest(CONSIDERED, rare, key=lambda word: (not word.isdigit(), len(word), word))
        cheap = sorted(
            (effort, word) for word in longest if (effort := self._effort(word)) <= CHEAP
        )
        known = [word for _, word in cheap if self._having[word]]
        unknown = [word for _, word in cheap if not self._having[word]]
        unknown.sort(key=str.isdigit)  # a number, of an order say, is likely to be nobody else's
        half = ASKED_MAX // 2
        unknown = unknown[: max(half, ASKED_MAX - len(known))]
        turns = zip_longest(known[: ASKED_MAX - len(unknown)], unknown)
        return [word for turn in turns for word in turn if word]

    def _effort(self, word: str) -> int:
        """How many of some texts have the word's rarest three letters, counted to CHEAP and one.

        An index of trigrams finds a word as fast as those are rare.
        """
        least = CHEAP + 1
        asked = word[:ASKED_LETTERS]
        for three in {asked[start : start + 3] for start in range(len(asked) - 2)}:
            having = (1 for text in self._spelled if three in text)
            least = sum(islice(having, least))
            if not least:
                break
        return least

    def _square(self, words: Iterable[str]) -> float:
        return sum(self.weight(word) ** 2 for word in words)
