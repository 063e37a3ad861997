"""Named queries for figures: they read the counters that the database keeps, never the tickets.

So they cost the same however many tickets there are; all figures are of tickets not deleted.
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

from ticket_app.data.direct import Direct
from ticket_app.data.figures.tables import (
    HOUR_FIGURES,
    URGENCY_FIGURES,
    VALUE_FIGURES,
    ticket_count,
    ticket_day,
    ticket_resolution,
)
from ticket_app.data.tickets.predicates import narrowed
from ticket_app.schemas.tickets import TicketFilter
from ticket_app.vocabulary import FACETS

BUCKETS_A_DOUBLING = 50


def changes(ask: Direct) -> int:
    """A number that grows with every change of a figure: the same number, the same figures."""
    ((total,),) = ask.rows("SELECT coalesce(sum(changes), 0) FROM ticket_changes", {})
    return int(total)


def totals(session: Session) -> Row[Any]:
    """One row: total, urgency_sum, resolved, resolve_ms, `<field>_<value>` for every breakdown."""
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
    """On how many UTC days tickets were created."""
    days = _per_day("created").having(func.sum(ticket_day.c.created) > 0).subquery()
    return session.scalar(select(func.count()).select_from(days)) or 0


def status_counts(session: Session) -> Row[Any]:
    """One row with `status_<value>` for every status."""
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
    """How many tickets match a filter that `is_counted`. KeyError for a field that is no facet."""
    conditions = [ticket_count.c[field].in_(getattr(wanted, field)) for field in narrowed(wanted)]
    return session.scalar(select(_total(ticket_count.c.tickets)).where(*conditions)) or 0


def created_per_day(session: Session, since: date) -> dict[date, int]:
    """Tickets created on each UTC day since then; some days without any are absent."""
    return _since(session, "created", since)


def resolved_per_day(session: Session, since: date) -> dict[date, int]:
    """Tickets, resolved now, by the UTC day on which they were resolved."""
    return _since(session, "resolved_on", since)


def backlog_before(session: Session, day: date) -> int:
    """How many of today's tickets were open, or in progress, when that UTC day began."""
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
    """One row of the UTC days from this one on.

    Of the tickets created on them: created, `<field>_<value>` for every breakdown, URGENCY_FIGURES.
    Of those resolved on them: resolved, resolve_ms, HOUR_FIGURES.
    """
    figures = ("created", "resolve_ms", *VALUE_FIGURES, *URGENCY_FIGURES, *HOUR_FIGURES)
    return session.execute(
        select(
            _total(ticket_day.c.resolved_on).label("resolved"),
            *(_total(ticket_day.c[name]).label(name) for name in figures),
        ).where(ticket_day.c.day >= since)
    ).one()


def median_ms_to_resolve(session: Session, resolved: int) -> float | None:
    """Over `resolved` tickets, as many as there are: within 1 %, or a second; None for none.

    The middle of the bucket that the median is in; between two buckets, the middle of both.
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
    """The UTC day, whatever zone the session is in."""
    if session.get_bind().dialect.name == "sqlite":
        return func.substr(cast(column, SqlText), 1, 10)
    return cast(func.timezone("UTC", column), Date)


def _since(session: Session, figure: str, since: date) -> dict[date, int]:
    rows = session.execute(_per_day(figure).where(ticket_day.c.day >= since)).all()
    return {row[0]: row[1] for row in rows}


def _per_day(figure: str) -> Select[Any]:
    return select(ticket_day.c.day, _total(ticket_day.c[figure])).group_by(ticket_day.c.day)


def _total(figure: Column[Any], *conditions: ColumnElement[bool]) -> ColumnElement[int]:
    """The sum over rows and slots; a whole number, where PostgreSQL would make it a numeric."""
    total: ColumnElement[Any] = func.sum(figure)
    if conditions:
        total = func.sum(figure).filter(*conditions)
    return cast(func.coalesce(total, 0), BigInteger)


def _middle_of(bucket: int) -> float:
    """In milliseconds, between the ends of the bucket as migration 0005 numbers them."""
    if bucket == 0:
        return 0.0
    doubling, part = divmod(bucket - 1, BUCKETS_A_DOUBLING)
    width = 1000 / BUCKETS_A_DOUBLING * 2**doubling
    low = (BUCKETS_A_DOUBLING + part) * width
    return sqrt(low * (low + width))
