"""The desk's figures. Every number comes from an aggregate query; here it gets its name."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from sqlalchemy import Row

from ticket_app.data import figure_queries as queries
from ticket_app.data.engine import reading
from ticket_app.schemas import (
    STATS_DAYS,
    DayCount,
    DayFlow,
    GroupCount,
    TicketInsights,
    TicketStats,
)
from ticket_app.vocabulary import Category, Priority, Sentiment, Status

InsightDays = Literal[7, 30, 90]
HOUR_LABELS = ("< 1 h", "1–4 h", "4–24 h", "1–3 d", "3–7 d", "> 7 d")


def ticket_stats() -> TicketStats:
    """The figures over all tickets, now."""
    days = _last_days(STATS_DAYS)
    with reading() as session:
        totals = queries.totals(session)
        per_day = queries.created_per_day(session, _start_of(days[0]))
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


def ticket_insights(last_days: InsightDays) -> TicketInsights:
    """The figures of the last 7, 30 or 90 UTC days, today included."""
    days = _last_days(last_days)
    since = _start_of(days[0])
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


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _rounded(hours: float | None) -> float | None:
    return None if hours is None else round(hours, 2)
