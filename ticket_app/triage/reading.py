"""Reads a ticket's text into words, features and signs, for the engine, lessons and training."""

import re
from typing import NamedTuple

from ticket_app.triage.learning.features import Features, features_of
from ticket_app.triage.rules import rule_book
from ticket_app.triage.text import Words, without_surrogates, written_now

SIGNS = (
    "!", "!!", "!!!", "?", "??", "?!", "...", "…", ":)", ":-)", ";)", ":(", ":/", '"', "(", "—",
    " - ", ";", ":", "€", "$", "%", "😊", "🙂", "🙏", "👍", "🙄", "😡",
)  # fmt: skip
CAPITALS, CAPITALS_STEPS = "capitals", (1, 2, 4, 8)
SIGN_NAMES = (*SIGNS, *(f"{CAPITALS} {step}" for step in CAPITALS_STEPS))
_ANY_SIGN = re.compile(rf"[{re.escape(''.join(sorted(set(''.join(SIGNS)) - set(' '))))}]")
_MAY_SHOUT = re.compile(r"[A-ZÀ-Þ]{4}")
_SHOUTED = re.compile(r"\b[A-ZÀ-Þ]{4,}\b")

Signs = dict[str, tuple[str, ...]]
"""Signs of a text outside its words (punctuation, emoji, capitals), each with its quotes."""


class Read(NamedTuple):
    """A text without quoted mail, signature and commands: its words, features and signs."""

    words: Words
    features: Features
    signs: Signs


def read_text(description: str, title: str = "") -> Read:
    """Reads any text, without quoted mail, signature and commands to the triage."""
    book = rule_book()
    title = without_surrogates(title)
    written = written_now(without_surrogates(description), book.reading.closings, book.reading.cuts)
    words = Words(f"{title}\n\n{written}" if title else written)
    heard = book.commands.blanked(words)
    if heard is not words.text:
        words = Words(heard)
    title_words = len(Words(heard[: len(title)]).folded)
    return Read(words, features_of(words.folded, title_words), signs_of(heard))


def signs_of(text: str) -> Signs:
    """Returns the signs of a text, each with the quotes that show it."""
    found: Signs = {}
    if _ANY_SIGN.search(text):
        found = {sign: (sign,) for sign in SIGNS if sign in text}
    if _MAY_SHOUT.search(text):
        shouted = tuple(_SHOUTED.findall(text))
        for step in CAPITALS_STEPS:
            if len(shouted) >= step:
                found[f"{CAPITALS} {step}"] = shouted[:1]
    return found
