"""Texts are compared by their words, in any script."""

from random import Random
from typing import Literal
from unicodedata import normalize

import pytest

from ticket_app.services import text_comparison
from ticket_app.services.text_comparison import (
    copied_runs,
    has_common_run,
    share_changed,
    without_details,
)

Form = Literal["NFC", "NFD"]

EIGHT = "one two three four five six seven eight"


def longest(ours: list[str], theirs: list[str]) -> int:
    """Returns the length of the longest common subsequence by its definition."""
    row = [0] * (len(theirs) + 1)
    for one in ours:
        before = row
        row = [0]
        for place, other in enumerate(theirs):
            row.append(before[place] + 1 if one == other else max(row[place], before[place + 1]))
    return row[-1]


def test_the_share_that_changed_is_by_the_longest_common_subsequence() -> None:
    random = Random(3)
    for _ in range(300):
        ours, theirs = (random.choices("abcd", k=random.randint(1, 12)) for _ in range(2))
        expected = 1 - 2 * longest(ours, theirs) / (len(ours) + len(theirs))
        found = share_changed(" ".join(ours), "\n".join(theirs))
        assert found == pytest.approx(expected)
        assert (found == 0) == (ours == theirs)


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        (EIGHT, [EIGHT]),
        (EIGHT.removesuffix(" eight"), []),
        (f"Well, {EIGHT.upper()}! And so on", [EIGHT.upper()]),
        (EIGHT.replace(" ", ",\n"), [EIGHT.replace(" ", ",\n")]),
        (EIGHT.replace("four", "vier"), []),
        ("請在設定中重新啟動印表機兩次", ["請在設定中重新啟動印表機"]),
        ("write to CAY@example.com now", ["CAY@example.com"]),
        ("order 12-34-56 of 2026", ["12-34-56"]),
        ("row 5000, order 99999", []),
        ("", []),
    ],
)
def test_what_two_texts_share_is_marked(text: str, marked: list[str]) -> None:
    other = f"{EIGHT} nine. 請在設定中重新啟動印表機。cay@example.com, 123456, 5000"
    found = copied_runs(text, {7: "no", 12: other}, own="99999")
    assert [text[each.start : each.end] for each in found] == marked
    assert {each.source for each in found} <= {12}
    assert copied_runs(text, {12: other}, own=other) == []


@pytest.mark.parametrize(
    "text", ["Ünë dös três quàtre cïnc sìs sèt vüit", "アドレスをごかくにん", "한국어 " * 8]
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_accents_that_are_composed_otherwise_are_marked(text: str, form: Form) -> None:
    other = normalize("NFC" if form == "NFD" else "NFD", text)
    text = f"Zoe\u0308: {normalize(form, text.strip())}!"
    (found,) = copied_runs(text, {7: other}, own="")
    assert text[found.start : found.end] == text[text.index(" ") + 1 : -1]
    assert share_changed(normalize("NFC", text), normalize("NFD", text)) == 0


def test_an_account_is_marked() -> None:
    text = "Pay to GB82 WEST 1234 5698 7654 32 or DE89370400440532013000, please."
    found = copied_runs(text, {7: "GB82WEST12345698765432; DE89 3704 0044 0532 0130 00"}, own="")
    assert [text[each.start : each.end] for each in found] == [
        "GB82 WEST 1234 5698 7654 32",
        "DE89370400440532013000",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Dear Zoë, ZOE\u0308 is Zoe.", "Dear […], […] is Zoe."),
        ("王小明您好。注文番号12345678です", "[…]您好。注文番号[…]です"),
        ("Write to ana.b@example.com, +49 30 1234-567.", "Write to […], […]."),
        ("Row 5000 of 2026 by Zoëlle", "Row 5000 of 2026 by Zoëlle"),
        ("DE89 3704 0044 0532 0130 00 is yours", "[…] is yours"),
    ],
)
def test_details_have_a_stand_in(text: str, told: str) -> None:
    assert without_details(text, {"Zoe\u0308", "王小明"}, "[…]") == told


def test_of_long_texts_the_middle_counts_as_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = "x a b c d y z", "x e b c f y z"
    assert share_changed(before, after) == pytest.approx(2 / 7)
    monkeypatch.setattr(text_comparison, "LCS_WORDS", 2)
    assert share_changed(before, after) == pytest.approx(3 / 7)
    assert share_changed(before, before) == 0


def test_marks_are_apart_and_in_order() -> None:
    words = [f"w{number}" for number in range(20)]
    text = " ".join(words)
    first, second = copied_runs(text, {1: " ".join(words[:12]), 2: " ".join(words[6:])}, own="")
    assert (text[: first.end], first.source) == (" ".join(words[:12]), 1)
    assert (text[second.start :].strip(), second.source) == (" ".join(words[12:]), 2)
    assert first.end <= second.start


def test_a_short_text_is_kept_only_whole() -> None:
    assert has_common_run("Yes, it is.", "yes it is")
    assert not has_common_run("Yes, it is.", "Yes, it is so.")
    assert has_common_run(EIGHT, f"Dear Ana, {EIGHT}.")
