"""Named queries that compute the counters from the tickets, to verify them.

They read every ticket, so their time grows with the table. They define each figure independently of
the triggers, so that the two can be compared; only the times that something took are computed in
the same way.
"""

from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    Select,
    SQLColumnExpression,
    Table,
    and_,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
    text,
    type_coerce,
)
from sqlmodel import Session, col

from ticket_app.data.figures.checks import LAST_BUCKET
from ticket_app.data.figures.queries import BUCKETS_A_DOUBLING
from ticket_app.data.figures.tables import (
    HISTOGRAM_STEP,
    HOURS_TO_RESOLVE,
    NOBODY,
    URGENCY_FIGURES,
    VALUE_FIGURES,
    ticket_assignee,
    ticket_changes,
    ticket_count,
    ticket_day,
    ticket_resolution,
    ticket_response,
    ticket_response_day,
)
from ticket_app.data.tickets.predicates import present
from ticket_app.data.tickets.tables import Ticket
from ticket_app.data.types import UtcDay
from ticket_app.vocabulary import FACETS, SETTLED

COUNTERS = (
    ticket_count,
    ticket_day,
    ticket_resolution,
    ticket_response,
    ticket_response_day,
    ticket_assignee,
)
MS_AN_HOUR = 3_600_000
HOURS_MAX = 10**9
"""An upper bound of the hours that a ticket can take."""
DOUBLINGS = (LAST_BUCKET - 1) // BUCKETS_A_DOUBLING

RESOLVED, RESPONDED = col(Ticket.resolved_at), col(Ticket.first_responded_at)
"""The two times that take some time from filing on."""

Key = tuple[Any, ...]
Figures = dict[Key, dict[str, int]]
"""The figures that are not 0, keyed by the row's key without the slot."""


class Both(NamedTuple):
    """The figures of a counter, as stored and as counted from the tickets."""

    kept: Figures
    counted: Figures


def both(session: Session, counter: Table) -> Both:
    """Return both figures. The transaction must see one snapshot, or they are not comparable."""
    return Both(_kept(session, counter), _counted(session, counter))


def present_tickets(session: Session) -> int:
    """Return the number of tickets not deleted, counted one by one."""
    return session.scalar(select(func.count()).where(present())) or 0


def keep_writers_out(session: Session) -> None:
    """Lock out other writers of tickets until this transaction ends. SQLite has only one anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE ticket IN SHARE ROW EXCLUSIVE MODE"))


def rewrite(session: Session, counter: Table, counted: Figures) -> None:
    """Replace a counter's rows by these figures, in slot 0."""
    session.execute(delete(counter))
    names, none = key_names(counter), dict.fromkeys(figure_names(counter), 0)
    rows = [
        none | figures | dict(zip(names, key, strict=True)) | {"slot": 0}
        for key, figures in counted.items()
    ]
    if rows:
        session.execute(insert(counter), rows)


def note_change(session: Session) -> None:
    """Increment the version number of the figures, so that cached figures are dropped."""
    changes = ticket_changes.c.changes
    session.execute(ticket_changes.update().values(changes=changes + 1))


def key_names(counter: Table) -> list[str]:
    """Return the columns of a counter's key without the slot."""
    return [column.name for column in counter.primary_key if column.name != "slot"]


def figure_names(counter: Table) -> list[str]:
    """Return the columns of a counter that hold figures."""
    return [column.name for column in counter.columns if not column.primary_key]


def _kept(session: Session, counter: Table) -> Figures:
    keys = [counter.c[name] for name in key_names(counter)]
    sums = {name: func.sum(counter.c[name]) for name in figure_names(counter)}
    return _read(session, select(*keys).group_by(*keys), sums)


def _counted(session: Session, counter: Table) -> Figures:
    return _COUNTED[counter.name](session)


def _count(session: Session) -> Figures:
    fields = [getattr(Ticket, field) for field in FACETS]
    urgency = func.sum(col(Ticket.urgency_score))
    resolved = {
        "resolved": func.count(RESOLVED),
        "resolve_ms": func.coalesce(func.sum(_ms(session, RESOLVED)), 0),
    }
    return _read(
        session, _present(*fields), {"tickets": func.count(), "urgency_sum": urgency, **resolved}
    )


def _days(session: Session) -> Figures:
    created = _read(session, _present(_day(session, col(Ticket.created_at))), _of_a_day())
    resolved = _read(session, _of_each_day(session, RESOLVED), _of_a_day_of_resolving(session))
    return _joined(created, resolved)


def _response_days(session: Session) -> Figures:
    took = func.sum(_ms(session, RESPONDED))
    sums = {"responded": func.count(), "response_ms": took}
    return _read(session, _of_each_day(session, RESPONDED), sums)


