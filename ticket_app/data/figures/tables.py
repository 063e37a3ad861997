"""The counters that triggers maintain for the tickets: see decision 0010.

Every row belongs to a slot. On PostgreSQL each writer takes one of SLOTS, so that no writer waits
for another's counters; SQLite's one writer has slot 0. A figure is the sum over the slots. A single
row may be negative: one slot may subtract what another slot added.
"""

from collections.abc import Iterable

from sqlalchemy import CheckConstraint, Column, Integer, PrimaryKeyConstraint, Table, Text, text
from sqlmodel import SQLModel

from ticket_app.data.figures.checks import (
    bucket_checks,
    day_checks,
    slot_checks,
    ticket_count_checks,
)
from ticket_app.data.types import BigId, UtcDay
from ticket_app.vocabulary import FACETS

VALUE_FIGURES = {
    f"{field}_{value.value}": (field, value) for field, values in FACETS.items() for value in values
}
HISTOGRAM_STEP = 10
URGENCY_FIGURES = {f"urgency_{low}": low for low in range(0, 100, HISTOGRAM_STEP)}
"""The lower bound of each group of ten points; the last group includes 100."""
HOURS_TO_RESOLVE = (1, 4, 24, 72, 168)
"""Upper bounds in hours of the groups of times to resolve; the last group is unbounded."""
HOUR_FIGURES = {f"hours_{index}": index for index in range(len(HOURS_TO_RESOLVE) + 1)}


def _counter(
    name: str, keys: list[Column[object]], figures: Iterable[str], checks: list[CheckConstraint]
) -> Table:
    return Table(
        name,
        SQLModel.metadata,
        *keys,
        Column("slot", Integer, autoincrement=False),
        *(Column(figure, BigId, nullable=False, server_default=text("0")) for figure in figures),
        PrimaryKeyConstraint(*(key.name for key in keys), "slot"),
        *checks,
        *slot_checks(name),
        sqlite_strict=True,
        # Room on each page for HOT updates, which leave the index alone.
        postgresql_with={"fillfactor": 50},
    )


ticket_count = _counter(
    "ticket_count",
    [Column(field, Text) for field in FACETS],
    ("tickets", "urgency_sum", "resolved", "resolve_ms"),
    ticket_count_checks(),
)
"""Tickets not deleted, by facets. `resolved` counts those with a time of resolving; `resolve_ms` is
the sum of the milliseconds that resolving took."""

ticket_day = _counter(
    "ticket_day",
    [Column("day", UtcDay)],
    ("created", *VALUE_FIGURES, *URGENCY_FIGURES, *HOUR_FIGURES, "resolve_ms", "resolved_on"),
    day_checks("ticket_day"),
)
"""Tickets created on each UTC day. `resolved_on`, `resolve_ms` and HOUR_FIGURES instead count the
tickets resolved on that day. A ticket resolved before its creation, by a clock that was set back,
counts as resolved when it was created."""

ticket_resolution = _counter(
    "ticket_resolution",
    [Column("bucket", Integer)],
    ("tickets",),
    bucket_checks("ticket_resolution"),
)
"""Histogram of the times to resolve. Bucket 0 holds times below a second. Each doubling from there
on is divided into 50 equal buckets, so that the bounds of a bucket differ by at most 2 %. The last
bucket holds times above 136 years."""

ticket_response = _counter(
    "ticket_response", [Column("bucket", Integer)], ("tickets",), bucket_checks("ticket_response")
)
"""Histogram of the times to the first response, with the buckets of `ticket_resolution`."""

ticket_response_day = _counter(
    "ticket_response_day",
    [Column("day", UtcDay)],
    ("responded", "response_ms"),
    day_checks("ticket_response_day"),
)
"""Tickets whose first response was on each UTC day; `response_ms` is the sum of the milliseconds
that it took. A response before the creation, by a clock that was set back, counts as one at it."""

NOBODY = 0
"""The `assignee_id` under which `ticket_assignee` counts tickets that nobody has."""

ticket_assignee = _counter(
    "ticket_assignee",
    # No foreign key: NOBODY is no person, and a check would cost as much as the counter.
    [Column("assignee_id", BigId, autoincrement=False)],
    ("tickets", "not_waiting"),
    [],
)
"""Tickets that are neither resolved nor closed, by assignee. `not_waiting` counts those whose
requester does not wait. Of the tickets that nobody has only `not_waiting` is kept, so that a new
ticket adds to no row: their number is what `ticket_count` has besides."""

ticket_changes = _counter("ticket_changes", [], ("changes",), [])
"""The version number of the counters: while its sum is unchanged, so is every figure."""
