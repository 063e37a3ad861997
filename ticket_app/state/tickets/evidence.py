"""Marks the phrases of a ticket's texts on which the triage rests.

A text becomes parts, which a page shows as texts. So nothing that anybody wrote is read as HTML.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from ticket_app.schemas.triage import SuggestionPublic
from ticket_app.theme import field_word
from ticket_app.vocabulary import TriageField

PHRASES_MAX = 3
"""Phrases that are marked for a field. An engine names those that weigh most first."""


@dataclass(frozen=True)
class Part:
    """A part of a text. `speaks_for` names the fields of which it is evidence; empty for none."""

    text: str
    speaks_for: str = ""


class _Mark(NamedTuple):
    begin: int
    end: int
    field: TriageField


def parts_of(text: str, newest_first: Sequence[SuggestionPublic]) -> list[Part]:
    """Returns the text in parts. Of each field the last suggestion counts, and of each phrase the
    first place where it stands. Phrases may overlap."""
    marks = [mark for field in TriageField for mark in _marks(text, field, newest_first)]
    cuts = sorted({0, len(text), *(place for mark in marks for place in mark[:2])})
    parts: list[Part] = []
    for begin, end in pairwise(cuts):
        fields = dict.fromkeys(m.field for m in marks if m.begin <= begin and end <= m.end)
        part = Part(text[begin:end], ", ".join(field_word(field) for field in fields))
        if parts and parts[-1].speaks_for == part.speaks_for:
            part = Part(parts.pop().text + part.text, part.speaks_for)
        parts.append(part)
    return parts


def _marks(text: str, field: TriageField, newest_first: Sequence[SuggestionPublic]) -> list[_Mark]:
    if field is TriageField.TITLE:  # a title quotes the text anyway
        return []
    phrases = next((one.evidence for one in newest_first if one.field == field), ())
    found = (_place_of(phrase, text) for phrase in phrases[:PHRASES_MAX])
    return [_Mark(*place.span(), field) for place in found if place]


def _place_of(phrase: str, text: str) -> re.Match[str] | None:
    """Finds a phrase as whole words, or within a word in a language that has no blanks.

    An engine may have joined lines, or changed the case.
    """
    words = r"\s+".join(map(re.escape, phrase.split()))
    if not words:
        return None
    whole = re.search(rf"(?<!\w){words}(?!\w)", text, re.IGNORECASE)
    return whole or re.search(words, text, re.IGNORECASE)
