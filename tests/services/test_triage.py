"""What a provider's answer may change on a filed ticket, and what it may not."""

import asyncio
from collections.abc import Callable

import pytest

from tests.services.conftest import Providing
from tests.services.desk import changed, events_of, opened, suggestions_of, written
from tests.triage.fake_provider import FakeProvider, Script, good_answer
from ticket_app.live.bus import Change, bus
from ticket_app.schemas import Described, TicketPublic
from ticket_app.services import ledger
from ticket_app.services.tickets import delete_ticket, get_ticket
from ticket_app.services.triage import classify, improve_triage, suggest_title, suggest_triage
from ticket_app.settings import get_settings
from ticket_app.triage.offline import triage_offline
from ticket_app.vocabulary import Category, Edge, Priority, Sentiment, TriageField

pytestmark = pytest.mark.usefixtures("database")

TEXT = "The wallpaper of the start page is blue."
SCORES = {TriageField.SENTIMENT, TriageField.URGENCY_SCORE}
OPEN = SCORES | {TriageField.CATEGORY, TriageField.PRIORITY}
FAILING = [Script.WRONG_ENUM, Script.RATE_LIMITED_FOR_LONG, Script.UNAUTHORIZED]


def improve(ticket_id: int, fields: set[TriageField] = OPEN) -> TicketPublic:
    """The ticket after the provider was asked about these fields."""
    asyncio.run(improve_triage(ticket_id, fields))
    return get_ticket(ticket_id)


def verdict(ticket: TicketPublic) -> tuple[Category, Priority, Sentiment, int]:
    return ticket.category, ticket.priority, ticket.sentiment, ticket.urgency_score


GOOD = (Category.BILLING, Priority.HIGH, Sentiment.ANGRY, 77)
"""What the fake answers, which the offline engine would not say of TEXT."""


