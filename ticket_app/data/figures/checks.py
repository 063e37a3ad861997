"""Named CHECK constraints of the counters.

The migrations repeat them as frozen text; tests/data/test_schema_drift.py compares the two.
"""

from sqlalchemy import CheckConstraint

from ticket_app.data.constraints import check, facets_known

SLOTS = 16
"""Counter rows per key on PostgreSQL, so that many writers do not wait for each other."""
LAST_BUCKET = 1_601
"""Highest bucket of a histogram of times: see tables.py."""


def ticket_count_checks() -> list[CheckConstraint]:
    """Return the constraints of ticket_count: its facets hold known values."""
    return facets_known("ticket_count")


def day_checks(table: str) -> list[CheckConstraint]:
    """Return the constraint that a day is valid on SQLite, which has no type for it."""
    rule = CheckConstraint("date(day) IS day", name=f"{table}_day_date")
    return [rule.ddl_if(dialect="sqlite")]


def bucket_checks(table: str) -> list[CheckConstraint]:
    """Return the constraint on the range of buckets."""
    return [check(f"{table}_bucket_range", f"bucket BETWEEN 0 AND {LAST_BUCKET}")]


def slot_checks(table: str) -> list[CheckConstraint]:
    """Return the constraint on the range of a counter's slot."""
    return [check(f"{table}_slot_range", f"slot BETWEEN 0 AND {SLOTS - 1}")]
