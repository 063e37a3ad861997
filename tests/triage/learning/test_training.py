"""Training: its requirements, its result, and its fair comparison with the rules."""

import subprocess
import sys

import pytest

from tests.triage.learning.desk import FILLERS, PRIORITY_OF, desk, rules, shuffled
from ticket_app.settings import ROOT
from ticket_app.triage.learning.examples import (
    EXAMPLES_MIN,
    VALUE_EXAMPLES_MIN,
    Example,
    NotEnoughError,
)
from ticket_app.triage.learning.training import Lesson, learn


def test_it_learns_what_the_rules_do_not_know(lesson: Lesson) -> None:
    new = desk(200, seed=99)
    right = sum(_predicted(lesson, example.text) == example.value for example in new)
    assert right >= 190
    assert lesson.comparison.beats
    assert lesson.comparison.model_accuracy > lesson.comparison.rules_accuracy


def test_the_rules_are_asked_about_the_held_out_texts_and_no_others() -> None:
    asked: list[str] = []

    def listening(text: str) -> str:
        asked.append(text)
        return rules(text)

    examples = desk(400)
    comparison = learn("category", examples, listening).comparison
    wanted = {example.text: example.value for example in examples}
    assert len(asked) == len(set(asked)) == comparison.n_held_out
    assert comparison.n_train == len(wanted) - comparison.n_held_out
    right = sum(rules(text) == wanted[text] for text in asked)
    assert comparison.rules_accuracy == right / len(asked)
    # Stratified sampling: each value has its share of the held-out texts.
    assert {count.held_out for count in comparison.by_value} <= {24, 25, 26}


def test_what_is_learned_from_shuffled_values_does_not_beat_the_rules() -> None:
    comparison = learn("category", shuffled(desk(400)), rules).comparison
    assert not comparison.beats
    assert comparison.model_accuracy < 0.4


def test_no_text_is_learned_from_and_held_out() -> None:
    """Random values cannot be learned, but duplicate texts can be memorised."""
    texts = shuffled(desk(300))
    again = [Example(f"{text} 10{n}", value) for n in range(4) for text, value in texts]
    comparison = learn("category", again, lambda _: "general").comparison
    assert comparison.n_train + comparison.n_held_out == len(texts)
    assert comparison.model_accuracy < 0.4


def test_the_last_choice_for_a_text_counts(lesson: Lesson) -> None:
    examples = desk(400)
    wrong = [Example(text, "general") for text, _ in examples]
    corrected = learn("category", [*wrong, *examples], rules)
    assert corrected.model.to_bytes() == lesson.model.to_bytes()


def test_quotes_and_signatures_are_not_learned() -> None:
    marked = [Example(f"{e.text}\n> zebra {e.value}", e.value) for e in desk(400)]
    features = learn("category", marked, rules).model.to_bytes()
    assert b"zebra" not in features
    assert b'"invoice"' in features


def test_too_few_texts_are_refused() -> None:
    with pytest.raises(NotEnoughError, match=f"{EXAMPLES_MIN} different texts.* 199 texts"):
        learn("category", desk(EXAMPLES_MIN - 1), rules)


def test_the_same_text_many_times_is_one_text() -> None:
    with pytest.raises(NotEnoughError, match="there are 50 texts"):
        learn("category", desk(50) * 20, rules)


def test_one_value_with_examples_enough_is_refused() -> None:
    some = [e for e in desk(1000) if e.value == "billing"]
    few = [e for e in desk(400, seed=2) if e.value == "general"][: VALUE_EXAMPLES_MIN - 1]
    with pytest.raises(NotEnoughError, match="and 1 such values") as refused:
        learn("category", [*some, *few], rules)
    assert refused.value.learnable == ("billing",)


def test_a_value_with_too_few_examples_is_not_learned_but_held_out() -> None:
    examples = desk(400)
    kept = [e for e in examples if e.value != "general"]
    few = [e for e in examples if e.value == "general"][: VALUE_EXAMPLES_MIN - 1]
    lesson = learn("category", [*kept, *few], rules)
    assert lesson.model.values == ("billing", "technical", "account")
    general = lesson.comparison.by_value[-1]
    assert (general.value, general.model_right) == ("general", 0)
    assert general.held_out >= 2


def test_a_value_that_the_field_lacks_is_an_error() -> None:
    with pytest.raises(ValueError, match="no priority: billing"):
        learn("priority", [Example(f"word{n} again", "billing") for n in range(300)], rules)


def test_two_values_can_be_learned() -> None:
    pair = [e for e in desk(600) if e.value in ("billing", "account")]
    lesson = learn("category", pair, rules)
    assert lesson.model.values == ("billing", "account")
    assert _predicted(lesson, "a refund for the voucher") == "billing"
    assert _predicted(lesson, "locked username") == "account"


def test_a_priority_can_be_learned() -> None:
    examples = [Example(text, PRIORITY_OF[value]) for text, value in desk(400)]
    lesson = learn("priority", examples, lambda _: "medium")
    assert lesson.comparison.beats
    assert _predicted(lesson, "locked username") == "critical"


def test_confidence_follows_how_often_people_agree_with_the_text() -> None:
    """A third of the values are drawn at random, so at least a quarter of all must be wrong."""
    examples = desk(1500)
    drawn = [*shuffled(examples[:500]), *examples[500:]]
    comparison = learn("category", drawn, rules).comparison
    # With 375 texts a share may be off by some hundredths by chance.
    assert comparison.calibration_error < 0.07
    assert 0.6 < max(part.confidence for part in comparison.reliability) < 0.87


def test_the_same_examples_and_seed_give_the_same_bytes(lesson: Lesson) -> None:
    again = learn("category", desk(400), rules)
    assert again.model.to_bytes() == lesson.model.to_bytes()
    assert again.comparison == lesson.comparison
    other = learn("category", desk(400), rules, seed=1)
    assert other.comparison != lesson.comparison


def test_words_in_every_text_and_numbers_say_nothing(lesson: Lesson) -> None:
    confidence = _confidence(lesson, " ".join(FILLERS))
    assert confidence < 0.6
    numbered = [Example(f"{e.text} 123456", e.value) for e in desk(400)]
    assert b"123456" not in learn("category", numbered, rules).model.to_bytes()


def test_only_learning_imports_scikit_learn(lesson: Lesson) -> None:
    script = (
        "import sys\n"
        "from ticket_app.triage.learning.model import LearnedModel\n"
        "from ticket_app.triage.learning.training import learn\n"
        "model = LearnedModel.from_bytes(sys.stdin.buffer.read())\n"
        "print(model.predict('a refund for the voucher').value)\n"
        "print(sorted({'sklearn', 'scipy', 'joblib'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=lesson.model.to_bytes(),
        capture_output=True,
        check=True,
        cwd=ROOT,
    )
    assert done.stdout.decode().split() == ["billing", "[]"]


def _predicted(lesson: Lesson, text: str) -> str:
    return lesson.model.predict(text).value


def _confidence(lesson: Lesson, text: str) -> float:
    return lesson.model.predict(text).confidence
