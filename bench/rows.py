"""Asks both sides for rows while they are measured, and for their end."""

from collections.abc import Iterable
from time import monotonic, sleep

from sqlalchemy import text

from bench.load import BenchError
from harness.filling import autocommitting

BUSY_BACKENDS = """
SELECT count(*) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND state <> 'idle' AND pid <> pg_backend_pid()
"""
IDLE_SAMPLES, SECONDS_BETWEEN_SAMPLES = 3, 0.05
"""The database counts as idle after this many idle samples in a row. One is not enough, because a
server also looks idle between two queued requests."""
SECONDS_TO_IDLE = 120
UNRESOLVED_MAX = 20_000


def unresolved(url: str, table: str) -> dict[int, str]:
    """Returns the status by id of UNRESOLVED_MAX unresolved tickets from all over the table."""
    return _statuses(
        url,
        f"SELECT id, status FROM {table} WHERE status IN ('open', 'in_progress') "  # noqa: S608
        "ORDER BY hashint8(id) LIMIT :most",
        most=UNRESOLVED_MAX,
    )


def status_of(url: str, table: str, ids: Iterable[int]) -> dict[int, str]:
    """Returns the current status of these tickets by id."""
    statement = f"SELECT id, status FROM {table} WHERE id = ANY(:ids)"  # noqa: S608  # ours
    return _statuses(url, statement, ids=list(ids))


def wait_until_idle(server: str) -> None:
    """Return once no client's statement is running. Raises BenchError after SECONDS_TO_IDLE."""
    deadline = monotonic() + SECONDS_TO_IDLE
    with autocommitting(f"{server}/postgres") as connection:
        idle = 0
        while idle < IDLE_SAMPLES:
            if monotonic() > deadline:
                raise BenchError(f"The database is still busy after {SECONDS_TO_IDLE} s.")
            idle = 0 if connection.execute(text(BUSY_BACKENDS)).scalar_one() else idle + 1
            sleep(SECONDS_BETWEEN_SAMPLES)


def count_rows(url: str, table: str) -> int:
    """Returns the current number of rows of a table."""
    with autocommitting(url) as connection:
        counted = connection.execute(text(f'SELECT count(*) FROM "{table}"'))  # noqa: S608  # ours
        return int(counted.scalar_one())


def delete_newer(url: str, last: int) -> None:
    """Close and delete the desk's tickets with an id above `last`, as the desk does: their rows
    stay, in no list and for no change of status."""
    with autocommitting(url) as connection:
        newer = (
            "UPDATE ticket SET status = 'closed', waiting_since = NULL, resolved_at = updated_at, "
            "deleted_at = updated_at WHERE id > :last AND deleted_at IS NULL"
        )
        connection.execute(text(newer), {"last": last})


def _statuses(url: str, statement: str, **values: object) -> dict[int, str]:
    with autocommitting(url) as connection:
        return {row.id: row.status for row in connection.execute(text(statement), values)}
