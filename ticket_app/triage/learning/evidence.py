"""From how much each word counted to the phrases that a person is shown."""

from collections.abc import Sequence

from ticket_app.triage.text import Word

PHRASES_MAX = 3
WORDS_MAX = 10
CHARACTERS_MIN = 4
"""A shorter word says little by itself."""
SHARE_OF_STRONGEST = 0.25
"""A word that counts for less than this share of the strongest one explains nothing."""


def phrases(
    points: Sequence[float], words: Sequence[Word], text: str, least: float = 0.0
) -> tuple[str, ...]:
    """The words that counted most, neighbours joined, exactly as they stand in the text.

    `points` are those of each word. The phrases that count most come first; words that counted
    against the value are not shown, nor those that count less than `least`.
    """
    strongest = max(points, default=0.0)
    if strongest <= 0.0:
        return ()
    enough = max(least, SHARE_OF_STRONGEST * strongest)
    counting = [place for place, much in enumerate(points) if much >= enough]
    if len(counting) > WORDS_MAX:
        counting.sort(key=points.__getitem__, reverse=True)
        counting = sorted(counting[:WORDS_MAX])
    runs = _runs(counting)
    runs.sort(key=lambda run: -sum([points[place] for place in run]))
    quotes = (text[words[run[0]].start : words[run[-1]].end] for run in runs)
    said = dict.fromkeys(quote for quote in quotes if len(quote) >= CHARACTERS_MIN)
    return tuple(said)[:PHRASES_MAX]


def _runs(places: Sequence[int]) -> list[list[int]]:
    """Neighbours together. A clause's end is a place of its own, so no run goes across it."""
    runs: list[list[int]] = []
    for place in places:
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs
