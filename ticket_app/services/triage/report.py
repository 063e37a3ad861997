"""The report on triage: overrides by people, agreement of engines, outcomes of calls, and costs."""

from collections.abc import Sequence
from datetime import date
from math import sqrt
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy import Row

from ticket_app.actor import Actor
from ticket_app.data.engine import read_transaction
from ticket_app.data.triage import drafted
from ticket_app.data.triage import report as queries
from ticket_app.data.triage.drafted import DRAFT_OPEN
from ticket_app.data.triage.jobs import count_jobs
from ticket_app.schemas.figures import WindowDays
from ticket_app.services.figures import start_of_window
from ticket_app.services.people.permission import Verb, require
from ticket_app.services.triage.learning import LessonPublic, lessons
from ticket_app.services.triage.ledger import NANO, spent_today
from ticket_app.settings import get_settings
from ticket_app.triage.engine import ProviderState, provider_state
from ticket_app.vocabulary import CallOutcome, TriageField, TriageStatus

Z95 = 1.959964
"""Half the width of the standard normal distribution's 95 % interval, in standard deviations."""


class Share(BaseModel):
    """`count` of `n`, as a `rate` of 0..1 with its 95 % Wilson interval."""

    n: int
    count: int
    rate: float
    low: float
    high: float


class Override(BaseModel):
    """The share of an engine's proposals for a field that people overrode."""

    field: TriageField
    engine: str
    overridden: Share


class Agreement(BaseModel):
    """The share of a provider's proposals for a field that equal the desk's own engines'."""

    field: TriageField
    engine: str
    same: Share


class Calls(BaseModel):
    """The calls to one model with one prompt. Latencies are milliseconds, over all attempts.

    `cost_usd` is the sum of the known costs. `unpriced` is the number of answers from a model
    without a known price.
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


class Drafts(BaseModel):
    """The replies that one model drafted with one prompt, and what became of them.

    `as_it_was` is of those that are settled: sent as they were, edited, or thrown away. Those that
    may still be sent are in `drafted` alone. `share_changed`, from 0 to 1, is the mean over the
    edited ones.
    """

    engine: str
    model: str
    prompt_version: str
    drafted: int
    as_it_was: Share | None
    edited: int
    thrown_away: int
    share_changed: float | None


class OutcomeCount(BaseModel):
    """The number of calls with this outcome.

    For refusals to call, which cost nothing and which anybody can cause, it is the number of
    minutes that had any, for each process and purpose.
    """

    engine: str
    outcome: CallOutcome
    count: int


class DayCost(BaseModel):
    """The calls of one UTC day, and the sum of their known costs."""

    date: date
    calls: int
    cost_usd: float


class Money(BaseModel):
    """Costs in US dollars.

    `per_ticket` is the cost of the desk's own calls for each ticket of the window; None without
    tickets. `budget_today` is None if no budget is set.
    """

    per_ticket: float | None
    days: list[DayCost]
    spent_today: float
    budget_today: float | None


class TriageReport(BaseModel):
    """The report of the last `last_days` UTC days, today included.

    It covers at most the newest 20,000 tickets and 100,000 calls. `waiting` is the number of all
    tickets that wait for a provider now.
    """

    last_days: int
    provider: ProviderState = Field(description="As this process sees it, breakers included.")
    waiting: int
    tickets: dict[TriageStatus, int]
    overrides: list[Override]
    agreement: list[Agreement]
    drafts: list[Drafts] = Field(description="One not sent within a day counts as thrown away.")
    calls: list[Calls]
    outcomes: list[OutcomeCount]
    money: Money
    lessons: list[LessonPublic] = Field(description="The last lesson of each field.")


def triage_report(actor: Actor, last_days: WindowDays) -> TriageReport:
    """Returns the report of the last 7, 30 or 90 UTC days, today included."""
    require(actor, Verb.READ_TRIAGE)
    since = start_of_window(last_days)
    with read_transaction() as session:
        waiting = count_jobs(session)
        states = queries.triage_states(session, since)
        overrides = queries.overrides(session, since)
        agreement = queries.agreement(session, since)
        drafts = drafted.outcomes(session, since, actor.at - DRAFT_OPEN)
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
        drafts=[_drafts(row) for row in drafts],
        calls=[_calls(row) for row in calls],
        outcomes=[
            OutcomeCount(engine=row.engine, outcome=row.outcome, count=row.count)
            for row in outcomes
        ],
        money=_money(cost, days),
        lessons=lessons(),
    )


def share(count: int, n: int) -> Share:
    """Returns the share with its Wilson interval, which also holds for small counts and for 0."""
    rate, square = count / n, Z95 * Z95
    middle = (rate + square / (2 * n)) / (1 + square / n)
    half = Z95 * sqrt(rate * (1 - rate) / n + square / (4 * n * n)) / (1 + square / n)
    # Rounding must not put the rate itself outside the interval.
    low, high = max(0.0, min(rate, middle - half)), min(1.0, max(rate, middle + half))
    return Share(n=n, count=count, rate=rate, low=low, high=high)


def _drafts(row: Row[Any]) -> Drafts:
    settled = row.as_it_was + row.edited + row.thrown_away
    return Drafts(
        engine=row.engine,
        model=row.model,
        prompt_version=row.prompt_version,
        drafted=row.n,
        as_it_was=share(row.as_it_was, settled) if settled else None,
        edited=row.edited,
        thrown_away=row.thrown_away,
        share_changed=row.share_changed,
    )


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
