"""What is suggested while somebody types."""

import asyncio

import pytest

from tests.services.conftest import Providing
from tests.services.desk import opened, suggestions_of, written
from tests.triage.fake_provider import Script, good_answer
from ticket_app.schemas.triage import Described
from ticket_app.services.triage import ledger
from ticket_app.services.triage.suggesting import classify, suggest_title, suggest_triage
from ticket_app.triage.offline import triage_offline
from ticket_app.vocabulary import Category, Priority, TriageStatus

pytestmark = pytest.mark.usefixtures("database")

TEXT = "The wallpaper of the start page is blue, and I was charged."


def test_suggesting_asks_the_provider_once_and_writes_no_ticket(providing: Providing) -> None:
    fake = providing(Script.GOOD)
    before = written()
    text = Described(description=TEXT)
    assert asyncio.run(suggest_triage(text)).engine == "openai"
    assert asyncio.run(suggest_title(text)).suggested_title == good_answer()["title"]
    answer = asyncio.run(classify(text))
    assert (answer.suggested_category, answer.suggested_priority) == (
        Category.BILLING,
        Priority.HIGH,
    )
    assert (answer.category_confidence, answer.priority_confidence) == (0.9, 0.8)
    assert answer.category_evidence == ("charged",)
    assert (answer.confidence, answer.engine, answer.failure) == (0.8, "openai", None)
    assert len(fake.received) == 1
    ledger.flush()
    assert written() | {"triage_call": []} == before


def test_a_suggestion_without_a_confidence_makes_none_up(providing: Providing) -> None:
    providing(Script.GOOD).answer = good_answer(category={"value": "billing"})
    answer = asyncio.run(classify(Described(description=TEXT)))
    assert (answer.category_confidence, answer.priority_confidence) == (None, 0.8)
    assert (answer.confidence, answer.category_evidence) == (None, ())


def test_a_suggestion_that_fell_back_says_why(providing: Providing) -> None:
    providing(Script.UNAUTHORIZED)
    answer = asyncio.run(classify(Described(description=TEXT)))
    assert (answer.engine, answer.failure) == ("offline", "auth")
    assert asyncio.run(suggest_title(Described(description=TEXT))).failure == "auth"


def test_typing_and_then_filing_costs_one_call(providing: Providing) -> None:
    fake = providing(Script.GOOD)
    asyncio.run(suggest_triage(Described(description=TEXT)))
    ticket = opened(description=TEXT, title="A title of the requester's own")
    assert (ticket.engine, ticket.triage_status) == ("openai", TriageStatus.DONE)
    assert ticket.category is Category.BILLING
    assert {line.engine for line in suggestions_of(ticket.id)} == {"openai"}
    assert len(fake.received) == 1
    assert written()["triage_job"] == []


def test_the_evidence_of_a_suggestion_is_kept() -> None:
    text = "Production is down for all users."
    ticket = opened(title="Help", description=text)
    kept = {line.field: line.evidence for line in suggestions_of(ticket.id)}
    rules = triage_offline(text, "Help")
    assert kept["priority"] == rules.priority.evidence != ()
    assert kept["category"] == rules.category.evidence
