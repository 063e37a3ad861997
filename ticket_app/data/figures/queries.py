"""Named queries for figures: they read the counters that the database keeps, never the tickets.

Their cost therefore does not depend on the number of tickets. Deleted tickets do not count.
"""

from datetime import date
from math import sqrt
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Date,
    Row,
    Select,
    SQLColumnExpression,
    cast,
    func,
    select,
)
from sqlalchemy import Text as SqlText
from sqlmodel import Session

from ticket_app.data.direct import DriverConnection
from ticket_app.data.figures.tables import (
    HOUR_FIGURES,
    URGENCY_FIGURES,
    VALUE_FIGURES,
    ticket_count,
    ticket_day,
    ticket_resolution,
)
from ticket_app.data.tickets.predicates import active_fields
from ticket_app.schemas.tickets import TicketFilter
from ticket_app.vocabulary import FACETS

BUCKETS_A_DOUBLING = 50


def changes(connection: DriverConnection) -> int:
    """Return a version number that grows with every change of a figure."""
    ((total,),) = connection.rows("SELECT coalesce(sum(changes), 0) FROM ticket_changes", {})
    return int(total)


def totals(session: Session) -> Row[Any]:
    """Return a row: total, urgency_sum, resolved, resolve_ms, and `<field>_<value>` per facet."""
    counter = ticket_count.c
    return session.execute(
        select(
            _total(counter.tickets).label("total"),
            *(
                _total(counter[name]).label(name)
                for name in ("urgency_sum", "resolved", "resolve_ms")
            ),
            *(
                _total(counter.tickets, counter[field] == value).label(name)
                for name, (field, value) in VALUE_FIGURES.items()
            ),
        )
    ).one()


def days_with_tickets(session: Session) -> int:
    """Return the number of UTC days on which tickets were created."""
    days = _per_day("created").having(func.sum(ticket_day.c.created) > 0).subquery()
    return session.scalar(select(func.count()).select_from(days)) or 0


def status_counts(session: Session) -> Row[Any]:
    """Return one row with `status_<value>` for each status."""
    counter = ticket_count.c
    return session.execute(
        select(
            *(
                _total(counter.tickets, counter.status == value).label(f"status_{value.value}")
                for value in FACETS["status"]
            )
        )
    ).one()


def count_by(session: Session, wanted: TicketFilter) -> int:
    """Count the tickets of a filter that `is_counted`. KeyError for a field that is no facet."""
    conditions = [
        ticket_count.c[field].in_(getattr(wanted, field)) for field in active_fields(wanted)
    ]
    return session.scalar(select(_total(ticket_count.c.tickets)).where(*conditions)) or 0


def created_per_day(session: Session, since: date) -> dict[date, int]:
    """Return the tickets created per UTC day since then; some days without tickets are absent."""
    return _since(session, "created", since)


def resolved_per_day(session: Session, since: date) -> dict[date, int]:
    """Return the tickets that are resolved now, per UTC day of resolving, as above."""
    return _since(session, "resolved_on", since)


def backlog_before(session: Session, day: date) -> int:
    """Count today's tickets that were open or in progress at the start of that UTC day."""
    unresolved_now = session.scalar(
        select(_total(ticket_count.c.tickets) - _total(ticket_count.c.resolved))
    )
    grown_since = session.scalar(
        select(_total(ticket_day.c.created) - _total(ticket_day.c.resolved_on)).where(
            ticket_day.c.day >= day
        )
    )
    return (unresolved_now or 0) - (grown_since or 0)


def window(session: Session, since: date) -> Row[Any]:
    """Return one row with the totals of the UTC days from this one on.

    Tickets created on these days: created, `<field>_<value>` per facet, URGENCY_FIGURES.
    Tickets resolved on these days: resolved, resolve_ms, HOUR_FIGURES.
    """
    figures = ("created", "resolve_ms", *VALUE_FIGURES, *URGENCY_FIGURES, *HOUR_FIGURES)
    return session.execute(
        select(
            _total(ticket_day.c.resolved_on).label("resolved"),
            *(_total(ticket_day.c[name]).label(name) for name in figures),
        ).where(ticket_day.c.day >= since)
    ).one()


def median_ms_to_resolve(session: Session, resolved: int) -> float | None:
    """Return the median time to resolve in ms, within 1 % or a second; None without tickets.

    `resolved` is the number of resolved tickets. The result is the middle of the median's bucket;
    for a median between two buckets it is the mean of their middles.
    """
    running = func.sum(func.sum(ticket_resolution.c.tickets)).over(
        order_by=ticket_resolution.c.bucket
    )
    upto = (
        select(ticket_resolution.c.bucket, running.label("tickets"))
        .group_by(ticket_resolution.c.bucket)
        .subquery()
    )
    ranks = ((resolved + 1) // 2, resolved // 2 + 1)
    buckets = session.execute(
        select(*(func.min(upto.c.bucket).filter(upto.c.tickets >= rank) for rank in ranks))
    ).one()
    return None if resolved == 0 else sum(map(_middle_of, buckets)) / 2


def utc_day(session: Session, column: SQLColumnExpression[Any]) -> ColumnElement[Any]:
    """Return SQL for the UTC day of a time, whatever the time zone of the session."""
    if session.get_bind().dialect.name == "sqlite":
        return func.substr(cast(column, SqlText), 1, 10)
    return cast(func.timezone("UTC", column), Date)


def _since(session: Session, figure: str, since: date) -> dict[date, int]:
    rows = session.execute(_per_day(figure).where(ticket_day.c.day >= since)).all()
    return {row[0]: row[1] for row in rows}


def _per_day(figure: str) -> Select[Any]:
    return select(ticket_day.c.day, _total(ticket_day.c[figure])).group_by(ticket_day.c.day)


def _total(figure: Column[Any], *conditions: ColumnElement[bool]) -> ColumnElement[int]:
    """Sum over rows and slots, cast to an integer because PostgreSQL's sum is a numeric."""
    total: ColumnElement[Any] = func.sum(figure)
    if conditions:
        total = func.sum(figure).filter(*conditions)
    return cast(func.coalesce(total, 0), BigInteger)


def _middle_of(bucket: int) -> float:
    """Return the geometric mean of a bucket's bounds in ms; migration 0005 numbers the buckets."""
    if bucket == 0:
        return 0.0
    doubling, part = divmod(bucket - 1, BUCKETS_A_DOUBLING)
    width = 1000 / BUCKETS_A_DOUBLING * 2**doubling
    low = (BUCKETS_A_DOUBLING + part) * width
    return sqrt(low * (low + width))
