"""The same tickets for both sides: the peer's own distributions, written into our table."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, create_engine, insert, select, text

from ticket_app.data.engine import reading, use_database, writing
from ticket_app.data.migrations import migrate
from ticket_app.data.tables import Ticket
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
       CASE WHEN status IN ('resolved', 'closed') THEN least(now(), created + took) END
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
    now() - (i % 525600) * interval '1 minute' AS created,
    pg_temp.drawn(i, 7) % 6000 * interval '1 minute' AS took
  FROM generate_series(1, :count) i
) drawn
ORDER BY i
"""
WORDS = {
    "categories": Category, "priorities": Priority, "statuses": Status, "sentiments": Sentiment,
}  # fmt: skip
COPIED_AT_ONCE = 1_000


def fill_postgresql(url: str, count: int) -> None:
    """Migrate this database and put `count` tickets into it."""
    use_database(_with_driver(url))
    migrate()
    use_database(None)
    words = {name: [value.value for value in values] for name, values in WORDS.items()}
    with administering(url) as connection:
        connection.execute(text(DRAW))
        connection.execute(text(FILL), words | {"count": count})
        connection.execute(text("ANALYZE ticket"))


def copy_to_sqlite(source: str, target: Path) -> str:
    """The same tickets in a new SQLite file; returns its address."""
    table = Ticket.metadata.tables["ticket"]
    use_database(_with_driver(source))
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
    engine = create_engine(_with_driver(url), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _with_driver(url: str) -> str:
    """SQLAlchemy's own choice for postgresql:// is a driver that the desk does not use."""
    return f"postgresql+psycopg2://{url.partition('://')[2]}"
