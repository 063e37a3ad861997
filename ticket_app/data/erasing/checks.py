"""Named CHECK constraints of the calls of the function for erasing.

The migrations repeat them as frozen text; tests/data/test_schema_drift.py compares the two.
"""

from sqlalchemy import CheckConstraint

from ticket_app.data.constraints import one_of, sqlite_times
from ticket_app.vocabulary import ErasingKind


def erasing_checks() -> list[CheckConstraint]:
    """Require a known kind of call, and a valid time."""
    return [
        one_of("erasing_kind_known", "kind", ErasingKind),
        *sqlite_times("erasing", "created_at"),
    ]
