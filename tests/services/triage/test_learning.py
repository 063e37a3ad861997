"""Learning from people's decisions: which count, with what effect, and never twice at once."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from harness.actors import over_rest
from tests.services.desk import changed, opened, suggestions_of
from tests.services.triage.decided import (
    DESCRIPTION,
    TITLE,
    count_lessons,
    decide,
    examples,
    raw,
    shuffled,
)
from ticket_app.actor import by_command, by_triage
from ticket_app.data.triage import learning as learning_queries
from ticket_app.services.tickets.deleting import delete_ticket
from ticket_app.services.triage import decisions as reading_decisions
from ticket_app.services.triage import learning
from ticket_app.services.triage.decisions import decisions
from ticket_app.services.triage.learning import (
    LearningBusyError,
    NotEnoughDecisionsError,
    fields_due,
    learn_from_decisions,
    lessons,
    refresh_models,
)
from ticket_app.settings import ROOT
from ticket_app.triage.learned import models_in_use
from ticket_app.triage.learning.training import learn
from ticket_app.triage.offline import triage_by_rules, triage_offline
from ticket_app.vocabulary import Category, Priority, TriageField

pytestmark = pytest.mark.usefixtures("database")

ENOUGH = 240
AN_OLD_TIME = "2026-01-01 10:00:00.000000"


def in_another_process(database: str, code: str) -> "subprocess.Popen[str]":
    """Starts a Python with the same database; the test reads its standard output."""
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_only_what_a_person_decided_is_learned_from() -> None:
    opened(title="By triage")
    opened(title="By a person", category="billing")
    corrected = opened(title="Corrected")
    changed(corrected.id, category="account", priority="high")
    deleted = opened(title="Deleted", category="billing")
    delete_ticket(over_rest(), deleted.id)
    assert [(e.text.partition("\n")[0], e.value) for e in decisions("category")] == [
        ("By a person", "billing"),
        ("Corrected", "account"),
    ]
    assert [e.value for e in decisions("priority")] == ["high"]


def test_decisions_are_read_page_by_page_the_newest_that_fit_and_the_oldest_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taught = examples(50)
    decide(taught)
    monkeypatch.setattr(reading_decisions, "PAGE", 7)
    assert decisions("category") == taught
    monkeypatch.setattr(reading_decisions, "EXAMPLES_MAX", 20)
    assert decisions("category") == taught[-20:]
    monkeypatch.setattr(reading_decisions, "CHARACTERS_MAX", 8 * len(taught[0].text))
    assert decisions("category") == taught[-14:]


@pytest.mark.rest_in_prove("database")
def test_what_beats_the_rules_takes_over_and_is_named() -> None:
    decide(examples(ENOUGH))
    lesson = learn_from_decisions(by_command(), "category")
    assert lesson.in_use and lesson.learned_accuracy > 0.9 > lesson.rules_accuracy
    assert lesson.n_decided == ENOUGH == lesson.n_learned_from + lesson.n_held_out
    assert opened(title=TITLE, description=DESCRIPTION).category is not Category.TECHNICAL
    seen = refresh_models(by_triage(), {})
    assert refresh_models(by_triage(), seen) == seen == {"category": lesson.id}
    ticket = opened(title=TITLE, description=DESCRIPTION)
    assert (ticket.category, ticket.engine) == (Category.TECHNICAL, "offline")
    sources = {each.field: (each.engine, each.model) for each in suggestions_of(ticket.id)}
    assert sources.pop(TriageField.CATEGORY) == ("learned", f"lesson-{lesson.id}")
    assert set(sources.values()) == {("offline", "rules")}


@pytest.mark.rest_in_prove("database")
def test_a_learned_priority_takes_the_urgency_along() -> None:
    decide(examples(ENOUGH, "priority"), "priority")
    lesson = learn_from_decisions(by_command(), "priority")
    refresh_models(by_triage(), {})
    ticket = opened(title=TITLE, description=DESCRIPTION)
    assert ticket.priority is Priority.CRITICAL
    assert 60 <= ticket.urgency_score <= 100
    learned = {each.field for each in suggestions_of(ticket.id) if each.engine == "learned"}
    assert learned == {TriageField.PRIORITY, TriageField.URGENCY_SCORE}
    assert lessons() == [lesson]


@pytest.mark.rest_in_prove("database")
def test_what_cannot_be_learned_does_not_take_over_and_is_kept_for_comparison() -> None:
    decide(shuffled(examples(ENOUGH)))
    lesson = learn_from_decisions(by_command(), "category")
    assert not lesson.in_use
    assert refresh_models(by_triage(), {}) == {} == models_in_use()
    assert lessons() == [lesson]


@pytest.mark.rest_in_prove("database")
def test_a_newer_lesson_that_is_no_better_ends_the_use_of_the_former() -> None:
    decide(examples(ENOUGH))
    assert learn_from_decisions(by_command(), "category").in_use
    seen = refresh_models(by_triage(), {})
    raw("UPDATE ticket SET category_by = 'triage'")
    decide(shuffled(examples(ENOUGH)))
    newest = learn_from_decisions(by_command(), "category")
    assert not newest.in_use
    assert refresh_models(by_triage(), seen) == {} == models_in_use()
    assert lessons() == [newest]
    assert count_lessons() == 2


@pytest.mark.rest_in_prove("database")
def test_a_newer_lesson_that_is_better_takes_the_place_of_the_former() -> None:
    decide(examples(ENOUGH))
    seen = refresh_models(by_triage(), {})
    first = learn_from_decisions(by_command(), "category")
    seen = refresh_models(by_triage(), seen)
    second = learn_from_decisions(by_command(), "category")
    assert second.id > first.id
    assert refresh_models(by_triage(), seen) == {"category": second.id}
    assert models_in_use()["category"].lesson == second.id


@pytest.mark.rest_in_prove("database")
def test_what_is_learned_from_is_compared_with_the_rules_and_not_with_what_was_learned() -> None:
    decide(examples(ENOUGH))
    first = learn_from_decisions(by_command(), "category")
    refresh_models(by_triage(), {})
    assert (
        learn_from_decisions(by_command(), "category").rules_accuracy == first.rules_accuracy < 0.5
    )


@pytest.mark.rest_in_prove("database")
def test_a_new_process_works_with_what_was_learned(database: str) -> None:
    decide(examples(ENOUGH))
    learn_from_decisions(by_command(), "category")
    code = (
        "from ticket_app.actor import by_triage\n"
        "from ticket_app.services.triage.learning import refresh_models\n"
        "from ticket_app.triage.offline import triage_offline\n"
        "refresh_models(by_triage(), {})\n"
        f"print(triage_offline({DESCRIPTION!r}, {TITLE!r}).category.value)"
    )
    said, _ = in_another_process(database, code).communicate(timeout=30)
    assert said.strip() == "technical"


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize("damage", [b"", b"no model", b"DESKLRN1" + bytes(100)])
def test_a_damaged_model_is_logged_once_and_the_rules_stay(
    damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    decide(examples(ENOUGH))
    learn_from_decisions(by_command(), "category")
    raw("UPDATE learned_model SET model = :damage", damage=damage)
    seen = refresh_models(by_triage(), {})
    assert refresh_models(by_triage(), seen) == seen
    assert caplog.text.count("cannot be used") == 1
    assert (
        triage_offline(DESCRIPTION, TITLE).category == triage_by_rules(DESCRIPTION, TITLE).category
    )


@pytest.mark.rest_in_prove("database")
def test_a_model_of_another_field_is_of_no_use(caplog: pytest.LogCaptureFixture) -> None:
    decide(examples(ENOUGH))
    learn_from_decisions(by_command(), "category")
    raw("UPDATE learned_model SET field = 'priority'")
    refresh_models(by_triage(), {})
    assert "of another field" in caplog.text
    assert models_in_use() == {}


@pytest.mark.rest_in_prove("database")
def test_a_comparison_that_cannot_be_read_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    decide(examples(ENOUGH))
    learn_from_decisions(by_command(), "category")
    raw("UPDATE learned_model SET comparison = '{}'")
    assert lessons() == []
    assert "cannot be read" in caplog.text


@pytest.mark.rest_in_prove("database")
def test_too_few_decisions_are_a_sentence_and_are_not_due_again() -> None:
    decide([*examples(100), *examples(100)])
    assert fields_due(by_triage()) == ["category"]
    with pytest.raises(NotEnoughDecisionsError, match="there are 100 texts"):
        learn_from_decisions(by_command(), "category")
    assert fields_due(by_triage()) == []
    assert lessons() == []


def test_a_lesson_is_due_when_enough_was_decided_since_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cases = {
        (0, 199): False, (0, 200): True, (200, 249): False, (200, 250): True,
        (1_000, 1_199): False, (1_000, 1_200): True, (1_000, 500): False,
    }  # fmt: skip
    for (before, now), due in cases.items():
        raw("UPDATE learning_turn SET decided = :before", before=before)
        monkeypatch.setattr(learning_queries, "count_decided", lambda *_, now=now: now)
        assert fields_due(by_triage()) == (["category", "priority"] if due else []), (before, now)


def test_two_that_learn_at_once_make_one_lesson(monkeypatch: pytest.MonkeyPatch) -> None:
    decide(examples(ENOUGH))
    under_way, go_on = threading.Event(), threading.Event()

    def slowly(*arguments: object) -> object:
        under_way.set()
        assert go_on.wait(20)
        return learn(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(learning, "learn", slowly)
    first = threading.Thread(target=learn_from_decisions, args=(by_command(), "category"))
    first.start()
    assert under_way.wait(20)
    for field in learning.FIELDS:
        with pytest.raises(LearningBusyError, match="Another process is learning the category"):
            learn_from_decisions(by_command(), field)
    go_on.set()
    first.join(20)
    assert count_lessons() == 1
    monkeypatch.undo()
    assert learn_from_decisions(by_command(), "category").id == 2  # the lease is free again


def test_a_process_that_lost_its_lease_stores_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    decide(examples(ENOUGH))

    def too_slowly(*arguments: object) -> object:
        raw("UPDATE learning_turn SET held_until = :at", at=AN_OLD_TIME)
        return learn(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(learning, "learn", too_slowly)
    with pytest.raises(LearningBusyError, match="nothing was kept"):
        learn_from_decisions(by_command(), "category")
    assert count_lessons() == 0


@pytest.mark.rest_in_prove("database")
def test_the_turn_of_a_killed_process_is_free_again_by_itself(database: str) -> None:
    decide(examples(ENOUGH))
    code = (
        "import time\n"
        "from datetime import timedelta\n"
        "from ticket_app.services.triage import learning\n"
        "learning.LEASE = timedelta(seconds=3)\n"
        "with learning._lease('category'):\n"
        "    print('mine', flush=True)\n"
        "    time.sleep(60)"
    )
    with in_another_process(database, code) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "mine\n"
        holder.send_signal(signal.SIGKILL)
    with pytest.raises(LearningBusyError):
        learn_from_decisions(by_command(), "category")
    time.sleep(3)
    assert learn_from_decisions(by_command(), "category").in_use


def test_a_failure_gives_the_turn_back(monkeypatch: pytest.MonkeyPatch) -> None:
    decide(examples(ENOUGH))

    def fails(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(learning, "learn", fails)
    with pytest.raises(MemoryError):
        learn_from_decisions(by_command(), "category")
    monkeypatch.undo()
    assert fields_due(by_triage()) == ["category"]
    assert learn_from_decisions(by_command(), "category").in_use
