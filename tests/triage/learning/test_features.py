"""The features of a text."""

from ticket_app.triage.learning.features import features_of
from ticket_app.triage.text import Words


def names(text: str) -> set[str]:
    """Returns the names of a text's features."""
    return set(features_of(Words(text).folded).names())


def test_words_their_beginnings_and_pairs() -> None:
    known = {"my", "refund", "ref*", "refun*", "my refund"}
    assert names("My refund") == known | {"my<", "refund<", "my>", "refund>"}


def test_no_pair_goes_across_the_end_of_a_clause_or_a_number() -> None:
    assert "refund crash" not in names("refund, crash")
    assert "refund crash" not in names("refund 12345 crash")


def test_the_end_of_a_clause_makes_a_pair_with_the_words_around_it() -> None:
    assert {"refund ", " crash"} <= names("refund, crash")
    assert " " not in names("refund. \n\n crash")


def test_a_number_is_any_number_and_nothing_alone() -> None:
    assert {"error #", "# bytes"} <= names("error 404 bytes")
    assert not {"404", "#", "390", "1.5"} & names("error 404, 390, 1.5")
    assert not {"390^", "#^"} & set(features_of(Words("390").folded, title_words=1).names())


def test_a_word_of_the_title_is_known_a_second_time() -> None:
    named = features_of(["refund", "", "now"], title_words=1).names()
    assert set(named) >= {"refund", "refund^", "now"}
    assert "now^" not in named


def test_the_first_and_the_last_words_below_the_title_are_known_as_such() -> None:
    words = ["title", "", *(f"w{letter}" for letter in "abcdefghijklmnopqrst")]
    named = set(features_of(words, title_words=1).names())
    assert {"wa<", "wh<", "wl>", "wt>"} <= named
    assert not {"title<", "wi<", "wk>"} & named


def test_a_compound_is_known_by_its_parts() -> None:
    assert {"*karte", "*rechn"} <= names("Kreditkartenrechnung")
    assert not any(name.startswith("*") for name in names("Rechnung"))


def test_a_feature_stands_where_it_first_stands() -> None:
    features = features_of(["to", "my", "to", "my"])
    assert {word: features.words[word] for word in ("to", "my")} == {"to": 0, "my": 1}
    assert features.pairs == {"to my": 0, "my to": 1}
