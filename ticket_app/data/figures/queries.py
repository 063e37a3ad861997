"""Named queries for figures: they read the counters that the database keeps, never the tickets.

Their cost therefore does not depend on the number of tickets. Deleted tickets do not count.
The statements of the statistics are built once: to build them took longer than to run them.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
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
    Table,
    bindparam,
    cast,
    func,
    select,
)
from sqlalchemy import Text as SqlText
from sqlmodel import Session, col

from ticket_app.data.direct import DriverConnection
from ticket_app.data.figures.tables import (
    HOUR_FIGURES,
    NOBODY,
    URGENCY_FIGURES,
    VALUE_FIGURES,
    ticket_assignee,
    ticket_count,
    ticket_day,
    ticket_response_day,
)
from ticket_app.data.people.tables import Person
from ticket_app.data.tickets.predicates import active_fields
from ticket_app.data.types import UtcDay
from ticket_app.schemas.tickets import TicketFilter
from ticket_app.vocabulary import FACETS

BUCKETS_A_DOUBLING = 50


def changes(connection: DriverConnection) -> int:
    """Return a version number that grows with every change of a figure."""
    ((total,),) = connection.rows("SELECT coalesce(sum(changes), 0) FROM ticket_changes", {})
    return int(total)


def totals(session: Session) -> Row[Any]:
    """Return a row: total, urgency_sum, resolved, resolve_ms, and `<field>_<value>` per facet."""
    return session.execute(_of_all()).one()


def days_with_tickets(session: Session) -> int:
    """Return the number of UTC days on which tickets were created."""
    days = _per_day("created").having(func.sum(ticket_day.c.created) > 0).subquery()
    return session.scalar(select(func.count()).select_from(days)) or 0


def status_counts(session: Session) -> Row[Any]:
    """Return one row with `status_<value>` for each status."""
    return session.execute(_of_statuses()).one()


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
    return session.execute(_of_days(), {"since": since}).one()


def responses(session: Session, since: date | None = None) -> Row[Any]:
    """Return a row: responded, the tickets with a first response, and response_ms, what it took.

    With `since` only those whose first response was on that UTC day or later.
    """
    day = ticket_response_day.c
    totals = select(*(_total(day[name]).label(name) for name in ("responded", "response_ms")))
    return session.execute(totals if since is None else totals.where(day.day >= since)).one()


def held(session: Session) -> Row[Any]:
    """Return a row of unsettled tickets: assigned, that somebody has; not_waiting, whose requester
    does not wait; idle, those of the latter that nobody has."""
    return session.execute(_held()).one()


def by_assignee(session: Session, limit: int) -> Sequence[Row[Any]]:
    """Return rows of the people with the most unsettled tickets, most first: assignee_id, name,
    tickets, waiting."""
    return session.execute(_by_assignee(), {"most": limit}).all()


def median_ms(session: Session, histogram: Table) -> float | None:
    """Return the median of a histogram of times in ms, within 1 % or a second; None if it is empty.

    The result is the middle of the median's bucket; for a median between two buckets it is the mean
    of their middles.
    """
    lower, upper = session.execute(_middle_buckets(histogram)).one()
    return None if upper is None else (_middle_of(lower) + _middle_of(upper)) / 2


def utc_day(session: Session, column: SQLColumnExpression[Any]) -> ColumnElement[Any]:
    """Return SQL for the UTC day of a time, whatever the time zone of the session."""
    if session.get_bind().dialect.name == "sqlite":
        return func.substr(cast(column, SqlText), 1, 10)
    return cast(func.timezone("UTC", column), Date)


@cache
def _of_all() -> Select[Any]:
    counter = ticket_count.c
    sums = {name: _total(counter[name]) for name in ("urgency_sum", "resolved", "resolve_ms")}
    values = {
        name: _total(counter.tickets, counter[field] == value)
        for name, (field, value) in VALUE_FIGURES.items()
    }
    return _named({"total": _total(counter.tickets)} | sums | values)


@cache
def _of_statuses() -> Select[Any]:
    counter = ticket_count.c
    return _named(
        {
            f"status_{value.value}": _total(counter.tickets, counter.status == value)
            for value in FACETS["status"]
        }
    )


@cache
def _of_days() -> Select[Any]:
    figures = ("created", "resolve_ms", *VALUE_FIGURES, *URGENCY_FIGURES, *HOUR_FIGURES)
    sums = {name: _total(ticket_day.c[name]) for name in figures}
    days = _named({"resolved": _total(ticket_day.c.resolved_on)} | sums)
    return days.where(ticket_day.c.day >= bindparam("since", type_=UtcDay))


@cache
def _held() -> Select[Any]:
    counter = ticket_assignee.c
    return _named(
        {
            "assigned": _total(counter.tickets),
            "not_waiting": _total(counter.not_waiting),
            "idle": _total(counter.not_waiting, counter.assignee_id == NOBODY),
        }
    )


@cache
def _by_assignee() -> Select[Any]:
    counter = ticket_assignee.c
    tickets = _total(counter.tickets)
    return (
        select(
            counter.assignee_id,
            col(Person.name),
            tickets.label("tickets"),
            (tickets - _total(counter.not_waiting)).label("waiting"),
        )
        .join(Person, col(Person.id) == counter.assignee_id)
        .group_by(counter.assignee_id, col(Person.name))
        .having(tickets > 0)
        .order_by(tickets.desc(), counter.assignee_id)
        .limit(bindparam("most", type_=BigInteger))
    )


@cache
def _middle_buckets(histogram: Table) -> Select[Any]:
    """Select the buckets of the two tickets in the middle, which are one if their number is odd."""
    times = histogram.c
    tickets = func.sum(func.sum(times.tickets))
    upto = (
        select(
            times.bucket,
            tickets.over(order_by=times.bucket).label("tickets"),
            tickets.over().label("all"),
        )
        .group_by(times.bucket)
        .subquery()
        .c
    )
    halves = (2 * upto.tickets >= upto.all, 2 * upto.tickets > upto.all)
    return select(*(func.min(upto.bucket).filter(half) for half in halves))


def _named(figures: Mapping[str, ColumnElement[int]]) -> Select[Any]:
    columns: list[Any] = [figure.label(name) for name, figure in figures.items()]
    return select(*columns)


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
