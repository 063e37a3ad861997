"""The ledger records every call, and the day's budget is kept."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event
from time import monotonic
from typing import NamedTuple

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from harness.actors import over_rest
from harness.fake_provider import Script
from tests.services.conftest import Providing
from tests.services.desk import opened
from ticket_app.actor import by_triage
from ticket_app.data.engine import read_transaction, use_database, write_transaction
from ticket_app.data.triage.tables import TriageCall
from ticket_app.schemas.triage import Described
from ticket_app.services.triage import ledger
from ticket_app.services.triage.improving import improve_ticket, lease_tickets
from ticket_app.services.triage.ledger import Ledger
from ticket_app.services.triage.suggesting import suggest_triage
from ticket_app.settings import get_settings
from ticket_app.triage.contract import Triage
from ticket_app.triage.provider.calls import Call, Usage, input_hash
from ticket_app.vocabulary import CallOutcome, CallPurpose

pytestmark = pytest.mark.usefixtures("database")

TEXT = "The wallpaper of the start page is blue."


class Held(NamedTuple):
    """`free` lets the ledger write; `transactions` has one item for each that has begun."""

    free: Event
    transactions: list[None]


def suggested(text: str = TEXT) -> Triage:
    return asyncio.run(suggest_triage(over_rest(), Described(description=text)))


def calls() -> list[TriageCall]:
    """Returns the rows of the ledger, oldest first."""
    ledger.flush()
    with read_transaction() as session:
        return list(session.scalars(select(TriageCall).order_by(col(TriageCall.id))).all())


def test_a_call_is_written_down_whole(
    providing: Providing, monkeypatch: pytest.MonkeyPatch
) -> None:
    providing(Script.GOOD)
    monkeypatch.setenv("AI_MODEL", "gpt-4o-mini")
    suggested()
    (call,) = calls()
    assert (call.purpose, call.engine, call.model) == ("suggest", "openai", "gpt-4o-mini")
    assert (call.prompt_version, call.outcome, call.attempt) == ("prompt-1", "ok", 1)
    assert (call.input_tokens, call.output_tokens) == (10, 10)
    assert call.cost_nano_usd == (10 * 150 + 10 * 600)  # US$0.15 and 0.60 a million tokens
    assert (call.input_hash, call.ticket_id) == (input_hash(TEXT, ""), None)
    assert call.latency_ms > 0
    assert datetime.now(UTC) - call.created_at < timedelta(minutes=1)


def test_a_price_that_nobody_knows_is_no_zero(providing: Providing) -> None:
    providing(Script.GOOD)
    suggested()
    assert [call.cost_nano_usd for call in calls()] == [None]


def test_a_call_for_a_ticket_names_it(providing: Providing) -> None:
    providing(Script.WRONG_ENUM)
    ticket = opened()
    asyncio.run(improve_ticket(by_triage(), lease_tickets(by_triage(), 1)[0]))
    (call,) = calls()
    assert (call.purpose, call.ticket_id, call.outcome) == ("improve", ticket.id, "invalid_answer")
    assert call.input_tokens == 10  # an invalid answer costs as much


def test_the_budget_of_the_day_is_kept(
    providing: Providing, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = providing(Script.GOOD)
    monkeypatch.setenv("AI_MODEL", "gpt-4o-mini")
    monkeypatch.setenv("AI_DAILY_BUDGET_USD", "0.00001")
    yesterday = datetime.now(UTC) - timedelta(days=1)
    suggested("The first of today.")
    ledger.flush()  # written behind: the row must be there to be moved to yesterday
    with write_transaction() as session:
        for call in session.scalars(select(TriageCall)):
            call.created_at = yesterday
    assert suggested("What was spent yesterday does not count.").failure is None
    ledger.flush()
    assert suggested("The budget is not reached.").failure is None
    ledger.flush()
    answer = suggested("Now it is.")
    assert (answer.engine, answer.failure) == ("offline", "over_budget")
    assert len(fake.received) == 3
    assert [call.outcome for call in calls()] == ["ok"] * 3 + ["over_budget"]


def test_a_call_whose_cost_is_not_told_counts_as_the_dearest(
    providing: Providing, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = providing(Script.NO_USAGE)
    monkeypatch.setenv("AI_MODEL", "gpt-4o-mini")
    monkeypatch.setenv("AI_DAILY_BUDGET_USD", "0.003")
    get_settings.cache_clear()
    for number in range(5):
        suggested(f"Text number {number}")
        ledger.flush()
    assert 1 <= len(fake.received) <= 3  # the dearest call has 8,000 and 2,000 tokens: US$0.0024
    assert calls()[0].input_tokens is None


def test_a_budget_that_cannot_be_watched_is_not_spent(
    providing: Providing, monkeypatch: pytest.MonkeyPatch, sqlite_database: str
) -> None:
    fake = providing(Script.GOOD)
    monkeypatch.setenv("AI_DAILY_BUDGET_USD", "5")
    assert suggested().failure == "no_price"
    monkeypatch.setenv("AI_MODEL", "gpt-4o-mini")
    get_settings.cache_clear()
    use_database("sqlite:////proc/nothing")
    assert suggested().failure == "ledger_unavailable"
    ledger.flush()
    use_database(sqlite_database)
    assert fake.received == []


def test_a_database_that_is_away_costs_a_line_and_no_answer(
    providing: Providing, sqlite_database: str, caplog: pytest.LogCaptureFixture
) -> None:
    providing(Script.GOOD)
    use_database("sqlite:////proc/nothing")
    assert suggested().failure is None
    ledger.flush()
    use_database(sqlite_database)
    assert "1 calls not stored: openai ok" in caplog.text
    assert "Traceback" not in caplog.text


def call(
    attempt: int = 1, outcome: CallOutcome = CallOutcome.OK, at: datetime | None = None
) -> Call:
    return Call(
        engine="openai",
        model="m",
        prompt_version="prompt-1",
        input_hash="0" * 64,
        attempt=attempt,
        outcome=outcome,
        latency_ms=1.0,
        usage=Usage(),
        started_at=at or datetime.now(UTC),
    )


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    """The ledger's transactions wait for `free`, and are counted."""
    held = Held(Event(), [])

    @contextmanager
    def writing_late() -> Iterator[Session]:
        held.free.wait(30)
        held.transactions.append(None)
        with write_transaction() as session:
            yield session

    monkeypatch.setattr(ledger, "write_transaction", writing_late)
    yield held
    held.free.set()
    ledger.flush()


