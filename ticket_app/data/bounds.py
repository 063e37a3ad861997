"""How long the database may take, on either engine."""

STATEMENT_TIMEOUT_MS = 10_000
"""A statement that reads, and on PostgreSQL any."""
QUICK_SECONDS = 4.0
"""On PostgreSQL a statement of what takes milliseconds. Somebody waits for it, and shall be told
within 5 s that the process of the server that has it stands still."""
BUSY_TIMEOUT_SECONDS = 5
"""To wait on SQLite until others are done writing."""
LOCK_TIMEOUT_MS = 3_500
"""To wait on PostgreSQL until others are done with the same row: less than what is quick may take,
so that it is known what it waited for."""
