"""How long the database may take, on either engine."""

STATEMENT_TIMEOUT_MS = 10_000
"""A statement that reads, and on PostgreSQL any."""
BUSY_TIMEOUT_SECONDS = 5
"""To wait until others are done writing."""
