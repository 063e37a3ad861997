"""The ledger tells of every call, and the budget is kept."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from tests.services.conftest import Providing
from tests.services.desk import opened
from tests.triage.fake_provider import Script
from ticket_app.data.engine import reading, use_database, writing
from ticket_app.data.tables import TriageCall
from ticket_app.schemas import Described
from ticket_app.services import ledger
from ticket_app.services.improving import claim_tickets, improve_ticket
from ticket_app.services.triage import suggest_triage
from ticket_app.settings import get_settings
from ticket_app.triage.calls import input_hash
from ticket_app.triage.contract import Triage

pytestmark = pytest.mark.usefixtures("database")

TEXT = "The wallpaper of the start page is blue."


def suggested(text: str = TEXT) -> Triage:
    return asyncio.run(suggest_triage(Described(description=text)))


def calls() -> list[TriageCall]:
    """Every line of the ledger, oldest first."""
    ledger.flush()
    with reading() as session:
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
    asyncio.run(improve_ticket(claim_tickets(1)[0]))
    (call,) = calls()
    assert (call.purpose, call.ticket_id, call.outcome) == ("improve", ticket.id, "invalid_answer")
    assert call.input_tokens == 10  # a wrong answer is paid for, too


def test_the_budget_of_the_day_is_kept(
    providing: Providing, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = providing(Script.GOOD)
    monkeypatch.setenv("AI_MODEL", "gpt-4o-mini")
    monkeypatch.setenv("AI_DAILY_BUDGET_USD", "0.00001")
    yesterday = datetime.now(UTC) - timedelta(days=1)
    suggested("The first of today.")
    with writing() as session:
        for call in session.scalars(select(TriageCall)):
            call.created_at = yesterday
    assert suggested("What was spent yesterday does not count.").failure is None
    calls()  # the ledger is written behind the answer's back
    assert suggested("The budget is not reached.").failure is None
    calls()
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
    assert 1 <= len(fake.received) <= 3  # a dearest call is 8,000 and 2,000 tokens: US$0.0024
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
    assert "not written down: openai ok" in caplog.text
