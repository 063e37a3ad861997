"""The evidence of the triage is marked where it stands in a ticket's texts."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ticket_app.schemas.triage import SuggestionPublic
from ticket_app.state.tickets.evidence import Part, parts_of
from ticket_app.vocabulary import TriageField


def suggested(field: TriageField, *evidence: str) -> SuggestionPublic:
    return SuggestionPublic(
        field=field,
        value="high",
        confidence=0.9,
        evidence=evidence,
        engine="offline",
        model="",
        prompt_version="",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("text", "phrases", "marked"),
    [
        ("Read the ad, an ad.", ["ad"], ["ad"]),
        ("The TILLS\n are down", ["tills are down"], ["TILLS\n are down"]),
        ("支払いができません", ["支払い"], ["支払い"]),
        ("<b>now</b> & <script>", ["<b>now</b>", "<script>"], ["<b>now</b>", "<script>"]),
        ("one two three four", ["one", "two", "three", "four"], ["one", "two", "three"]),
        ("nothing here", ["elsewhere", "", " "], []),
        (".* (a", [".* (a"], [".* (a"]),
    ],
)
def test_phrases_are_found(text: str, phrases: list[str], marked: list[str]) -> None:
    parts = parts_of(text, [suggested(TriageField.PRIORITY, *phrases)])
    assert [part.text for part in parts if part.speaks_for] == marked
    assert "".join(part.text for part in parts) == text


def test_phrases_of_several_fields_overlap_and_the_newest_suggestion_counts() -> None:
    newest_first = [
        suggested(TriageField.PRIORITY, "tills are down"),
        suggested(TriageField.CATEGORY, "all tills"),
        suggested(TriageField.TITLE, "nobody"),
        suggested(TriageField.PRIORITY, "nobody"),
    ]
    assert parts_of("Now all tills are down, nobody sells", newest_first) == [
        Part("Now "),
        Part("all ", "Category"),
        Part("tills", "Category, Priority"),
        Part(" are down", "Priority"),
        Part(", nobody sells"),
    ]


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60), st.lists(st.text(max_size=6), max_size=5))
def test_the_parts_are_the_text(text: str, phrases: list[str]) -> None:
    found = [suggested(field, *phrases) for field in TriageField]
    parts = parts_of(text, found)
    assert "".join(part.text for part in parts) == text
    assert all(part.text for part in parts) or not text
