"""Idempotency keys are kept for a day, and then forgotten, a few at a time."""

from datetime import UTC, datetime, timedelta

from ticket_app.data.engine import writing
from ticket_app.data.tickets.queries import remove_older_keys

KEPT = timedelta(hours=24)
FORGOTTEN_AT_ONCE = 500


def forget_old_keys() -> bool:
    """Forget FORGOTTEN_AT_ONCE at most, in one short transaction; whether there may be more."""
    with writing() as session:
        before = datetime.now(UTC) - KEPT
        return remove_older_keys(session, before, limit=FORGOTTEN_AT_ONCE) == FORGOTTEN_AT_ONCE