def test_what_waits_is_written_at_once_and_in_order(held: Held) -> None:
    journal = Ledger(CallPurpose.SUGGEST)
    for number in range(1, 252):
        journal.record(call(attempt=number))
    held.free.set()
    assert [call.attempt for call in calls()] == list(range(1, 252))
    assert len(held.transactions) <= 4


def test_what_cannot_be_written_in_time_is_given_up(
    held: Held, caplog: pytest.LogCaptureFixture
) -> None:
    journal = Ledger(CallPurpose.SUGGEST)
    for _ in range(6):
        journal.record(call())
    started = monotonic()
    ledger.flush(0.1)
    ledger.flush()  # returns at once
    assert monotonic() - started < 2
    assert caplog.messages == ["the ledger could not be written in time; up to 6 calls are missing"]
    held.free.set()
    journal.record(call(attempt=7))
    assert calls()[-1].attempt == 7


def test_lines_lost_are_counted_without_a_traceback(
    held: Held, sqlite_database: str, caplog: pytest.LogCaptureFixture
) -> None:
    use_database("sqlite:////proc/nothing")
    journal = Ledger(CallPurpose.SUGGEST)
    for outcome in [CallOutcome.OK] * 50 + [CallOutcome.TIMEOUT] * 20:
        journal.record(call(outcome=outcome))
    held.free.set()
    ledger.flush()
    use_database(sqlite_database)
    logged = [record for record in caplog.records if record.name == ledger.__name__]
    assert len(logged) <= 2
    assert logged[-1].getMessage().endswith("not stored: openai ok, openai timeout")
    assert not any(record.exc_info for record in caplog.records)


def test_one_wrong_line_costs_no_other(held: Held, caplog: pytest.LogCaptureFixture) -> None:
    for ticket_id in (None, 404, None):
        Ledger(CallPurpose.IMPROVE, ticket_id).record(call())
    held.free.set()
    assert len(calls()) == 2
    assert "not stored: openai ok" in caplog.text


def test_refusals_are_a_line_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "_refused_in", {})
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    suggest, improve = Ledger(CallPurpose.SUGGEST), Ledger(CallPurpose.IMPROVE)
    for second in range(60):
        suggest.record(call(0, CallOutcome.BUSY, now + timedelta(seconds=second)))
        suggest.record(call(0, CallOutcome.CIRCUIT_OPEN, now + timedelta(seconds=second)))
    improve.record(call(0, CallOutcome.BUSY, now))
    suggest.record(call(0, CallOutcome.BUSY, now + timedelta(minutes=1)))
    lines = [(line.purpose, line.outcome, line.created_at) for line in calls()]
    assert lines == [
        ("suggest", "busy", now),
        ("suggest", "circuit_open", now),
        ("improve", "busy", now),
        ("suggest", "busy", now + timedelta(minutes=1)),
    ]


def test_attempts_are_all_written_down() -> None:
    for _ in range(3):
        Ledger(CallPurpose.SUGGEST).record(call(1, CallOutcome.TIMEOUT))
    assert len(calls()) == 3
