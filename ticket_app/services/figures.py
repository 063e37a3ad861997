"""The desk's figures. Every number comes from the database's counters; here it gets its name."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Literal, NamedTuple
from weakref import WeakKeyDictionary

from pydantic import BaseModel, Field, create_model
from sqlalchemy import Engine, Row
from sqlmodel import Session

from ticket_app.data.direct import asking
from ticket_app.data.engine import get_engine, reading
from ticket_app.data.figures import queries
from ticket_app.data.figures.tables import HOUR_FIGURES, URGENCY_FIGURES
from ticket_app.data.patience import QUICK
from ticket_app.vocabulary import FACETS, Status

WindowDays = Literal[7, 30, 90]
STATS_DAYS = 30
MS_AN_HOUR = 3_600_000
HOUR_LABELS = ("< 1 h", "1–4 h", "4–24 h", "1–3 d", "3–7 d", "> 7 d")


class DayCount(BaseModel):
    """How many on one UTC day."""

    date: date
    count: int


Breakdowns = dict[str, dict[StrEnum, int]]
"""For each of FACETS how many tickets have each of its values; every value is present."""


class _Totals(BaseModel):
    """Figures over all tickets that are not deleted. Every value of a breakdown is always present.

    `resolved_tickets` counts those resolved or closed, `mean_hours_to_resolve` is over the same and
    None while there are none; `median_hours_to_resolve` is, too, and within 1 % of the true median,
    or a second. `tickets_per_day` is the last 30 UTC days, oldest first.
    """

    total_tickets: int
    open_tickets: int
    avg_tickets_per_day: float
    avg_urgency_score: float
    resolved_tickets: int = Field(description="Tickets that are resolved or closed.")
    mean_hours_to_resolve: float | None
    median_hours_to_resolve: float | None
    tickets_per_day: list[DayCount]


class TicketStats(_Totals):
    """The same, as the services give it: one mapping of all breakdowns."""

    breakdowns: Breakdowns


PublishedStats = create_model(
    "TicketStats",
    __base__=_Totals,
    __doc__=_Totals.__doc__,
    **{f"{field}_breakdown": (dict[values, int], ...) for field, values in FACETS.items()},  # type: ignore[call-overload, valid-type]
)
"""The same, as REST names it: a field for each breakdown."""


class DayFlow(BaseModel):
    """One UTC day: tickets created, resolved or closed, and how many were neither at its end."""

    date: date
    created: int
    resolved: int
    backlog: int


class GroupCount(BaseModel):
    """How many fall into a named group."""

    label: str
    count: int


class TicketInsights(BaseModel):
    """Figures of a window of UTC days. The breakdowns and urgency are of tickets created in it.

    `resolved` and the times to resolve are of tickets resolved or closed in it, whenever they were
    created.
    """

    days: list[DayFlow]
    created: int
    resolved: int
    breakdowns: Breakdowns
    urgency: list[GroupCount]
    hours_to_resolve: list[GroupCount]
    mean_hours_to_resolve: float | None


class _Kept(NamedTuple):
    """Figures, and what they are the figures of."""

    changes: int
    today: date
    stats: TicketStats
    json: str


_kept: WeakKeyDictionary[Engine, _Kept] = WeakKeyDictionary()
"""The last figures of each database, of which a process has one, and a test one after another."""


def ticket_stats() -> TicketStats:
    """The figures over all tickets, now. They may be shared with others: not to be changed.

    While no figure has changed they are those of the last time, after a look at whether one has.
    """
    return _up_to_date().stats


def ticket_stats_json() -> str:
    """The same as JSON."""
    return _up_to_date().json


def _up_to_date() -> _Kept:
    engine, today = get_engine(), datetime.now(UTC).date()
    kept = _kept.get(engine)
    if kept is not None and kept.today == today:
        with asking() as ask:
            if queries.changes(ask) == kept.changes:
                return kept
    _kept[engine] = fresh = _compute(today)
    return fresh


def _compute(today: date) -> _Kept:
    # Counted before the figures are read: what changes between the two is found by the next look.
    with asking() as ask:
        changes = queries.changes(ask)
    with reading(QUICK) as session:
        stats = _compute_stats(session, today)
    return _Kept(changes, today, stats, _published(stats).model_dump_json())


def _published(stats: TicketStats) -> BaseModel:
    named = {f"{field}_breakdown": counts for field, counts in stats.breakdowns.items()}
    return PublishedStats(**stats.model_dump(exclude={"breakdowns"}), **named)


def _compute_stats(session: Session, today: date) -> TicketStats:
    days = _last_days(STATS_DAYS, today)
    totals = queries.totals(session)
    active_days = queries.days_with_tickets(session)
    per_day = queries.created_per_day(session, days[0])
    median = queries.median_ms_to_resolve(session, totals.resolved)
    return TicketStats(
        total_tickets=totals.total,
        open_tickets=totals.status_open,
        avg_tickets_per_day=round(totals.total / active_days, 2) if active_days else 0.0,
        breakdowns=_breakdowns(totals),
        avg_urgency_score=round(totals.urgency_sum / totals.total, 2) if totals.total else 0.0,
        resolved_tickets=totals.resolved,
        mean_hours_to_resolve=_mean_hours(totals),
        median_hours_to_resolve=None if median is None else _six_digits(median / MS_AN_HOUR),
        tickets_per_day=[DayCount(date=day, count=per_day.get(day, 0)) for day in days],
    )


def status_counts() -> dict[Status, int]:
    """How many tickets stand in each status."""
    with reading(QUICK) as session:
        return _breakdown(queries.status_counts(session), "status", Status)


def ticket_insights(last_days: WindowDays) -> TicketInsights:
    """The figures of the last 7, 30 or 90 UTC days, today included."""
    days = _last_days(last_days, datetime.now(UTC).date())
    with reading() as session:
        row = queries.window(session, days[0])
        backlog = queries.backlog_before(session, days[0])
        created = queries.created_per_day(session, days[0])
        resolved = queries.resolved_per_day(session, days[0])
    return TicketInsights(
        days=_flow(days, created, resolved, backlog),
        created=row.created,
        resolved=row.resolved,
        breakdowns=_breakdowns(row),
        urgency=[
            GroupCount(label=f"{low}–{100 if low == 90 else low + 9}", count=getattr(row, figure))
            for figure, low in URGENCY_FIGURES.items()
        ],
        hours_to_resolve=[
            GroupCount(label=HOUR_LABELS[index], count=getattr(row, figure))
            for figure, index in HOUR_FIGURES.items()
        ],
        mean_hours_to_resolve=_mean_hours(row),
    )


def start_of_window(last_days: int) -> datetime:
    """When the first of so many UTC days began; today is the last of them."""
    return datetime.combine(_last_days(last_days, datetime.now(UTC).date())[0], time.min, UTC)


def _flow(
    days: list[date], created: Mapping[date, int], resolved: Mapping[date, int], backlog: int
) -> list[DayFlow]:
    """Each day's tickets in and out, and the backlog at its end: yesterday's, plus in, less out."""
    flow = []
    for day in days:
        opened, settled = created.get(day, 0), resolved.get(day, 0)
        backlog += opened - settled
        flow.append(DayFlow(date=day, created=opened, resolved=settled, backlog=backlog))
    return flow


def _breakdowns(row: Row[Any]) -> Breakdowns:
    return {field: _breakdown(row, field, values) for field, values in FACETS.items()}


def _breakdown(row: Row[Any], field: str, values: type[Any]) -> dict[Any, int]:
    return {value: getattr(row, f"{field}_{value.value}") for value in values}


def _last_days(count: int, today: date) -> list[date]:
    return [today - timedelta(days=back) for back in reversed(range(count))]


def _mean_hours(row: Row[Any]) -> float | None:
    return round(row.resolve_ms / row.resolved / MS_AN_HOUR, 2) if row.resolved else None


def _six_digits(number: float) -> float:
    return float(f"{number:.6g}")