def _assignees(session: Session) -> Figures:
    has, waits = col(Ticket.assignee_id), col(Ticket.waiting_since)
    unsettled = _present(func.coalesce(has, NOBODY)).where(col(Ticket.status).not_in(SETTLED))
    sums = {"tickets": func.count(has), "not_waiting": func.count().filter(waits.is_(None))}
    return _read(session, unsettled, sums)


def _histogram(session: Session, time: SQLColumnExpression[Any]) -> Figures:
    buckets = _present(_bucket(_ms(session, time))).where(time.is_not(None))
    return _read(session, buckets, {"tickets": func.count()})


def _read(session: Session, groups: Select[Any], sums: Mapping[str, ColumnElement[Any]]) -> Figures:
    rows = session.execute(
        groups.add_columns(*(cast(total, BigInteger) for total in sums.values()))
    )
    figures: Figures = {}
    for row in rows:
        key, values = tuple(row[: -len(sums)]), row[-len(sums) :]
        named = {name: value for name, value in zip(sums, values, strict=True) if value}
        if named:
            figures[key] = named
    return figures


def _joined(one: Figures, other: Figures) -> Figures:
    return {key: one.get(key, {}) | other.get(key, {}) for key in one.keys() | other.keys()}


def _present(*keys: ColumnElement[Any]) -> Select[Any]:
    return select(*keys).where(present()).group_by(*keys)


def _of_each_day(session: Session, time: SQLColumnExpression[Any]) -> Select[Any]:
    """Return the groups of tickets by the UTC day of a time, at least that of their creation."""
    return _present(_day(session, _not_before_creation(time))).where(time.is_not(None))


def _of_a_day() -> dict[str, ColumnElement[Any]]:
    urgency = col(Ticket.urgency_score)
    tens = {
        name: and_(urgency >= low, urgency < low + (11 if low == 90 else HISTOGRAM_STEP))
        for name, low in URGENCY_FIGURES.items()
    }
    values = {
        name: getattr(Ticket, field) == value for name, (field, value) in VALUE_FIGURES.items()
    }
    conditions = values | tens
    return {
        "created": func.count(),
        **{name: func.count().filter(condition) for name, condition in conditions.items()},
    }


def _of_a_day_of_resolving(session: Session) -> dict[str, ColumnElement[Any]]:
    ms = _ms(session, RESOLVED)
    hours = ms / literal(float(MS_AN_HOUR), Float)
    bounds = (0, *HOURS_TO_RESOLVE, HOURS_MAX)
    taken = {
        f"hours_{index}": func.count().filter(hours >= low, hours < high)
        for index, (low, high) in enumerate(pairwise(bounds))
    }
    return {"resolved_on": func.count(), "resolve_ms": func.sum(ms), **taken}


def _not_before_creation(time: SQLColumnExpression[Any]) -> ColumnElement[Any]:
    """Return a time, but at least that of creation: a clock may have been set back."""
    created_at = col(Ticket.created_at)
    return case((time < created_at, created_at), else_=time)


def _day(session: Session, time: SQLColumnExpression[Any]) -> ColumnElement[Any]:
    if _on_sqlite(session):
        return type_coerce(func.date(time), UtcDay)
    return cast(func.timezone("UTC", time), UtcDay)


def _ms(session: Session, time: SQLColumnExpression[Any]) -> ColumnElement[int]:
    """Return the milliseconds from filing to a time, rounded as in the triggers."""
    created_at, until = col(Ticket.created_at), _not_before_creation(time)
    if _on_sqlite(session):
        days = func.julianday(until) - func.julianday(created_at)
        return cast(func.round(days * 86_400_000), BigInteger)
    return cast(func.round(func.extract("epoch", until - created_at) * 1000), BigInteger)


def _bucket(ms: ColumnElement[int]) -> ColumnElement[int]:
    """Return the bucket of a histogram of times, in integers so that no rounding can differ."""
    doublings = (
        (
            ms < 2000 * 2**doubling,
            1
            + BUCKETS_A_DOUBLING * doubling
            + (ms - 1000 * 2**doubling) // (1000 // BUCKETS_A_DOUBLING * 2**doubling),
        )
        for doubling in range(DOUBLINGS)
    )
    return case((ms < 1000, 0), *doublings, else_=LAST_BUCKET)


def _on_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


_COUNTED: Mapping[str, Callable[[Session], Figures]] = {
    ticket_count.name: _count,
    ticket_day.name: _days,
    ticket_resolution.name: partial(_histogram, time=RESOLVED),
    ticket_response.name: partial(_histogram, time=RESPONDED),
    ticket_response_day.name: _response_days,
    ticket_assignee.name: _assignees,
}
