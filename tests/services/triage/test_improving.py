"""The limits of a provider's changes to a filed ticket, and the tickets that wait for one."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from harness.actors import in_browser, over_rest
from harness.fake_provider import FakeProvider, Script, good_answer
from tests.services.conftest import Providing
from tests.services.desk import (
    all_rows,
    changed,
    command_at,
    events_of,
    jobs,
    opened,
    suggestions_of,
)
from tests.triage.provider import dialects
from ticket_app.actor import Actor, by_command, by_triage
from ticket_app.bus import Change, bus
from ticket_app.data.engine import write_transaction
from ticket_app.data.triage.tables import TriageJob
from ticket_app.schemas.tickets import TicketCreate, TicketPublic
from ticket_app.services.tickets.deleting import delete_ticket, restore_ticket
from ticket_app.services.tickets.filing import open_ticket
from ticket_app.services.tickets.listing import get_ticket
from ticket_app.services.triage import improving, ledger
from ticket_app.services.triage.improving import (
    BAD_ANSWERS_MAX,
    improve_ticket,
    lease_tickets,
    release,
    release_with_backoff,
    stop_waiting,
)
from ticket_app.settings import get_settings
from ticket_app.triage.offline import triage_offline
from ticket_app.vocabulary import (
    CallOutcome,
    Category,
    DecidedBy,
    Edge,
    EventKind,
    Priority,
    Sentiment,
    TriageStatus,
)

pytestmark = pytest.mark.usefixtures("database")

TEXT = "The wallpaper of the start page is blue."
GOOD = (Category.BILLING, Priority.HIGH, Sentiment.ANGRY, 77)
"""The fake's answer, which differs from the offline engine's for TEXT."""
FIELDS = {"category", "priority", "sentiment", "urgency_score"}


def improve(ticket: TicketPublic) -> TicketPublic:
    """Returns the ticket after the provider's answer; the ticket must be waiting for it."""
    (lease,) = lease_tickets(by_triage(), 10)
    assert lease.ticket_id == ticket.id
    asyncio.run(improve_ticket(by_triage(), lease))
    return get_ticket(over_rest(), ticket.id)


def verdict(ticket: TicketPublic) -> tuple[Category, Priority, Sentiment, int]:
    return ticket.category, ticket.priority, ticket.sentiment, ticket.urgency_score


def let_time_pass() -> None:
    """Make every waiting ticket due now."""
    with write_transaction() as session:
        for job in session.scalars(select(TriageJob)):
            job.due_at = datetime.now(UTC) - timedelta(seconds=1)


def test_a_ticket_waits_where_a_provider_is_configured(providing: Providing) -> None:
    without = opened(description=TEXT)
    fake = providing(Script.HANG)
    waiting = opened(description=TEXT)
    assert (without.triage_status, without.engine) == (TriageStatus.DONE, "offline")
    assert (waiting.triage_status, waiting.engine) == (TriageStatus.PENDING, "offline")
    assert verdict(waiting) == verdict(without)
    assert [job.ticket_id for job in jobs()] == [waiting.id]
    assert fake.received == []


