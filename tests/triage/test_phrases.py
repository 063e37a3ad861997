"""The language of the lexicon."""

import pytest

from ticket_app.triage.phrases import PhraseTree, evidence, longest
from ticket_app.triage.text import words_of

SETS = {"cant": ("can't", "cannot", "not able to")}


def found(phrase: str, text: str) -> list[str]:
    words = words_of(text)
    hits = longest(PhraseTree([(phrase, "rule")], SETS).hits(words))
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
        ("not_able_to|cannot log", "not able to log", ["not able to log"]),
        ("{cant} log", "I am not able to log", ["not able to log"]),
        ("{cant} log", "I can't log", ["can't log"]),
        ("my|our? account", "my account", ["my account"]),
        ("my|our? account", "account", ["account"]),
        ("in # minutes", "in 10 minutes", ["in 10 minutes"]),
        ("in # minutes", "in ten minutes", []),
        ("## euros", "1,450.00 euros, 62k euros", ["1,450.00 euros", "62k euros"]),
        ("## euros", "999.99 euros", []),
        ("^ how", "Well, how and how", ["how"]),
    ],
)
def test_a_phrase_stands_where_a_reader_would_find_it(
    phrase: str, text: str, expected: list[str]
) -> None:
    assert found(phrase, text) == expected


@pytest.mark.parametrize("phrase", ["", "..", "a ..", "ab*", "!", "a?", "{unknown}", "^"])
def test_a_phrase_that_could_never_be_meant_is_refused(phrase: str) -> None:
    with pytest.raises(
        ValueError, match=r"a phrase begins|not a word|a stem has|must be there|no set"
    ):
        PhraseTree([(phrase, "rule")], SETS)
