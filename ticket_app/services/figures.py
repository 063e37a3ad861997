"""The desk's figures. Every number comes from an aggregate query; here it gets its name."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from pydantic import BaseModel
from sqlalchemy import Row

from ticket_app.data import figure_queries as queries
from ticket_app.data.engine import reading
from ticket_app.vocabulary import Category, Priority, Sentiment, Status

WindowDays = Literal[7, 30, 90]
STATS_DAYS = 30
HOUR_LABELS = ("< 1 h", "1–4 h", "4–24 h", "1–3 d", "3–7 d", "> 7 d")


class DayCount(BaseModel):
    """How many on one UTC day."""

    date: date
    count: int


class TicketStats(BaseModel):
    """Figures over all tickets that are not deleted. Every value of a breakdown is always present.

    `resolved_tickets` counts resolved and closed ones, `mean_hours_to_resolve` is over the same and
    None while there are none. `tickets_per_day` is the last 30 UTC days, oldest first.
    """

    total_tickets: int
    open_tickets: int
    avg_tickets_per_day: float
    priority_breakdown: dict[Priority, int]
    category_breakdown: dict[Category, int]
    status_breakdown: dict[Status, int]
    sentiment_breakdown: dict[Sentiment, int]
    avg_urgency_score: float
    resolved_tickets: int
    mean_hours_to_resolve: float | None
    tickets_per_day: list[DayCount]


class DayFlow(BaseModel):
    """One UTC day: tickets created, tickets resolved, and how many were unresolved at its end."""

    date: date
    created: int
    resolved: int
    backlog: int


class GroupCount(BaseModel):
    """How many fall into a named group."""

    label: str
    count: int


class TicketInsights(BaseModel):
    """Figures of a window of days. The breakdowns, urgency and times are of tickets created in it.

    `resolved` counts by the day of resolving, whenever the ticket was created.
    """

    days: list[DayFlow]
    created: int
    resolved: int
    priority: dict[Priority, int]
    category: dict[Category, int]
    status: dict[Status, int]
    sentiment: dict[Sentiment, int]
    urgency: list[GroupCount]
    hours_to_resolve: list[GroupCount]
    mean_hours_to_resolve: float | None


def ticket_stats() -> TicketStats:
    """The figures over all tickets, now."""
    days = _last_days(STATS_DAYS)
    with reading() as session:
        totals = queries.totals(session)
        per_day = queries.created_per_day(session, start_of_window(STATS_DAYS))
    return TicketStats(
        total_tickets=totals.total,
        open_tickets=totals.status_open,
        avg_tickets_per_day=round(totals.total / totals.days, 2) if totals.days else 0.0,
        priority_breakdown=_breakdown(totals, "priority", Priority),
        category_breakdown=_breakdown(totals, "category", Category),
        status_breakdown=_breakdown(totals, "status", Status),
        sentiment_breakdown=_breakdown(totals, "sentiment", Sentiment),
        avg_urgency_score=round(totals.urgency or 0.0, 2),
        resolved_tickets=totals.resolved,
        mean_hours_to_resolve=_rounded(totals.hours),
        tickets_per_day=[DayCount(date=day, count=per_day.get(day, 0)) for day in days],
    )


def status_counts() -> dict[Status, int]:
    """How many tickets stand in each status."""
    with reading() as session:
        return _breakdown(queries.status_counts(session), "status", Status)


def ticket_insights(last_days: WindowDays) -> TicketInsights:
    """The figures of the last 7, 30 or 90 UTC days, today included."""
    days = _last_days(last_days)
    since = start_of_window(last_days)
    with reading() as session:
        row = queries.breakdowns(session, since)
        backlog = queries.backlog_before(session, since)
        created = queries.created_per_day(session, since)
        resolved = queries.resolved_per_day(session, since)
        urgency = queries.urgency_histogram(session, since)
        hours = queries.hours_to_resolve_histogram(session, since)
        mean_hours = queries.mean_hours_to_resolve(session, since)
    return TicketInsights(
        days=_flow(days, created, resolved, backlog),
        created=row.total,
        resolved=sum(resolved.values()),
        priority=_breakdown(row, "priority", Priority),
        category=_breakdown(row, "category", Category),
        status=_breakdown(row, "status", Status),
        sentiment=_breakdown(row, "sentiment", Sentiment),
        urgency=[
            GroupCount(label=f"{low}–{100 if low == 90 else low + 9}", count=urgency.get(low, 0))
            for low in range(0, 100, queries.HISTOGRAM_STEP)
        ],
        hours_to_resolve=[
            GroupCount(label=label, count=hours.get(index, 0))
            for index, label in enumerate(HOUR_LABELS)
        ],
        mean_hours_to_resolve=_rounded(mean_hours),
    )


def start_of_window(last_days: int) -> datetime:
    """When the first of so many UTC days began; today is the last of them."""
    return datetime.combine(_last_days(last_days)[0], time.min, UTC)


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


def _breakdown(row: Row[Any], field: str, values: type[Any]) -> dict[Any, int]:
    return {value: getattr(row, f"{field}_{value.value}") for value in values}


def _last_days(count: int) -> list[date]:
    today = datetime.now(UTC).date()
    return [today - timedelta(days=back) for back in reversed(range(count))]


def _rounded(hours: float | None) -> float | None:
    return None if hours is None else round(hours, 2)
