"""The rules of the counters, as named CHECK constraints.

The migrations hold the same rules as frozen text; tests/data/test_schema_drift.py compares the two.
"""

from sqlalchemy import CheckConstraint

from ticket_app.data.rules import check, facets_known

SLOTS = 16
"""How many writers PostgreSQL keeps counters for side by side."""
LAST_BUCKET = 1_601
"""Of the times to resolve: see tables.py."""


def ticket_count_checks() -> list[CheckConstraint]:
    """What tickets are counted by."""
    return facets_known("ticket_count")


def ticket_day_checks() -> list[CheckConstraint]:
    """SQLite has no type for a day: the text must be one."""
    rule = CheckConstraint("date(day) IS day", name="ticket_day_day_date")
    return [rule.ddl_if(dialect="sqlite")]


def ticket_resolution_checks() -> list[CheckConstraint]:
    """The buckets that there are for times to resolve."""
    return [check("ticket_resolution_bucket_range", f"bucket BETWEEN 0 AND {LAST_BUCKET}")]


def slot_checks(table: str) -> list[CheckConstraint]:
    """Whose row of a counter it may be."""
    return [check(f"{table}_slot_range", f"slot BETWEEN 0 AND {SLOTS - 1}")]