def test_a_good_answer_takes_over_what_nobody_set(
    providing: Providing, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = providing(Script.GOOD)
    before = opened(description=TEXT)
    published: list[Change] = []
    monkeypatch.setattr(bus, "publish", published.append)
    after = improve(before)
    assert verdict(before) != verdict(after) == GOOD
    assert (after.triage_status, after.engine) == (TriageStatus.DONE, "openai")
    assert (after.title, after.version) == (before.title, 2)
    assert len(fake.received) == 1
    changes = [event for event in events_of(before.id) if event.kind == "changed"]
    assert {event.field for event in changes} == FIELDS
    assert {(event.edge, event.ticket_version) for event in changes} == {(Edge.TRIAGE, 2)}
    written = frozenset({*FIELDS, "triage_status"})
    assert published == [Change(before.id, EventKind.CHANGED, written)]
    assert jobs() == []


def test_the_answer_is_kept_beside_the_offline_one(providing: Providing) -> None:
    providing(Script.GOOD)
    ticket = opened(description=TEXT)
    improve(ticket)
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


@pytest.mark.rest_in_prove("database")
def test_a_confidence_that_was_not_said_is_kept_as_none(providing: Providing) -> None:
    providing(Script.GOOD).answer = good_answer(category={"value": "Billing"})
    ticket = opened(description=TEXT)
    assert improve(ticket).category is Category.BILLING
    kept = {line.field: line.confidence for line in suggestions_of(ticket.id)[5:]}
    assert (kept["category"], kept["title"]) == (None, None)
    assert kept["priority"] == pytest.approx(0.8)


@pytest.mark.rest_in_prove("database")
def test_what_a_person_chose_when_filing_stays(providing: Providing) -> None:
    providing(Script.GOOD)
    before = opened(description=TEXT, category="account")
    assert (before.category_by, before.priority_by) == (DecidedBy.PERSON, DecidedBy.TRIAGE)
    after = improve(before)
    assert verdict(after) == (Category.ACCOUNT, *GOOD[1:])


@pytest.mark.rest_in_prove("by")
@pytest.mark.parametrize("by", [in_browser, over_rest, by_command])
def test_what_a_person_set_meanwhile_stays(providing: Providing, by: Callable[[], Actor]) -> None:
    fake = providing(Script.GOOD)
    ticket = opened(description=TEXT)
    fake.during_call = lambda: changed(ticket.id, by(), category="account", status="closed")
    after = improve(ticket)
    assert verdict(after) == (Category.ACCOUNT, *GOOD[1:])
    assert (after.status, after.version) == ("closed", 3)
    proposed = {line.field: line.value for line in suggestions_of(ticket.id)[5:]}
    assert proposed["category"] == "billing"


@pytest.mark.rest_in_prove("database")
def test_a_person_who_agrees_with_the_rules_has_decided(providing: Providing) -> None:
    providing(Script.GOOD)
    ticket = opened(description=TEXT)
    same = changed(ticket.id, priority=ticket.priority)
    assert (same.version, same.priority_by) == (1, DecidedBy.PERSON)
    assert improve(ticket).priority is ticket.priority is not GOOD[1]


def test_an_answer_to_another_text_is_not_used(providing: Providing) -> None:
    fake = providing(Script.GOOD)
    ticket = opened(description=TEXT)
    fake.during_call = lambda: changed(ticket.id, description="The wallpaper is green, I meant.")
    after = improve(ticket)
    assert after.description.endswith("I meant.")
    assert verdict(after)[:2] == verdict(ticket)[:2]
    assert verdict(after) != GOOD
    assert {line.engine for line in suggestions_of(ticket.id)} == {"offline"}
    assert len(fake.received) == 1
    assert after.triage_status is TriageStatus.PENDING
    fake.during_call = lambda: None
    assert verdict(improve(ticket)) == GOOD  # the new text is sent at once


@pytest.mark.rest_in_prove("database")
def test_the_scores_of_a_new_text_are_improved_and_nothing_else(providing: Providing) -> None:
    ticket = opened(description=TEXT)
    providing(Script.GOOD)
    outage = changed(ticket.id, description="Production is down for all users! Unacceptable!")
    assert verdict(outage) != verdict(ticket)
    assert outage.triage_status is TriageStatus.PENDING
    assert verdict(improve(ticket)) == (ticket.category, ticket.priority, *GOOD[2:])


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize(
    "script", [Script.UNAUTHORIZED, Script.RATE_LIMITED_FOR_LONG, Script.WRONG_ENUM]
)
def test_a_failing_provider_changes_nothing_and_is_waited_for(
    providing: Providing, script: Script
) -> None:
    fake = providing(script)
    ticket = opened(description=TEXT)
    before = all_rows()
    assert improve(ticket) == ticket
    ledger.flush()
    after = all_rows()
    assert {t: after[t] for t in ("ticket", "ticket_event", "suggestion")} == {
        t: before[t] for t in ("ticket", "ticket_event", "suggestion")
    }
    (job,) = jobs()
    assert job.attempts == 1
    assert 5 < (job.due_at - datetime.now(UTC)).total_seconds() < 15
    assert lease_tickets(by_triage(), 10) == []
    fake.script = Script.GOOD
    let_time_pass()
    if script is not Script.RATE_LIMITED_FOR_LONG:  # that provider asked for a longer pause
        assert verdict(improve(ticket)) == GOOD


def test_a_text_to_which_there_is_no_answer_is_given_up(providing: Providing) -> None:
    fake = providing(Script.REFUSAL)
    ticket = opened(description=TEXT)
    seen = []
    for _ in range(BAD_ANSWERS_MAX):
        seen.append(improve(ticket).triage_status)
        let_time_pass()
    assert seen == [TriageStatus.PENDING] * (BAD_ANSWERS_MAX - 1) + [TriageStatus.FAILED]
    assert verdict(get_ticket(over_rest(), ticket.id)) == verdict(ticket)
    assert jobs() == []
    assert len(fake.received) == BAD_ANSWERS_MAX
    # Nothing was improved yet, so a new text is sent with all fields.
    fake.script = Script.GOOD
    assert changed(ticket.id, description="Another text").triage_status is TriageStatus.PENDING
    assert verdict(improve(ticket)) == GOOD


@pytest.mark.rest_in_prove("database")
def test_a_text_that_a_filter_refuses_is_given_up_and_the_others_are_answered(
    providing: Providing, caplog: pytest.LogCaptureFixture
) -> None:
    fake = providing(Script.GOOD)
    fake.refuses = lambda asked: (
        dialects.azure_filter(asked) if "forbidden" in str(asked["messages"]) else None
    )
    refused = [opened(description=f"{TEXT} {number} forbidden").id for number in range(6)]
    for _ in range(BAD_ANSWERS_MAX):
        for lease in lease_tickets(by_triage(), 10):
            asyncio.run(improve_ticket(by_triage(), lease))
        let_time_pass()
    assert {get_ticket(over_rest(), ticket).triage_status for ticket in refused} == {
        TriageStatus.FAILED
    }
    assert len(fake.received) == len(refused) * BAD_ANSWERS_MAX
    ledger.flush()
    outcomes = [row.outcome for row in all_rows()["triage_call"]]
    assert outcomes == ["refused"] * len(refused) * BAD_ANSWERS_MAX
    assert f"ticket {refused[0]} keeps the rules' values: refused" in caplog.text
    assert improve(opened(description=TEXT)).triage_status is TriageStatus.DONE


@pytest.mark.rest_in_prove("database")
def test_an_empty_account_is_waited_for(providing: Providing) -> None:
    fake = providing(Script.GOOD)
    fake.refuses = lambda _request: (402, {"error": {"message": "Insufficient Balance"}})
    ticket = opened(description=TEXT)
    for _ in range(BAD_ANSWERS_MAX + 1):
        assert improve(ticket).triage_status is TriageStatus.PENDING
        let_time_pass()


@pytest.mark.rest_in_prove("database")
def test_an_outage_is_no_bad_answer(providing: Providing) -> None:
    fake = providing(Script.UNAUTHORIZED)
    ticket = opened(description=TEXT)
    for _ in range(BAD_ANSWERS_MAX):
        assert improve(ticket).triage_status is TriageStatus.PENDING
        let_time_pass()
    fake.script = Script.REFUSAL
    assert improve(ticket).triage_status is TriageStatus.PENDING
    assert [(job.failures, job.bad_answers) for job in jobs()] == [(4, 1)]


@pytest.mark.rest_in_prove("database")
def test_waiting_ends_after_many_failures(
    providing: Providing, monkeypatch: pytest.MonkeyPatch
) -> None:
    providing(Script.UNAUTHORIZED)
    monkeypatch.setattr(improving, "FAILURES_MAX", 2)
    ticket = opened(description=TEXT)
    assert improve(ticket).triage_status is TriageStatus.PENDING
    let_time_pass()
    assert improve(ticket).triage_status is TriageStatus.FAILED


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize("reason", sorted(improving.NOT_COUNTED))
def test_a_call_that_was_not_made_counts_for_nothing(
    providing: Providing, monkeypatch: pytest.MonkeyPatch, reason: CallOutcome
) -> None:
    providing(Script.GOOD)
    monkeypatch.setattr(improving, "FAILURES_MAX", 1)
    opened(description=TEXT)
    (lease,) = lease_tickets(by_triage(), 1)
    release_with_backoff(by_triage(), lease, reason)
    (job,) = jobs()
    assert (job.failures, job.bad_answers) == (0, 0)


def test_a_title_that_no_database_takes_is_made_fit(providing: Providing) -> None:
    fake = providing(Script.GOOD)
    fake.answer = good_answer(title="Charged\x00 twice\u202e\x1b[31m again")
    ticket = opened(description=TEXT)
    improve(ticket)
    titles = [line.value for line in suggestions_of(ticket.id) if line.field == "title"]
    assert titles[-1] == "Charged twice [31m again"


@pytest.mark.rest_in_prove("database")
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
    after = improve(ticket)
    assert (after.version, after.triage_status) == (1, TriageStatus.DONE)
    assert verdict(after) == verdict(ticket)
    assert len(events_of(ticket.id)) == 1
    assert len(suggestions_of(ticket.id)) == 10


def test_a_deleted_ticket_is_left_alone_until_it_is_restored(providing: Providing) -> None:
    fake = providing(Script.GOOD)
    ticket = opened(description=TEXT)
    fake.during_call = lambda: delete_ticket(over_rest(), ticket.id)
    (lease,) = lease_tickets(by_triage(), 10)
    asyncio.run(improve_ticket(by_triage(), lease))
    assert [event.kind for event in events_of(ticket.id)] == ["created", "deleted"]
    assert len(suggestions_of(ticket.id)) == 5
    assert lease_tickets(by_triage(), 10) == []
    fake.during_call = lambda: None
    assert restore_ticket(over_rest(), ticket.id).triage_status is TriageStatus.PENDING
    let_time_pass()
    assert verdict(improve(ticket)) == GOOD


def test_restoring_asks_for_no_more_than_was_waited_for(providing: Providing) -> None:
    ticket = opened(description=TEXT)
    providing(Script.GOOD)
    changed(ticket.id, description="A new text, of which only the scores are asked.")
    delete_ticket(over_rest(), ticket.id)
    assert lease_tickets(by_triage(), 10) == []
    restore_ticket(over_rest(), ticket.id)
    assert verdict(improve(ticket))[:2] == verdict(ticket)[:2]


@pytest.mark.rest_in_prove("database")
def test_restoring_without_a_provider_waits_for_none(
    providing: Providing, monkeypatch: pytest.MonkeyPatch
) -> None:
    providing(Script.GOOD)
    ticket = opened(description=TEXT)
    delete_ticket(over_rest(), ticket.id)
    monkeypatch.setenv("AI_PROVIDER", "offline")
    get_settings.cache_clear()
    assert restore_ticket(over_rest(), ticket.id).triage_status is TriageStatus.DONE
    assert jobs() == []


@pytest.mark.rest_in_prove("database")
def test_a_backdated_ticket_waits_for_nobody(providing: Providing) -> None:
    providing(Script.GOOD)
    new = TicketCreate.model_validate({"title": "Old", "description": TEXT})
    ticket = open_ticket(command_at(datetime.now(UTC) - timedelta(days=10)), new)
    assert ticket.triage_status is TriageStatus.DONE
    assert jobs() == []


@pytest.mark.rest_in_prove("database")
def test_the_engine_of_a_new_text_is_the_one_that_scored_it(providing: Providing) -> None:
    providing(Script.GOOD)
    ticket = opened(description=TEXT)
    assert improve(ticket).engine == "openai"
    assert changed(ticket.id, description="Another text altogether.").engine == "offline"


@pytest.mark.rest_in_prove("database")
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


def test_what_one_has_taken_no_other_takes_until_its_lease_ends(
    providing: Providing, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake: FakeProvider = providing(Script.GOOD)
    filed = [opened(title=f"Wallpaper {number}") for number in range(5)]
    first, second = lease_tickets(by_triage(), 2), lease_tickets(by_triage(), 10)
    assert [lease.ticket_id for lease in first + second] == [ticket.id for ticket in filed]
    assert lease_tickets(by_triage(), 10) == []
    release(by_triage(), first)
    assert [lease.ticket_id for lease in lease_tickets(by_triage(), 10)] == [
        filed[0].id,
        filed[1].id,
    ]
    # The second worker's lease expires before it is done: only the third writes its answer.
    let_time_pass()
    again = lease_tickets(by_triage(), 10)
    late, current = second[0], next(c for c in again if c.ticket_id == second[0].ticket_id)
    asyncio.run(improve_ticket(by_triage(), late))
    assert get_ticket(over_rest(), late.ticket_id).triage_status is TriageStatus.PENDING
    asyncio.run(improve_ticket(by_triage(), current))
    assert get_ticket(over_rest(), late.ticket_id).triage_status is TriageStatus.DONE
    assert len(suggestions_of(late.ticket_id)) == 10
    assert len(fake.received) == 1  # the answer came from the cache


def test_a_desk_whose_provider_was_taken_away_waits_no_longer(
    providing: Providing, monkeypatch: pytest.MonkeyPatch
) -> None:
    providing(Script.GOOD)
    monkeypatch.setattr("ticket_app.data.triage.jobs.SETTLED_AT_ONCE", 2)
    filed = [opened() for _ in range(5)]
    assert stop_waiting(by_triage()) == 5
    assert jobs() == []
    assert {get_ticket(over_rest(), ticket.id).triage_status for ticket in filed} == {
        TriageStatus.DONE
    }
