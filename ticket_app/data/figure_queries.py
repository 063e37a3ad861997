"""Named queries that count: every figure is computed by the database, over tickets not deleted."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Float,
    Row,
    SQLColumnExpression,
    case,
    cast,
    func,
    select,
)
from sqlalchemy import Text as SqlText
from sqlmodel import Session, col

from ticket_app.data.tables import Ticket
from ticket_app.vocabulary import Category, Priority, Sentiment, Status

BREAKDOWNS = {
    "category": (col(Ticket.category), Category),
    "priority": (col(Ticket.priority), Priority),
    "status": (col(Ticket.status), Status),
    "sentiment": (col(Ticket.sentiment), Sentiment),
}
HISTOGRAM_STEP = 10
HOURS_TO_RESOLVE = (1, 4, 24, 72, 168)
"""Upper bounds, in hours, of the groups of times to resolve; the last group has none."""


def totals(session: Session) -> Row[Any]:
    """One row: total, days, urgency, resolved, hours, and `<field>_<value>` for every breakdown."""
    return session.execute(
        select(
            func.count().label("total"),
            func.count(utc_day(session, col(Ticket.created_at)).distinct()).label("days"),
            cast(func.avg(col(Ticket.urgency_score)), Float).label("urgency"),
            func.count(col(Ticket.resolved_at)).label("resolved"),
            func.avg(_hours_to_resolve(session)).label("hours"),
            *_breakdown_columns(),
        ).where(*_present())
    ).one()


def breakdowns(session: Session, since: datetime) -> Row[Any]:
    """One row: total, and `<field>_<value>` for every breakdown, of tickets created since then."""
    return session.execute(
        select(func.count().label("total"), *_breakdown_columns()).where(
            *_present(), col(Ticket.created_at) >= since
        )
    ).one()


def status_counts(session: Session) -> Row[Any]:
    """One row with `status_<value>` for every status."""
    return session.execute(select(*_columns_of("status")).where(*_present())).one()


def created_per_day(session: Session, since: datetime) -> dict[date, int]:
    """Tickets created on each UTC day since then; days without any are absent."""
    return _per_day(session, col(Ticket.created_at), since)


def resolved_per_day(session: Session, since: datetime) -> dict[date, int]:
    """Tickets, resolved now, by the UTC day on which they were resolved."""
    return _per_day(session, col(Ticket.resolved_at), since)


def backlog_before(session: Session, moment: datetime) -> int:
    """How many of today's tickets were open, or in progress, just before that moment."""
    resolved_at = col(Ticket.resolved_at)
    return (
        session.scalar(
            select(func.count()).where(
                *_present(),
                col(Ticket.created_at) < moment,
                resolved_at.is_(None) | (resolved_at >= moment),
            )
        )
        or 0
    )


def urgency_histogram(session: Session, since: datetime) -> dict[int, int]:
    """Tickets created since then by the lower bound of their urgency's group of ten: 0 to 90."""
    tens = col(Ticket.urgency_score) / HISTOGRAM_STEP
    group = case((col(Ticket.urgency_score) >= 90, 90), else_=cast(func.floor(tens), Float) * 10)
    return {int(lower): count for lower, count in _grouped(session, group, since)}


def hours_to_resolve_histogram(session: Session, since: datetime) -> dict[int, int]:
    """Tickets created since then and resolved, by the group in HOURS_TO_RESOLVE they fall into."""
    hours = _hours_to_resolve(session)
    group = case(
        *((hours < bound, index) for index, bound in enumerate(HOURS_TO_RESOLVE)),
        else_=len(HOURS_TO_RESOLVE),
    )
    resolved = col(Ticket.resolved_at).is_not(None)
    return {int(index): count for index, count in _grouped(session, group, since, resolved)}


def mean_hours_to_resolve(session: Session, since: datetime) -> float | None:
    """Over tickets created since then and resolved; None while there are none."""
    return session.scalar(
        select(func.avg(_hours_to_resolve(session))).where(
            *_present(), col(Ticket.created_at) >= since
        )
    )


def _grouped(
    session: Session, group: ColumnElement[Any], since: datetime, *conditions: ColumnElement[bool]
) -> Sequence[Row[Any, int]]:
    labelled = group.label("grp")
    return session.execute(
        select(labelled, func.count())
        .where(*_present(), col(Ticket.created_at) >= since, *conditions)
        .group_by(labelled)
    ).all()


def utc_day(session: Session, column: SQLColumnExpression[Any]) -> ColumnElement[Any]:
    """The UTC day. Connections to PostgreSQL run in UTC, so a cast is enough there."""
    if _on_sqlite(session):
        return func.substr(cast(column, SqlText), 1, 10)
    return cast(column, Date)


def _per_day(
    session: Session, column: SQLColumnExpression[Any], since: datetime
) -> dict[date, int]:
    day = utc_day(session, column).label("day")
    rows = session.execute(
        select(day, func.count()).where(*_present(), column >= since).group_by(day)
    ).all()
    return {date.fromisoformat(str(on)): count for on, count in rows}


def _present() -> list[ColumnElement[bool]]:
    return [col(Ticket.deleted_at).is_(None)]


def _breakdown_columns() -> list[ColumnElement[int]]:
    return [column for field in BREAKDOWNS for column in _columns_of(field)]


def _columns_of(field: str) -> list[ColumnElement[int]]:
    column, values = BREAKDOWNS[field]
    return [
        func.count().filter(column == value).label(f"{field}_{value.value}") for value in values
    ]


def _on_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _hours_to_resolve(session: Session) -> ColumnElement[Any]:
    created_at, resolved_at = col(Ticket.created_at), col(Ticket.resolved_at)
    if _on_sqlite(session):
        # SQLite counts milliseconds but answers days, inexactly: a whole hour must stay whole.
        days = func.julianday(resolved_at) - func.julianday(created_at)
        return func.round(days * 86_400_000) / 3_600_000
    return cast(func.extract("epoch", resolved_at - created_at), Float) / 3600
