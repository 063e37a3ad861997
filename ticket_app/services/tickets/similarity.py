"""The similarity of two texts: the cosine of their words, weighted by how rare each word is."""

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
"""Longest word; of a longer one only this many letters are compared."""
WORD = re.compile(rf"([^\W_]{{3,{WORD_LETTERS}}})[^\W_]*")
LOOKUPS_MAX = 5
"""Words looked up in the index; each takes some milliseconds at a million tickets."""
LOOKUP_LETTERS = 12
"""Letters of a word that are looked up: the index reads a posting list for each trigram."""
RARE = 4
"""A word that more texts of the sample have is not looked up: the sample has enough such texts."""
CONSIDERED = 40
"""Longest rare words whose cost in the index is estimated."""
TRIGRAM_SAMPLE, CHEAP_MAX = 100, 3
"""Texts of the sample from which the frequency of a trigram is estimated, and the most of them that
may have a cheap word's rarest trigram."""
REMEMBERED = 1_000
"""Texts whose words are cached: consecutive calls compare nearly the same sample."""


class Similarity(NamedTuple):
    """A similarity of 0 (no common words) to 1 (the same words), and the shared words.

    The words with the highest weights come first.
    """

    value: float
    shared: tuple[str, ...]


@lru_cache(maxsize=REMEMBERED)
def words_of(text: str) -> frozenset[str]:
    """Returns the words of at least three letters or digits, folded as the search folds them."""
    return frozenset(WORD.findall(fold(text) or ""))


class DocumentFrequencies:
    """The document frequencies of a sample: how many of its texts have each word."""

    def __init__(self, texts: Iterable[str]) -> None:
        sample = [words_of(text) for text in texts]
        self._having = Counter(chain.from_iterable(sample))
        self._weights = [log(1 + len(sample) / (1 + having)) for having in range(len(sample) + 1)]
        self._trigram_sample = [" ".join(words) for words in sample[:TRIGRAM_SAMPLE]]

    def weight(self, word: str) -> float:
        """Returns a word's weight, which grows as the word is rarer.

        It is 0.7 for a word of every text, and 0 for any word if the sample is empty.
        """
        return self._weights[self._having.get(word, 0)]

    def compare_with(
        self, ours: frozenset[str], *, at_least: float
    ) -> Callable[[frozenset[str]], Similarity | None]:
        """Returns a function that compares other words with `ours`.

        It returns the cosine of the two weighted sets of words, or None if it is below `at_least`.
        """
        own = self._squared_length(ours)

        def compare(theirs: frozenset[str]) -> Similarity | None:
            shared = ours & theirs
            common = self._squared_length(shared)
            if common <= at_least**2 * own:  # too low even if `theirs` has no other words
                return None
            value = round(common / sqrt(own * self._squared_length(theirs)), 3)
            weightiest = sorted(shared, key=lambda word: (-self.weight(word), word))
            return Similarity(value, tuple(weightiest)) if value >= at_least else None

        return compare

    def words_to_look_up(self, words: frozenset[str]) -> list[str]:
        """Returns at most LOOKUPS_MAX rare words that an index of trigrams finds fast.

        Words that some text of the sample has alternate with words that none has. A text with a
        word of the second kind is the most similar, but there may be no such text.
        """
        rare = (word for word in words if self._having[word] <= RARE)
        longest = nlargest(CONSIDERED, rare, key=lambda word: (not word.isdigit(), len(word), word))
        cheap = sorted(
            (cost, word) for word in longest if (cost := self._lookup_cost(word)) <= CHEAP_MAX
        )
        known = [word for _, word in cheap if self._having[word]]
        unknown = [word for _, word in cheap if not self._having[word]]
        unknown.sort(key=str.isdigit)  # last: other tickets rarely have a number, say of an order
        half = LOOKUPS_MAX // 2
        unknown = unknown[: max(half, LOOKUPS_MAX - len(known))]
        pairs = zip_longest(known[: LOOKUPS_MAX - len(unknown)], unknown)
        return [word for pair in pairs for word in pair if word]

    def _lookup_cost(self, word: str) -> int:
        """Returns how many sampled texts have the word's rarest trigram, up to CHEAP_MAX + 1.

        The cost of a word in the index of trigrams grows with that number.
        """
        least = CHEAP_MAX + 1
        looked_up = word[:LOOKUP_LETTERS]
        for trigram in {looked_up[start : start + 3] for start in range(len(looked_up) - 2)}:
            having = (1 for text in self._trigram_sample if trigram in text)
            least = sum(islice(having, least))
            if not least:
                break
        return least

    def _squared_length(self, words: Iterable[str]) -> float:
        return sum(self.weight(word) ** 2 for word in words)
