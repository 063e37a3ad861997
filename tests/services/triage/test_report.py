"""The report shows overrides, the agreement of engines, and the time and cost of calls."""

import asyncio
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from harness.actors import over_rest
from harness.fake_provider import Script, good_answer
from tests.services.conftest import Providing
from tests.services.desk import changed, opened
from ticket_app.actor import by_triage
from ticket_app.data.engine import write_transaction
from ticket_app.data.triage.tables import TriageCall
from ticket_app.schemas.triage import Described
from ticket_app.services.tickets.deleting import delete_ticket
from ticket_app.services.triage import ledger
from ticket_app.services.triage.improving import improve_ticket, lease_tickets
from ticket_app.services.triage.report import TriageReport, share, triage_report
from ticket_app.services.triage.suggesting import suggest_triage
from ticket_app.triage.offline import triage_offline
from ticket_app.vocabulary import TriageStatus

pytestmark = pytest.mark.usefixtures("database")

TEXT = "The wallpaper of the start page is blue."
"""The offline engine answers neither billing nor high for it; the fake answers both."""


def report() -> TriageReport:
    ledger.flush()
    return triage_report(over_rest(), 30)


def improve_all() -> None:
    for lease in lease_tickets(by_triage(), 100):
        asyncio.run(improve_ticket(by_triage(), lease))


def overrides() -> dict[tuple[str, str], tuple[int, int]]:
    return {
        (each.field.value, each.engine): (each.overridden.count, each.overridden.n)
        for each in report().overrides
    }


def test_an_empty_desk_has_a_report() -> None:
    empty = report()
    assert (empty.overrides, empty.agreement, empty.calls, empty.outcomes) == ([], [], [], [])
    assert (empty.waiting, empty.money.per_ticket, empty.money.spent_today) == (0, None, 0)
    assert not empty.provider.configured


def test_who_was_overruled(providing: Providing) -> None:
    providing(Script.GOOD)
    untouched = opened(description=TEXT, title="Wallpaper One")
    left = opened(description=TEXT, title="Wallpaper Two")
    against_both = opened(description=TEXT, title="Wallpaper Three")
    with_the_rules = opened(description=TEXT, title="Wallpaper Four")
    chosen = opened(description=TEXT, title="Wallpaper Five", category="billing")
    improve_all()
    changed(left.id, status="in_progress")
    changed(against_both.id, category="account")
    changed(with_the_rules.id, priority=with_the_rules.priority)
    assert untouched.status == chosen.status == "open"
    assert overrides() == {
        # A person decided against_both and chosen; nobody changed left.
        ("category", "openai"): (1, 3),
        ("category", "offline"): (2, 2),
        ("priority", "openai"): (1, 2),
        ("priority", "offline"): (0, 1),
    }
    delete_ticket(over_rest(), against_both.id)
    assert overrides()["category", "openai"] == (0, 2)


def test_a_suggestion_that_was_replaced_counts_neither_way(providing: Providing) -> None:
    fake = providing(Script.GOOD)
    rules = triage_offline(TEXT, "Wallpaper one")
    agreeing = {"value": rules.category.value, "confidence": 1, "evidence": []}
    fake.answer = good_answer(category=agreeing)
    ticket = opened(description=TEXT, title="Wallpaper one")
    improve_all()
    changed(ticket.id, status="in_progress")
    assert [key for key in overrides() if key[0] == "category"] == [("category", "openai")]


def test_how_engines_agree(providing: Providing) -> None:
    fake = providing(Script.GOOD)
    opened(description=TEXT, title="Wallpaper Six")
    improve_all()
    opened(description="I was charged twice. Unacceptable, you thieves!", title="Wallpaper Seven")
    improve_all()
    fake.received.clear()
    same = {each.field.value: (each.same.count, each.same.n) for each in report().agreement}
    assert same["category"] == (1, 2)
    assert same["sentiment"] == (1, 2)
    assert {each.engine for each in report().agreement} == {"openai"}


def test_calls_latency_and_cost(providing: Providing, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = providing(Script.GOOD)
    monkeypatch.setenv("AI_MODEL", "gpt-4o-mini")
    monkeypatch.setenv("AI_DAILY_BUDGET_USD", "2.5")
    opened(description=TEXT)
    for number in range(3):
        asyncio.run(
            suggest_triage(
                over_rest(), Described(description=f"Text number {number}, long enough.")
            )
        )
    fake.script = Script.UNAUTHORIZED
    asyncio.run(suggest_triage(over_rest(), Described(description="The last one, refused.")))
    answer = report()
    (calls,) = answer.calls
    assert (calls.engine, calls.model, calls.prompt_version) == (
        "openai",
        "gpt-4o-mini",
        "prompt-1",
    )
    assert (calls.calls, calls.answered, calls.unpriced) == (4, 3, 0)
    assert (calls.input_tokens, calls.output_tokens) == (30, 30)
    assert 0 < calls.latency_p50 <= calls.latency_p95
    cost = 3 * (10 * 0.15 + 10 * 0.6) / 1e6
    assert calls.cost_usd == answer.money.spent_today == pytest.approx(cost)
    assert answer.money.per_ticket == pytest.approx(cost)
    (today,) = answer.money.days
    assert (today.date, today.calls) == (datetime.now(UTC).date(), 4)
    assert today.cost_usd == pytest.approx(cost)
    assert answer.money.budget_today == 2.5
    assert {(each.outcome.value, each.count) for each in answer.outcomes} == {
        ("ok", 3),
        ("auth", 1),
    }
    assert answer.waiting == answer.tickets[TriageStatus.PENDING] == 1
    assert answer.provider.interactive == "closed"


def test_percentiles_are_those_of_the_rows() -> None:
    with write_transaction() as session:
        session.add_all(
            TriageCall(
                purpose="suggest",
                engine="openai",
                model="m",
                prompt_version="prompt-1",
                input_hash="0" * 64,
                attempt=1,
                outcome="ok",
                latency_ms=float(latency),
                input_tokens=None,
                output_tokens=None,
                cost_nano_usd=None,
                created_at=datetime.now(UTC),
            )
            for latency in range(200, 0, -1)
        )
    (calls,) = report().calls
    assert (calls.latency_p50, calls.latency_p95) == (100.0, 190.0)
    assert (calls.unpriced, calls.cost_usd) == (200, 0)


def test_what_is_older_than_the_window_is_left_out(providing: Providing) -> None:
    providing(Script.GOOD)
    asyncio.run(suggest_triage(over_rest(), Described(description=TEXT)))
    ledger.flush()
    with write_transaction() as session:
        session.get_one(TriageCall, 1).created_at = datetime.now(UTC) - timedelta(days=40)
    assert report().calls == []
    assert len(triage_report(over_rest(), 90).calls) == 1


@pytest.mark.parametrize(("count", "n"), [(0, 10), (10, 10), (3, 10), (1, 1), (500, 1000)])
def test_the_interval_is_wilsons(count: int, n: int) -> None:
    """The interval ends at the rates from which `count` of n deviates by exactly 1.96 sigma."""
    interval = share(count, n)
    assert interval.rate == float(Fraction(count, n))
    for end in (interval.low, interval.high):
        if 1e-9 < end < 1 - 1e-9:
            deviation = (end * (1 - end) / n) ** 0.5
            assert abs(interval.rate - end) / deviation == pytest.approx(1.96, abs=1e-3)
    assert 0 <= interval.low <= interval.rate <= interval.high <= 1
