"""The desk's figures, computed from the database's counters."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from pydantic import BaseModel
from sqlalchemy import Engine, Row, Table
from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.data.direct import driver_read
from ticket_app.data.engine import get_engine, read_transaction
from ticket_app.data.figures import queries
from ticket_app.data.figures.tables import (
    HOUR_FIGURES,
    URGENCY_FIGURES,
    ticket_resolution,
    ticket_response,
)
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.schemas.figures import (
    AssigneeCount,
    Breakdowns,
    DayCount,
    DayFlow,
    GroupCount,
    PublishedStats,
    TicketInsights,
    TicketStats,
    WindowDays,
)
from ticket_app.services.people.permission import Verb, require
from ticket_app.vocabulary import FACETS, SETTLED, Status

STATS_DAYS = 30
ASSIGNEES_MAX = 100
MS_AN_HOUR = 3_600_000
HOUR_LABELS = ("< 1 h", "1–4 h", "4–24 h", "1–3 d", "3–7 d", "> 7 d")


class _Cached(NamedTuple):
    """Figures, with the version number of the counters and the UTC day that they belong to."""

    changes: int
    today: date
    stats: TicketStats
    json: str


_cache: WeakKeyDictionary[Engine, _Cached] = WeakKeyDictionary()
"""The last figures of each database. A process has one database, and a test several in turn."""


def ticket_stats(actor: Actor) -> TicketStats:
    """Returns the current figures over all tickets. Callers share the value and must not change it.

    The figures are cached until the version number of the counters or the UTC day changes.
    """
    require(actor, Verb.READ_FIGURES)
    return _current().stats


def ticket_stats_json(actor: Actor) -> str:
    """Returns the PublishedStats as JSON, from the same cache."""
    require(actor, Verb.READ_FIGURES)
    return _current().json


def _current() -> _Cached:
    engine, today = get_engine(), datetime.now(UTC).date()
    cached = _cache.get(engine)
    if cached is not None and cached.today == today:
        with driver_read() as connection:
            if queries.changes(connection) == cached.changes:
                return cached
    _cache[engine] = fresh = _compute(today)
    return fresh


def _compute(today: date) -> _Cached:
    # The version is read before the figures, so that the next call sees a change in between.
    with driver_read() as connection:
        changes = queries.changes(connection)
    with read_transaction(QUICK) as session:
        stats = _compute_stats(session, today)
    return _Cached(changes, today, stats, _published(stats).model_dump_json())


def _published(stats: TicketStats) -> BaseModel:
    named = {f"{field}_breakdown": counts for field, counts in stats.breakdowns.items()}
    return PublishedStats(**stats.model_dump(exclude={"breakdowns"}), **named)


def _compute_stats(session: Session, today: date) -> TicketStats:
    days = _last_days(STATS_DAYS, today)
    totals = queries.totals(session)
    active_days = queries.days_with_tickets(session)
    per_day = queries.created_per_day(session, days[0])
    responses = queries.responses(session)
    return TicketStats(
        total_tickets=totals.total,
        open_tickets=totals.status_open,
        avg_tickets_per_day=round(totals.total / active_days, 2) if active_days else 0.0,
        breakdowns=_breakdowns(totals),
        avg_urgency_score=round(totals.urgency_sum / totals.total, 2) if totals.total else 0.0,
        resolved_tickets=totals.resolved,
        mean_hours_to_resolve=_mean_hours(totals.resolve_ms, totals.resolved),
        median_hours_to_resolve=_median_hours(session, ticket_resolution),
        answered_tickets=responses.responded,
        mean_hours_to_first_response=_mean_hours(responses.response_ms, responses.responded),
        median_hours_to_first_response=_median_hours(session, ticket_response),
        tickets_per_day=[DayCount(date=day, count=per_day.get(day, 0)) for day in days],
        **_of_unsettled(session, totals),
    )


def _of_unsettled(session: Session, totals: Row[Any]) -> dict[str, Any]:
    """Returns the figures of the tickets that are neither resolved nor closed."""
    unsettled = totals.total - sum(getattr(totals, f"status_{each}") for each in SETTLED)
    held = queries.held(session)
    unassigned = unsettled - held.assigned
    nobody = AssigneeCount(
        assignee_id=None, name=None, tickets=unassigned, waiting=unassigned - held.idle
    )
    people = [
        AssigneeCount.model_validate(row, from_attributes=True)
        for row in queries.by_assignee(session, ASSIGNEES_MAX)
    ]
    return {
        "waiting_tickets": unsettled - held.not_waiting,
        "assignee_breakdown": [nobody, *people],
    }


def status_counts(actor: Actor) -> dict[Status, int]:
    """Returns the number of tickets in each status."""
    require(actor, Verb.READ_FIGURES)
    with read_transaction(QUICK) as session:
        return _breakdown(queries.status_counts(session), "status", Status)


def ticket_insights(actor: Actor, last_days: WindowDays) -> TicketInsights:
    """Returns the figures of the last 7, 30 or 90 UTC days, today included."""
    require(actor, Verb.READ_FIGURES)
    days = _last_days(last_days, datetime.now(UTC).date())
    with read_transaction() as session:
        row = queries.window(session, days[0])
        responses = queries.responses(session, days[0])
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
        mean_hours_to_resolve=_mean_hours(row.resolve_ms, row.resolved),
        responded=responses.responded,
        mean_hours_to_first_response=_mean_hours(responses.response_ms, responses.responded),
    )


def start_of_window(last_days: int) -> datetime:
    """Returns the start of the first of the last `last_days` UTC days, today included."""
    return datetime.combine(_last_days(last_days, datetime.now(UTC).date())[0], time.min, UTC)


def _flow(
    days: list[date], created: Mapping[date, int], resolved: Mapping[date, int], backlog: int
) -> list[DayFlow]:
    """Returns the flow of each day; `backlog` is that before the first day."""
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


def _mean_hours(total_ms: int, tickets: int) -> float | None:
    return round(total_ms / tickets / MS_AN_HOUR, 2) if tickets else None


def _median_hours(session: Session, histogram: Table) -> float | None:
    median = queries.median_ms(session, histogram)
    return None if median is None else float(f"{median / MS_AN_HOUR:.6g}")
