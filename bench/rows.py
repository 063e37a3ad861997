"""The same tickets for both sides: the peer's own distributions, written into our table."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from sqlalchemy import Connection, create_engine, insert, select, text

from bench.load import BenchError
from ticket_app.data.engine import reading, use_database, writing
from ticket_app.data.migrations import migrate
from ticket_app.data.tickets.tables import Ticket
from ticket_app.vocabulary import Category, Priority, Sentiment, Status

DRAW = """
CREATE FUNCTION pg_temp.drawn(i int, column_no int) RETURNS int LANGUAGE sql IMMUTABLE
AS 'SELECT abs(hashint8(i * 16 + column_no) / 2)'
"""
"""An independent draw for each column, the same as the peer's."""

FILL = """
INSERT INTO ticket (title, description, category, priority, status, sentiment, urgency_score,
                    created_at, updated_at, resolved_at)
SELECT title, description, category, priority, status, sentiment, urgency, created, created,
       CASE WHEN status IN ('resolved', 'closed')
            THEN least(CAST(:now AS timestamptz), created + took) END
FROM (
  SELECT i,
    'Ticket ' || i || ' ' || md5(i::text) AS title,
    repeat(md5(i::text) || ' ', 4)
      || CASE WHEN pg_temp.drawn(i, 1) % 50 = 0 THEN 'timeout' ELSE 'steady' END AS description,
    (:categories)[1 + pg_temp.drawn(i, 2) % 4] AS category,
    (:priorities)[1 + pg_temp.drawn(i, 3) % 4] AS priority,
    (:statuses)[1 + pg_temp.drawn(i, 4) % 4] AS status,
    (:sentiments)[1 + pg_temp.drawn(i, 5) % 4] AS sentiment,
    pg_temp.drawn(i, 6) % 101 AS urgency,
    CAST(:now AS timestamptz) - (i % 525600) * interval '1 minute' AS created,
    pg_temp.drawn(i, 7) % 6000 * interval '1 minute' AS took
  FROM generate_series(:first, :last) i
) drawn
ORDER BY i
"""
WORDS = {
    "categories": Category, "priorities": Priority, "statuses": Status, "sentiments": Sentiment,
}  # fmt: skip
FILLED_AT_ONCE = 100_000
"""What a statement changes its triggers hold in memory, or in a file."""
COPIED_AT_ONCE = 1_000
BUSY = """
SELECT count(*) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND state <> 'idle' AND pid <> pg_backend_pid()
"""
LOOKS, SECONDS_BETWEEN_LOOKS = 3, 0.05
"""Idle that often in a row: between two requests of a queue a server looks idle, too."""
SECONDS_TO_IDLE = 120
UNSETTLED_MAX = 20_000


def fill_postgresql(url: str, count: int) -> None:
    """Migrate this database and put `count` tickets into it, numbered from 1."""
    migrate_database(url)
    words = {name: [value.value for value in values] for name, values in WORDS.items()}
    with administering(url) as connection:
        connection.execute(text(DRAW))
        now = connection.execute(text("SELECT now()")).scalar_one()
        for first in range(1, count + 1, FILLED_AT_ONCE):
            part = {"now": now, "first": first, "last": min(first + FILLED_AT_ONCE - 1, count)}
            connection.execute(text(FILL), words | part)


def migrate_database(url: str) -> None:
    """Give this database the desk's tables."""
    use_database(with_driver(url))
    migrate()
    use_database(None)


def settle(url: str) -> None:
    """Do now what the server would do in the background some time after a database was filled."""
    with administering(url) as connection:
        connection.execute(text("VACUUM (ANALYZE)"))
        connection.execute(text("CHECKPOINT"))


def unsettled(url: str, table: str) -> dict[int, str]:
    """The status of UNSETTLED_MAX tickets from all over that table, open or in progress."""
    return _statuses(
        url,
        f"SELECT id, status FROM {table} WHERE status IN ('open', 'in_progress') "  # noqa: S608
        "ORDER BY hashint8(id) LIMIT :most",
        most=UNSETTLED_MAX,
    )


def status_of(url: str, table: str, ids: Iterable[int]) -> dict[int, str]:
    """The status of these tickets right now."""
    asked = f"SELECT id, status FROM {table} WHERE id = ANY(:ids)"  # noqa: S608  # ours
    return _statuses(url, asked, ids=list(ids))


def wait_until_idle(server: str) -> None:
    """Return once no client's statement is running. Raises BenchError after SECONDS_TO_IDLE."""
    deadline = monotonic() + SECONDS_TO_IDLE
    with administering(f"{server}/postgres") as connection:
        idle = 0
        while idle < LOOKS:
            if monotonic() > deadline:
                raise BenchError(f"The database is still busy after {SECONDS_TO_IDLE} s.")
            idle = 0 if connection.execute(text(BUSY)).scalar_one() else idle + 1
            sleep(SECONDS_BETWEEN_LOOKS)


def copy_to_sqlite(source: str, target: Path) -> str:
    """The same tickets in a new SQLite file; returns its address."""
    table = Ticket.metadata.tables["ticket"]
    use_database(with_driver(source))
    with reading() as session:
        rows = [dict(row) for row in session.execute(select(table)).mappings()]
    url = f"sqlite:///{target}"
    use_database(url)
    migrate()
    with writing() as session:
        for first in range(0, len(rows), COPIED_AT_ONCE):
            session.execute(insert(table), rows[first : first + COPIED_AT_ONCE])
    use_database(None)
    return url


def count_rows(url: str, table: str) -> int:
    """How many rows a table holds right now."""
    with administering(url) as connection:
        counted = connection.execute(text(f'SELECT count(*) FROM "{table}"'))  # noqa: S608  # ours
        return int(counted.scalar_one())


@contextmanager
def administering(url: str) -> Iterator[Connection]:
    """A connection of our own, beside the desk's, on which each statement commits by itself."""
    engine = create_engine(with_driver(url), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _statuses(url: str, statement: str, **values: object) -> dict[int, str]:
    with administering(url) as connection:
        return {row.id: row.status for row in connection.execute(text(statement), values)}


def with_driver(url: str) -> str:
    """SQLAlchemy's own choice for postgresql:// is a driver that the desk does not use."""
    return f"postgresql+psycopg2://{url.partition('://')[2]}"
