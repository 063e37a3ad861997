"""What a text is known by."""

from ticket_app.triage.learning.features import features_of
from ticket_app.triage.text import words_of


def names(text: str) -> set[str]:
    """The features of a text."""
    return set(features_of([word.folded for word in words_of(text)]))


def test_words_their_beginnings_and_pairs() -> None:
    assert names("My refund") == {"my", "refund", "ref*", "refun*", "my refund"}


def test_no_pair_goes_across_the_end_of_a_clause_or_a_number() -> None:
    assert "refund crash" not in names("refund, crash")
    assert "refund crash" not in names("refund 12345 crash")
    assert {"error #", "404"} <= names("error 404")
    assert "12345" not in names("refund 12345 crash")


def test_a_feature_stands_where_it_first_stands() -> None:
    features = features_of(["to", "my", "to", "my"])
    assert features == {"to": (0, 0), "my": (1, 1), "to my": (0, 1), "my to": (1, 2)}
