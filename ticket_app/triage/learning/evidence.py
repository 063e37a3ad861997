"""Turns the weights of a text's features into the phrases that a person is shown as evidence."""

from collections.abc import Mapping, Sequence

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
    points = _points(counts, found, words.folded, counted_min)
    enough = max(shown_min, SHARE_OF_STRONGEST * max(points.values(), default=0.0))
    counting = [place for place in points if points[place] >= enough]
    counting.sort(key=points.__getitem__, reverse=True)
    shown: list[str] = []
    for start, end in _runs(sorted(counting[:WORDS_MAX]), points):
        quote = words.text[words.spans[start][0] : words.spans[end][1]]
        if len(quote) >= CHARACTERS_MIN and quote not in shown:
            shown.append(quote)
            if len(shown) == PHRASES_MAX:
                break
    return tuple(shown)


def _points(
    counts: NDArray[np.float32], found: Found, folded: Sequence[str], counted_min: float
) -> dict[int, float]:
    """Returns the weight of each place that has any."""
    points: dict[int, float] = {}
    strong = np.flatnonzero(counts > counted_min)
    for at, weight in zip(strong.tolist(), counts[strong].tolist(), strict=True):
        if at < found.of_words:
            place = found.places[at]
            points[place] = points.get(place, 0.0) + weight
            continue
        places = found.words_of_pair(at, folded)
        for place in places:
            points[place] = points.get(place, 0.0) + weight / len(places)
    return points


def _runs(places: Sequence[int], points: Mapping[int, float]) -> list[tuple[int, int]]:
    """Joins neighbours into runs, each with its first and last place, those of most weight first.

    The end of a clause has its own place, so no run crosses it.
    """
    runs: list[tuple[float, int, int]] = []
    last, start, total = -2, -2, 0.0
    for place in places:
        if place == last + 1:
            total += points[place]
        else:
            if start >= 0:
                runs.append((-total, start, last))
            start, total = place, points[place]
        last = place
    if start >= 0:
        runs.append((-total, start, last))
    runs.sort()
    return [(start, last) for _, start, last in runs]
