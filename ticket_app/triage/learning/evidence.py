"""Turns the weights of a text's features into the phrases that a person is shown as evidence."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ticket_app.triage.learning.features import Found
from ticket_app.triage.text import Words

PHRASES_MAX = 3
WORDS_MAX = 10
CHARACTERS_MIN = 4
"""A shorter phrase explains little by itself."""
SHARE_OF_STRONGEST = 0.25
"""A word with less than this share of the strongest word's weight is not shown."""


def phrases(
    counts: NDArray[np.float32],
    found: Found,
    words: Words,
    counted_min: float = 0.0,
    shown_min: float = 0.0,
) -> tuple[str, ...]:
    """Returns the words of the most weight as quotes of the text, with neighbours joined.

    `counts` are the weights of the rows that were found; a pair's weight is divided between its two
    words. Rows of at most `counted_min` are ignored, and then words of less than `shown_min`. The
    phrases of the most weight come first.
    """
    points: dict[int, float] = {}
    strong = np.flatnonzero(counts > counted_min)
    for at, weight in zip(strong.tolist(), counts[strong].tolist(), strict=True):
        places = found.words_of(at, words.folded)
        for place in places:
            points[place] = points.get(place, 0.0) + weight / len(places)
    enough = max(shown_min, SHARE_OF_STRONGEST * max(points.values(), default=0.0))
    counting = [place for place in points if points[place] >= enough]
    counting.sort(key=points.__getitem__, reverse=True)
    runs = _runs(sorted(counting[:WORDS_MAX]))
    runs.sort(key=lambda run: -sum([points[place] for place in run]))
    quotes = (words.text[words.spans[run[0]][0] : words.spans[run[-1]][1]] for run in runs)
    shown = dict.fromkeys(quote for quote in quotes if len(quote) >= CHARACTERS_MIN)
    return tuple(shown)[:PHRASES_MAX]


def _runs(places: Sequence[int]) -> list[list[int]]:
    """Joins neighbours into runs. The end of a clause has its own place, so no run crosses it."""
    runs: list[list[int]] = []
    for place in places:
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs
