"""A learned field replaces the rules' field, with its own evidence and its own engine name."""

import pytest

from tests.triage.learning.desk import PRIORITY_OF, desk
from ticket_app.triage.contract import Source
from ticket_app.triage.learned import Learned, use_models
from ticket_app.triage.learning.examples import Example
from ticket_app.triage.learning.training import Lesson, learn
from ticket_app.triage.offline import triage_by_rules, triage_offline
from ticket_app.vocabulary import LEARNED, TriageField

TEXT = "the brochure needs your feedback since the visit"
BANDS = {"low": (0, 45), "medium": (15, 65), "high": (40, 90), "critical": (60, 100)}


@pytest.fixture(scope="module")
def priority_lesson() -> Lesson:
    """A lesson of the small desk's priorities, opposite to what the rules would say."""
    urgent = {"general": "critical", "account": "low"}
    examples = [Example(e.text, urgent.get(e.value, PRIORITY_OF[e.value])) for e in desk(400)]
    return learn("priority", examples, lambda _: "high")


def test_a_known_word_lets_the_lesson_speak(lesson: Lesson) -> None:
    use_models({"category": Learned(7, lesson.model)})
    triage = triage_offline("My crash was with the printer")
    assert triage.category.value == "technical"
    assert set(triage.category.evidence) >= {"crash"}
    assert triage.engine == "offline"
    assert triage.source(TriageField.CATEGORY) == Source(LEARNED, "lesson-7")
    assert triage.source(TriageField.PRIORITY) == Source("offline", "rules")


def test_without_a_known_word_the_rules_stay(lesson: Lesson, priority_lesson: Lesson) -> None:
    use_models(
        {"category": Learned(7, lesson.model), "priority": Learned(8, priority_lesson.model)}
    )
    # The model knows the first letters of these words, but not the words.
    for text in ("", "invoicing printers crashingly", "Ελλάδα", "???"):
        unlearned = triage_by_rules(text).model_dump(exclude={"latency_ms"})
        assert triage_offline(text).model_dump(exclude={"latency_ms"}) == unlearned


def test_the_rules_alone_know_no_lesson(lesson: Lesson) -> None:
    before = triage_offline(TEXT).model_dump(exclude={"latency_ms"})
    use_models({"category": Learned(7, lesson.model)})
    assert triage_by_rules(TEXT).model_dump(exclude={"latency_ms"}) == before
    use_models({})
    assert triage_offline(TEXT).model_dump(exclude={"latency_ms"}) == before


def test_the_urgency_follows_a_learned_priority_into_its_band(priority_lesson: Lesson) -> None:
    use_models({"priority": Learned(8, priority_lesson.model)})
    for text in (TEXT, "the login is locked and my profile is gone", *(e.text for e in desk(100))):
        for said in (text, f"PRODUCTION IS DOWN!!! Nobody can work. {text}"):
            triage = triage_offline(said)
            low, high = BANDS[triage.priority.value]
            assert low <= triage.urgency_score.value <= high
            assert triage.urgency_score.lesson == triage.priority.lesson == 8


def test_an_agreeing_lesson_leaves_the_urgency_where_it_was(priority_lesson: Lesson) -> None:
    use_models({"priority": Learned(8, priority_lesson.model)})
    agreed = 0
    for example in desk(200):
        learned, plain = triage_offline(example.text), triage_by_rules(example.text)
        if learned.priority.value == plain.priority.value:
            agreed += 1
            assert learned.urgency_score.value == plain.urgency_score.value
    assert agreed > 10
