"""Whether to trust the triage, and what it costs: engines weighed against people and each other."""

from collections.abc import Sequence
from datetime import date
from math import sqrt
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy import Row

from ticket_app.data.engine import reading
from ticket_app.data.triage import report as queries
from ticket_app.data.triage.jobs import count_jobs
from ticket_app.services.figures import WindowDays, start_of_window
from ticket_app.services.triage.learning import LessonPublic, lessons
from ticket_app.services.triage.ledger import NANO, spent_today
from ticket_app.settings import get_settings
from ticket_app.triage.engine import ProviderState, provider_state
from ticket_app.vocabulary import CallOutcome, TriageField, TriageStatus

Z95 = 1.959964
"""The standard normal distribution has 95% within so many deviations."""


class Share(BaseModel):
    """`count` of `n`, and the 95% interval (Wilson's) in which the true share lies; 0..1."""

    n: int
    count: int
    rate: float
    low: float
    high: float


class Override(BaseModel):
    """How often people chose another value than this engine proposed for this field."""

    field: TriageField
    engine: str
    overridden: Share


class Agreement(BaseModel):
    """How often this provider proposed what the desk's own engine had proposed for the field."""

    field: TriageField
    engine: str
    same: Share


class Calls(BaseModel):
    """The calls to one model with one prompt. Latencies are milliseconds, over all attempts.

    `cost_usd` is what is known of it; `unpriced` answers came from a model without a known price.
    """

    engine: str
    model: str
    prompt_version: str
    calls: int
    answered: int
    latency_p50: float
    latency_p95: float
    cost_usd: float
    unpriced: int
    input_tokens: int
    output_tokens: int


class OutcomeCount(BaseModel):
    """How many calls ended so. Of decisions not to call, which cost nothing and which anybody can
    bring about, it is in how many minutes there were any, by process and purpose."""

    engine: str
    outcome: CallOutcome
    count: int


class DayCost(BaseModel):
    """One UTC day's calls, and what is known of their cost."""

    date: date
    calls: int
    cost_usd: float


class Money(BaseModel):
    """US dollars. `per_ticket` is what the desk's own calls cost for each ticket of the window, and
    None without tickets; `budget_today` is None where none is set."""

    per_ticket: float | None
    days: list[DayCost]
    spent_today: float
    budget_today: float | None


class TriageReport(BaseModel):
    """The last `last_days` UTC days, today included: the newest 20,000 tickets and 100,000 calls of
    them at most. `waiting` are all tickets that await a provider now."""

    last_days: int
    provider: ProviderState = Field(description="As this process sees it, breakers included.")
    waiting: int
    tickets: dict[TriageStatus, int]
    overrides: list[Override]
    agreement: list[Agreement]
    calls: list[Calls]
    outcomes: list[OutcomeCount]
    money: Money
    lessons: list[LessonPublic] = Field(description="What was learned last, of each field.")


def triage_report(last_days: WindowDays) -> TriageReport:
    """The report of the last 7, 30 or 90 UTC days, today included."""
    since = start_of_window(last_days)
    with reading() as session:
        waiting = count_jobs(session)
        states = queries.triage_states(session, since)
        overrides = queries.overrides(session, since)
        agreement = queries.agreement(session, since)
        calls = queries.calls(session, since)
        outcomes = queries.outcomes(session, since)
        days = queries.cost_per_day(session, since)
        cost = queries.desk_cost(session, since)
    return TriageReport(
        last_days=last_days,
        provider=provider_state(),
        waiting=waiting,
        tickets=states,
        overrides=[
            Override(
                field=each.field, engine=each.engine, overridden=share(each.overridden, each.n)
            )
            for each in overrides
        ],
        agreement=[
            Agreement(field=row.field, engine=row.engine, same=share(row.same, row.n))
            for row in agreement
        ],
        calls=[_calls(row) for row in calls],
        outcomes=[
            OutcomeCount(engine=row.engine, outcome=row.outcome, count=row.count)
            for row in outcomes
        ],
        money=_money(cost, days),
        lessons=lessons(),
    )


def share(count: int, n: int) -> Share:
    """The share with its Wilson interval, which unlike the plain one holds for few and for none."""
    rate, square = count / n, Z95 * Z95
    middle = (rate + square / (2 * n)) / (1 + square / n)
    half = Z95 * sqrt(rate * (1 - rate) / n + square / (4 * n * n)) / (1 + square / n)
    # Rounding must not leave the rate itself outside.
    low, high = max(0.0, min(rate, middle - half)), min(1.0, max(rate, middle + half))
    return Share(n=n, count=count, rate=rate, low=low, high=high)


def _calls(row: Row[Any]) -> Calls:
    return Calls(
        engine=row.engine,
        model=row.model,
        prompt_version=row.prompt_version,
        calls=row.calls,
        answered=row.answered,
        latency_p50=row.p50,
        latency_p95=row.p95,
        cost_usd=row.cost / NANO,
        unpriced=row.unpriced,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
    )


def _money(cost: Row[Any], days: Sequence[Row[Any]]) -> Money:
    return Money(
        per_ticket=cost.cost / NANO / cost.tickets if cost.tickets else None,
        days=[
            DayCost(
                date=date.fromisoformat(str(row.day)), calls=row.calls, cost_usd=row.cost / NANO
            )
            for row in days
        ],
        spent_today=spent_today(),
        budget_today=get_settings().ai_daily_budget_usd,
    )
