"""The suggestions while somebody types."""

import asyncio

import pytest

from harness.actors import over_rest
from harness.fake_provider import Script, good_answer
from tests.services.conftest import Providing
from tests.services.desk import all_rows, opened, suggestions_of
from ticket_app import actor as actors
from ticket_app.actor import Identity
from ticket_app.schemas.tickets import TicketCreate
from ticket_app.schemas.triage import Described
from ticket_app.services.tickets.filing import open_ticket
from ticket_app.services.tickets.listing import get_ticket
from ticket_app.services.triage import ledger
from ticket_app.services.triage.suggesting import classify, suggest_title, suggest_triage
from ticket_app.triage.offline import triage_offline
from ticket_app.vocabulary import Category, Priority, Role, TriageStatus

pytestmark = pytest.mark.usefixtures("database")

TEXT = "The wallpaper of the start page is blue, and I was charged."


def test_suggesting_asks_the_provider_once_and_writes_no_ticket(providing: Providing) -> None:
    fake = providing(Script.GOOD)
    before = all_rows()
    text = Described(description=TEXT)
    assert asyncio.run(suggest_triage(over_rest(), text)).engine == "openai"
    assert asyncio.run(suggest_title(over_rest(), text)).suggested_title == good_answer()["title"]
    answer = asyncio.run(classify(over_rest(), text))
    assert (answer.suggested_category, answer.suggested_priority) == (
        Category.BILLING,
        Priority.HIGH,
    )
    assert (answer.category_confidence, answer.priority_confidence) == (0.9, 0.8)
    assert answer.category_evidence == ("charged",)
    assert (answer.confidence, answer.engine, answer.failure) == (0.8, "openai", None)
    assert len(fake.received) == 1
    ledger.flush()
    assert all_rows() | {"triage_call": []} == before


@pytest.mark.parametrize("role", [None, Role.REQUESTER])
def test_the_provider_answers_only_those_who_may_ask(
    role: Role | None, providing: Providing
) -> None:
    fake = providing(Script.GOOD)
    actor = actors.over_rest(Identity(role))
    asyncio.run(suggest_triage(over_rest(), Described(description=TEXT)))  # its answer is cached
    answer = asyncio.run(classify(actor, Described(description=TEXT)))
    assert (answer.engine, answer.failure) == ("offline", None)
    title = asyncio.run(suggest_title(actor, Described(description=TEXT)))
    assert (title.engine, title.failure) == ("offline", None)
    ticket_id = open_ticket(actor, TicketCreate(title="Blue", description=TEXT)).id
    filed = get_ticket(over_rest(), ticket_id)
    assert (filed.engine, filed.triage_status) == ("offline", TriageStatus.PENDING)
    assert len(fake.received) == 1


def test_a_suggestion_without_a_confidence_makes_none_up(providing: Providing) -> None:
    providing(Script.GOOD).answer = good_answer(category={"value": "billing"})
    answer = asyncio.run(classify(over_rest(), Described(description=TEXT)))
    assert (answer.category_confidence, answer.priority_confidence) == (None, 0.8)
    assert (answer.confidence, answer.category_evidence) == (None, ())


def test_a_suggestion_that_fell_back_says_why(providing: Providing) -> None:
    providing(Script.UNAUTHORIZED)
    answer = asyncio.run(classify(over_rest(), Described(description=TEXT)))
    assert (answer.engine, answer.failure) == ("offline", "auth")
    assert asyncio.run(suggest_title(over_rest(), Described(description=TEXT))).failure == "auth"


def test_typing_and_then_filing_costs_one_call(providing: Providing) -> None:
    fake = providing(Script.GOOD)
    asyncio.run(suggest_triage(over_rest(), Described(description=TEXT)))
    ticket = opened(description=TEXT, title="A title of the requester's own")
    assert (ticket.engine, ticket.triage_status) == ("openai", TriageStatus.DONE)
    assert ticket.category is Category.BILLING
    assert {line.engine for line in suggestions_of(ticket.id)} == {"openai"}
    assert len(fake.received) == 1
    assert all_rows()["triage_job"] == []


def test_the_evidence_of_a_suggestion_is_kept() -> None:
    text = "Production is down for all users."
    ticket = opened(title="Help", description=text)
    kept = {line.field: line.evidence for line in suggestions_of(ticket.id)}
    rules = triage_offline(text, "Help")
    assert kept["priority"] == rules.priority.evidence != ()
    assert kept["category"] == rules.category.evidence
