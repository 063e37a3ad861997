"""A learned model gives evidence and confidence, and accepts any text."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.triage.learning.desk import FILLERS, SUBJECTS, desk
from ticket_app.triage.learning.model import LearnedModel, Prediction
from ticket_app.triage.learning.training import Lesson
from ticket_app.vocabulary import DESCRIPTION_MAX

KNOWN = [*FILLERS, *(word for words in SUBJECTS.values() for word in words)]


def found(model: LearnedModel, text: str) -> Prediction:
    """Returns the model's prediction for a text."""
    return model.predict(text)


def test_the_evidence_is_the_words_that_say_so_as_they_stand(lesson: Lesson) -> None:
    text = "About the CRASH, please: my Réfund and the Voucher since today"
    finding = found(lesson.model, text)
    assert finding.value == "billing"
    assert set(finding.evidence) == {"Réfund", "Voucher"}


def test_neighbours_are_one_phrase_and_a_clause_ends_it(lesson: Lesson) -> None:
    assert found(lesson.model, "the refund   voucher").evidence == ("refund   voucher",)
    assert set(found(lesson.model, "the refund, voucher").evidence) == {"refund", "voucher"}


def test_an_inflection_is_known_by_its_beginning(lesson: Lesson) -> None:
    finding = found(lesson.model, "refunding vouchers")
    assert finding.value == "billing"
    assert finding.evidence == ("refunding vouchers",)


def test_more_evidence_gives_more_confidence_and_a_second_reading_less(lesson: Lesson) -> None:
    one = found(lesson.model, "my refund please").confidence
    mixed = found(lesson.model, "my refund crash please").confidence
    both = found(lesson.model, "my refund voucher please").confidence
    assert [round(each, 2) for each in (one, mixed, both)] == [one, mixed, both]
    assert mixed < one <= both


@pytest.mark.parametrize("text", ["", "?!", "Κάτι άγνωστο", "12345678"])
def test_without_a_known_word_there_is_no_evidence(lesson: Lesson, text: str) -> None:
    finding = found(lesson.model, text)
    assert finding.evidence == ()
    assert finding.confidence < 0.6


def test_a_prediction_depends_on_nothing_before_it(lesson: Lesson) -> None:
    first = [found(lesson.model, example.text) for example in desk(20, seed=5)]
    assert [found(lesson.model, example.text) for example in desk(20, seed=5)] == first


# ﷺ folds to words with spaces between, which might look like a pair of words.
PIECES = st.sampled_from([*KNOWN, "ﷺ", "Refund", "vouchers", ",", ".", "\n", "\n\n", "> ", "404"])


@settings(max_examples=100, deadline=None)
@given(text=st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=40).map(" ".join)))
def test_any_text_gives_a_finding_that_rests_on_it(lesson: Lesson, text: str) -> None:
    finding = found(lesson.model, text)
    assert 0 <= finding.confidence <= 1
    assert finding.value in lesson.model.values
    assert all(phrase and phrase in text for phrase in finding.evidence)
    assert len(set(finding.evidence)) == len(finding.evidence)


@pytest.mark.parametrize("piece", ["refund ", "a", "refund, ", "x1 ", "ﷺ "])
def test_the_longest_text_of_one_piece_is_answered_soon(lesson: Lesson, piece: str) -> None:
    text = (piece * DESCRIPTION_MAX)[:DESCRIPTION_MAX]
    started = time.perf_counter()
    lesson.model.predict(text)
    # It takes a few milliseconds; quadratic time would take seconds.
    assert time.perf_counter() - started < 0.5
