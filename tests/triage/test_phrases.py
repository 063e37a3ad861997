"""The language of the lexicon."""

import pytest

from ticket_app.triage.phrases import PhraseTree, evidence, longest
from ticket_app.triage.text import words_of


def found(phrase: str, text: str) -> list[str]:
    words = words_of(text)
    hits = longest(PhraseTree([(phrase, "rule")]).hits(words))
    return [evidence(hit, words, text) for hit in hits]


@pytest.mark.parametrize(
    ("phrase", "text", "expected"),
    [
        ("charged twice", "I was CHARGED  twice.", ["CHARGED  twice"]),
        ("charged twice", "Charged. Twice.", []),
        ("refund*", "a refunded fee", ["refunded"]),
        ("can't log in", "I can\u2019t log in", ["can\u2019t log in"]),
        ("can't|cannot log", "cannot log", ["cannot log"]),
        ("charged .. twice", "charged my card twice", ["charged my card twice"]),
        ("charged .. twice", "charged a b c d twice", []),
        ("charged .. twice", "charged me, twice", []),
        ("contrasena", "la contraseña", ["contraseña"]),
        ("log in", "log-in", ["log-in"]),
    ],
)
def test_a_phrase_stands_where_a_reader_would_find_it(
    phrase: str, text: str, expected: list[str]
) -> None:
    assert found(phrase, text) == expected


@pytest.mark.parametrize("phrase", ["", "..", "a ..", "ab*", "!"])
def test_a_phrase_that_could_never_be_meant_is_refused(phrase: str) -> None:
    with pytest.raises(ValueError, match=r"a phrase begins|not a word|a stem has"):
        PhraseTree([(phrase, "rule")])
