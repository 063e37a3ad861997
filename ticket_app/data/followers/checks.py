"""Named CHECK constraints of followers and notifications.

The migrations repeat them as frozen text; tests/data/test_schema_drift.py compares the two.
"""

from sqlalchemy import CheckConstraint

from ticket_app.data.constraints import check, one_of, sqlite_times
from ticket_app.vocabulary import NotificationKind


def follower_checks() -> list[CheckConstraint]:
    """Return the constraints of a follower: a place in the record, and a whole lease or none."""
    return [
        check("follower_position_range", "position >= 0"),
        check("follower_lease_whole", "(holder IS NULL) = (leased_until IS NULL)"),
        *sqlite_times("follower", "moved_at", "leased_until"),
    ]


def put_aside_checks() -> list[CheckConstraint]:
    """Return the constraints of an event that was put aside."""
    return [
        check("put_aside_attempts_range", "attempts >= 0"),
        *sqlite_times("put_aside", "due_at", "given_up_at"),
    ]


def notification_checks() -> list[CheckConstraint]:
    """Return the constraints of a notification."""
    return [
        one_of("notification_kind_known", "kind", NotificationKind),
        *sqlite_times("notification", "created_at", "read_at"),
    ]
