"""Time limits of the database on either engine."""

STATEMENT_TIMEOUT_MS = 10_000
"""Limit of a statement that reads; on PostgreSQL of any statement."""
QUICK_SECONDS = 4.0
"""Limit on PostgreSQL of a statement that normally takes milliseconds. A user who waits for it is
told within 5 s that the server's backend is stuck."""
BUSY_TIMEOUT_SECONDS = 5
"""Wait on SQLite for other writers."""
LOCK_TIMEOUT_MS = 3_500
"""Wait on PostgreSQL for a row lock. It is less than QUICK_SECONDS, so that the error can name the
lock as the reason."""