def test_a_good_answer_takes_over_what_nobody_set(
    providing: Providing, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = providing(Script.GOOD)
    before = opened(description=TEXT)
    told: list[Change] = []
    monkeypatch.setattr(bus, "publish", told.append)
    after = improve(before.id)
    assert verdict(before) != verdict(after) == GOOD
    assert (after.title, after.version) == (before.title, 2)
    assert len(fake.received) == 1
    changes = [event for event in events_of(before.id) if event.kind == "changed"]
    assert {event.field for event in changes} == OPEN
    assert {(event.edge, event.ticket_version) for event in changes} == {(Edge.TRIAGE, 2)}
    assert [(c.ticket_id, c.awaits_triage) for c in told] == [(before.id, frozenset())]


def test_the_answer_is_kept_beside_the_offline_one(providing: Providing) -> None:
    providing(Script.GOOD)
    ticket = opened(description=TEXT)
    improve(ticket.id)
    rules, answer = suggestions_of(ticket.id)[:5], suggestions_of(ticket.id)[5:]
    assert {(line.engine, line.model) for line in rules} == {("offline", "rules")}
    assert {(line.engine, line.model) for line in answer} == {("openai", "a-model")}
    assert {line.field: line.value for line in answer} == {
        "category": "billing",
        "priority": "high",
        "sentiment": "angry",
        "urgency_score": "77",
        "title": "Charged for a plan that was cancelled",
    }
    sure = {line.field: line.confidence for line in answer}
    assert [sure[field] for field in ("category", "priority", "sentiment")] == pytest.approx(
        [0.9, 0.8, 0.7]
    )
    assert all(line.latency_ms > 0 and line.prompt_version for line in answer)


def test_only_the_fields_that_were_left_open_are_taken(providing: Providing) -> None:
    providing(Script.GOOD)
    before = opened(description=TEXT, category="account")
    after = improve(before.id, SCORES | {TriageField.PRIORITY})
    assert verdict(after) == (Category.ACCOUNT, *GOOD[1:])


def test_what_a_person_set_meanwhile_stays(providing: Providing) -> None:
    fake = providing(Script.GOOD)
    ticket = opened(description=TEXT)
    fake.meanwhile = lambda: changed(ticket.id, Edge.BROWSER, category="account", status="closed")
    after = improve(ticket.id)
    assert verdict(after) == (Category.ACCOUNT, *GOOD[1:])
    assert (after.status, after.version) == ("closed", 3)
    proposed = {line.field: line.value for line in suggestions_of(ticket.id)[5:]}
    assert proposed["category"] == "billing"


def test_an_answer_to_another_text_is_not_used(providing: Providing) -> None:
    fake = providing(Script.GOOD)
    ticket = opened(description=TEXT)
    fake.meanwhile = lambda: changed(ticket.id, description="The wallpaper is green, I meant.")
    after = improve(ticket.id)
    assert after.description.endswith("I meant.")
    assert verdict(after)[:2] == verdict(ticket)[:2]
    assert verdict(after) != GOOD
    assert {line.engine for line in suggestions_of(ticket.id)} == {"offline"}
    assert len(fake.received) == 1


def test_the_scores_of_a_new_text_are_improved_too(providing: Providing) -> None:
    providing(Script.GOOD)
    ticket = opened(category="account", priority="low")
    outage = changed(ticket.id, description="Production is down for all users! Unacceptable!")
    assert verdict(outage) != verdict(ticket)
    assert verdict(improve(ticket.id, SCORES)) == (Category.ACCOUNT, Priority.LOW, *GOOD[2:])


@pytest.mark.parametrize("script", FAILING)
def test_a_failing_provider_changes_nothing(providing: Providing, script: Script) -> None:
    fake = providing(script)
    ticket = opened(description=TEXT)
    before = written()
    assert improve(ticket.id) == ticket
    ledger.flush()
    assert written() | {"triage_call": []} == before
    assert len(fake.received) == len(written()["triage_call"]) == 1


def test_the_same_answer_is_recorded_but_is_no_change(providing: Providing) -> None:
    fake = providing(Script.GOOD)
    rules = triage_offline(TEXT, "Wallpaper")
    fake.answer = good_answer(
        category={"value": rules.category.value, "confidence": 1, "evidence": []},
        priority={"value": rules.priority.value, "confidence": 1, "evidence": []},
        sentiment={"value": rules.sentiment.value, "confidence": 1, "evidence": []},
        urgency_score=rules.urgency_score.value,
    )
    ticket = opened(description=TEXT)
    assert improve(ticket.id) == ticket
    assert len(events_of(ticket.id)) == 1
    assert len(suggestions_of(ticket.id)) == 10


@pytest.mark.parametrize("deleted_by", ["before", "meanwhile"])
def test_a_deleted_ticket_is_left_alone(providing: Providing, deleted_by: str) -> None:
    fake = providing(Script.GOOD)
    ticket_id = opened(description=TEXT).id

    def delete() -> None:
        delete_ticket(ticket_id, Edge.REST)

    if deleted_by == "meanwhile":
        fake.meanwhile = delete
    else:
        delete()
    asyncio.run(improve_triage(ticket_id, OPEN))
    assert [event.kind for event in events_of(ticket_id)] == ["created", "deleted"]
    assert len(suggestions_of(ticket_id)) == 5
    assert len(fake.received) == (deleted_by == "meanwhile")


@pytest.mark.parametrize(
    "write",
    [opened, lambda: changed(1, description="Another"), lambda: changed(1, title="New")],
    ids=["open", "new description", "new title"],
)
def test_writing_a_ticket_asks_nobody(providing: Providing, write: Callable[[], object]) -> None:
    opened()
    fake = providing(Script.HANG)
    write()
    assert fake.received == []


def test_without_a_provider_improving_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = opened()
    before = written()
    with FakeProvider() as fake:
        monkeypatch.setenv("AI_PROVIDER", "offline")
        monkeypatch.setenv("AI_BASE_URL", fake.base_url)
        get_settings.cache_clear()
        assert improve(ticket.id) == ticket
        assert fake.received == []
    assert written() == before


def test_suggesting_asks_the_provider_once_and_writes_no_ticket(providing: Providing) -> None:
    fake = providing(Script.GOOD)
    before = written()
    text = Described(description=TEXT)
    assert asyncio.run(suggest_triage(text)).engine == "openai"
    assert asyncio.run(suggest_title(text)).suggested_title == good_answer()["title"]
    answer = asyncio.run(classify(text))
    assert (answer.suggested_category, answer.suggested_priority) == GOOD[:2]
    assert (answer.category_confidence, answer.priority_confidence) == (0.9, 0.8)
    assert (answer.confidence, answer.engine) == (0.8, "openai")
    assert len(fake.received) == 1
    ledger.flush()
    assert written() | {"triage_call": []} == before
