"""A replay shows another engine's answers to the last tickets; it is repeatable and asks once."""

from pathlib import Path

import pytest

from harness.fake_provider import FakeProvider, Script
from tests.services.conftest import Providing
from tests.services.desk import all_rows, changed, opened
from ticket_app.actor import by_command
from ticket_app.schemas.tickets import TicketPublic
from ticket_app.services.triage import ledger
from ticket_app.services.triage.candidates import Candidate, TrialStoppedError
from ticket_app.services.triage.recorded_answers import Recording
from ticket_app.services.triage.replay import Past, Replay, Replayed, compare, last_tickets
from ticket_app.settings import get_settings
from ticket_app.triage.provider.prompts import PROMPT, Prompt, prompt_from
from ticket_app.vocabulary import CallOutcome, CallPurpose, TriageField

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.rest_in_prove("database")]

TEXT = "The wallpaper of the start page is blue."


def candidate(recording: Recording | None = None, prompt: Prompt = PROMPT) -> Candidate:
    choice = get_settings().provider_named("openai")
    return Candidate(choice, prompt, CallPurpose.REPLAY, recording)


def replayed(past: list[Past], on_trial: Candidate) -> Replay:
    answers = on_trial.answers([(each.ticket.title, each.ticket.description) for each in past])
    replay = compare([Replayed(*past[at], answer) for at, answer in answers])
    ledger.flush()
    return replay


def filed(count: int) -> list[TicketPublic]:
    return [opened(title=f"Wallpaper {number}", description=TEXT) for number in range(count)]


def test_the_differences_are_told_and_nothing_is_changed(providing: Providing) -> None:
    first, second, third = filed(3)
    changed(first.id, category="billing", priority="high")
    changed(second.id, category="account")
    providing(Script.GOOD)
    before = all_rows()
    replay = replayed(last_tickets(by_command(), 10), candidate())
    assert all_rows() | {"triage_call": []} == before
    differences = {
        (d.ticket_id, d.field): (d.now, d.would_be, d.person) for d in replay.differences
    }
    assert (first.id, TriageField.CATEGORY) not in differences
    assert differences[second.id, TriageField.CATEGORY] == ("account", "billing", True)
    assert differences[third.id, TriageField.CATEGORY] == (third.category, "billing", False)
    assert replay.differences[0].ticket_id == third.id
    category = next(each for each in replay.fields if each.field is TriageField.CATEGORY)
    assert (category.same.count, category.same.n) == (1, 3)
    assert category.people is not None and category.people_then is not None
    assert (category.people.count, category.people.n) == (1, 2)
    assert (category.people_then.count, category.people_then.n) == (0, 2)
    assert (replay.tickets, replay.unanswered, replay.cost_usd) == (3, {}, None)
    assert [row.purpose for row in all_rows()["triage_call"]] == ["replay"] * 3


def test_only_the_last_tickets_are_replayed(providing: Providing) -> None:
    fake = providing(Script.GOOD)
    filed(3)
    replayed(last_tickets(by_command(), 2), candidate())
    assert len(fake.received) == 2
    assert [past.ticket.title for past in last_tickets(by_command(), 2)] == [
        "Wallpaper 2",
        "Wallpaper 1",
    ]


def test_what_was_proposed_later_was_not_proposed_then() -> None:
    (ticket,) = filed(1)
    changed(ticket.id, category="billing")
    changed(ticket.id, description="Production is down for all users, nothing is reachable.")
    (past,) = last_tickets(by_command(), 1)
    assert past.then[TriageField.CATEGORY] == ticket.category
    assert past.then[TriageField.PRIORITY] == "critical"


def test_a_provider_that_asks_for_a_moment_is_given_one(providing: Providing) -> None:
    filed(6)
    fake: FakeProvider = providing(Script.RATE_LIMITED_SHORTLY)
    fake.scripted_requests = 6
    assert replayed(last_tickets(by_command(), 6), candidate()).unanswered == {}


def test_recorded_answers_are_not_asked_for_again(
    providing: Providing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = providing(Script.GOOD)
    filed(3)
    path = tmp_path / "answers.jsonl"
    first = replayed(last_tickets(by_command(), 2), candidate(Recording(path)))
    assert len(fake.received) == 2
    monkeypatch.setattr("ticket_app.triage.engine._single_flight", None)  # no call is possible now
    assert replayed(last_tickets(by_command(), 2), candidate(Recording(path))) == first
    monkeypatch.undo()


def test_another_prompt_is_another_question(providing: Providing, tmp_path: Path) -> None:
    fake = providing(Script.GOOD)
    filed(1)
    path = tmp_path / "answers.jsonl"
    replayed(last_tickets(by_command(), 1), candidate(Recording(path)))
    replayed(
        last_tickets(by_command(), 1),
        candidate(Recording(path), prompt_from("Answer as a pirate.")),
    )
    assert len(fake.received) == 2
    assert "Answer as a pirate." in fake.received[1].body
    assert len(path.read_text().splitlines()) == 2


def test_a_text_without_an_answer_is_counted(providing: Providing) -> None:
    filed(2)
    providing(Script.WRONG_ENUM)
    replay = replayed(last_tickets(by_command(), 2), candidate())
    assert replay.unanswered == {CallOutcome.INVALID_ANSWER: 2}
    assert (replay.fields, replay.differences, replay.latency_p50) == ([], [], None)


def test_a_provider_that_cannot_be_asked_ends_the_trial(providing: Providing) -> None:
    filed(30)
    fake: FakeProvider = providing(Script.UNAUTHORIZED)
    with pytest.raises(TrialStoppedError, match="cannot be asked: auth"):
        replayed(last_tickets(by_command(), 30), candidate())
    assert len(fake.received) < 10


def test_the_offline_engine_can_be_on_trial_too() -> None:
    filed(2)
    replay = replayed(last_tickets(by_command(), 2), Candidate(None, PROMPT, CallPurpose.REPLAY))
    assert replay.differences == []
    assert replay.cost_usd == 0
