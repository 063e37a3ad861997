"""The counters that triggers keep beside the tickets: see decision 0010.

Every row belongs to a slot: PostgreSQL's writers take one of SLOTS each, so that they never wait
for each other's counters, and SQLite's one writer has slot 0. A figure is the sum over the slots; a
single row may be below zero, since what one slot counted another may have taken away.
"""

from collections.abc import Iterable

from sqlalchemy import CheckConstraint, Column, Integer, PrimaryKeyConstraint, Table, Text, text
from sqlmodel import SQLModel

from ticket_app.data.figures.checks import (
    slot_checks,
    ticket_count_checks,
    ticket_day_checks,
    ticket_resolution_checks,
)
from ticket_app.data.types import BigId, UtcDay
from ticket_app.vocabulary import FACETS

VALUE_FIGURES = {
    f"{field}_{value.value}": (field, value) for field, values in FACETS.items() for value in values
}
HISTOGRAM_STEP = 10
URGENCY_FIGURES = {f"urgency_{low}": low for low in range(0, 100, HISTOGRAM_STEP)}
"""By the lower bound of a group of ten; the last one holds 100 as well."""
HOURS_TO_RESOLVE = (1, 4, 24, 72, 168)
"""Upper bounds, in hours, of the groups of times to resolve; the last group has none."""
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
        # An update that finds room on its page leaves the index alone.
        postgresql_with={"fillfactor": 50},
    )


ticket_count = _counter(
    "ticket_count",
    [Column(field, Text) for field in FACETS],
    ("tickets", "urgency_sum", "resolved", "resolve_ms"),
    ticket_count_checks(),
)
"""Tickets, not deleted, by what a filter can ask for. `resolved` counts those with a time of
resolving; `resolve_ms` are the milliseconds that took, altogether."""

ticket_day = _counter(
    "ticket_day",
    [Column("day", UtcDay)],
    ("created", *VALUE_FIGURES, *URGENCY_FIGURES, *HOUR_FIGURES, "resolve_ms", "resolved_on"),
    ticket_day_checks(),
)
"""The tickets created on each UTC day; but `resolved_on`, `resolve_ms` and HOUR_FIGURES count those
resolved on it, whenever they were created. What was resolved before it was created, by a clock that
had been set back, counts as resolved when it was created."""

ticket_resolution = _counter(
    "ticket_resolution", [Column("bucket", Integer)], ("tickets",), ticket_resolution_checks()
)
"""Resolved tickets by how long that took. Bucket 0: less than a second. From there on each doubling
of the time is divided into 50 equal buckets, so that a bucket's ends are within 2 % of each other;
the last one holds whatever took more than 136 years."""

ticket_changes = _counter("ticket_changes", [], ("changes",), [])
"""Goes up with every change of the counters: where the sum is the same, every figure is."""
