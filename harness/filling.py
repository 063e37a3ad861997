"""Fills a database with made-up tickets, by the distributions of the benchmark's peer."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, create_engine, insert, select, text

from ticket_app.data.engine import read_transaction, use_database, write_transaction
from ticket_app.data.migrations import migrate
from ticket_app.data.tickets.tables import Ticket
from ticket_app.vocabulary import Category, Priority, Sentiment, Status

DRAW = """
CREATE FUNCTION pg_temp.drawn(i int, column_no int) RETURNS int LANGUAGE sql IMMUTABLE
AS 'SELECT abs(hashint8(i * 16 + column_no) / 2)'
"""
"""A SQL function with an independent random number for each row and column, as in the peer."""

FILL = """
INSERT INTO ticket (title, description, category, priority, status, sentiment, urgency_score,
                    created_at, updated_at, resolved_at, waiting_since)
SELECT title, description, category, priority, status, sentiment, urgency, created, created,
       CASE WHEN status IN ('resolved', 'closed')
            THEN least(CAST(:now AS timestamptz), created + took) END,
       CASE WHEN status IN ('open', 'in_progress') AND i % 2 = 0 THEN created END
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
FILL_MESSAGES = """
INSERT INTO message (ticket_id, kind, side, body, channel, created_at)
SELECT 1 + (i - 1) % :tickets,
  CASE WHEN i % 5 = 0 THEN 'note' ELSE 'reply' END,
  CASE WHEN i % 5 IN (1, 3) THEN 'requester' ELSE 'team' END,
  repeat(md5((-i)::text) || ' ', 4)
    || CASE WHEN pg_temp.drawn(i, 8) % 50 = 0 THEN 'refunded' ELSE 'thankful' END,
  'rest', CAST(:now AS timestamptz)
FROM generate_series(:first, :last) i
"""
"""Each ticket gets one message after the other, so that those of one ticket are far apart."""
WORDS = {
    "categories": Category, "priorities": Priority, "statuses": Status, "sentiments": Sentiment,
}  # fmt: skip
FILLED_AT_ONCE = 100_000
"""The rows of one INSERT. PostgreSQL keeps the changed rows for its triggers in memory or a
file."""
COPIED_AT_ONCE = 1_000


def fill_postgresql(url: str, count: int) -> None:
    """Migrate this database and insert `count` tickets, numbered from 1."""
    migrate_database(url)
    words = {name: [value.value for value in values] for name, values in WORDS.items()}
    with autocommitting(url) as connection:
        connection.execute(text(DRAW))
        now = connection.execute(text("SELECT now()")).scalar_one()
        for first in range(1, count + 1, FILLED_AT_ONCE):
            part = {"now": now, "first": first, "last": min(first + FILLED_AT_ONCE - 1, count)}
            connection.execute(text(FILL), words | part)


def fill_messages(url: str, tickets: int, count: int) -> None:
    """Insert `count` messages, spread evenly over the tickets 1 to `tickets`.

    Their text index is made once they are in, which is faster.
    """
    with autocommitting(url) as connection:
        connection.execute(text(DRAW))
        definition = text("SELECT pg_get_indexdef('message_text'::regclass)")
        index = connection.execute(definition).scalar_one()
        connection.execute(text("DROP INDEX message_text"))
        now = connection.execute(text("SELECT now()")).scalar_one()
        for first in range(1, count + 1, FILLED_AT_ONCE):
            part = {"first": first, "last": min(first + FILLED_AT_ONCE - 1, count)}
            connection.execute(text(FILL_MESSAGES), part | {"tickets": tickets, "now": now})
        connection.execute(text(index))


def migrate_database(url: str) -> None:
    """Create the desk's tables in this database."""
    use_database(with_driver(url))
    migrate()
    use_database(None)


def vacuum(url: str) -> None:
    """Run VACUUM, ANALYZE and CHECKPOINT now, so that none of them starts during a measurement."""
    with autocommitting(url) as connection:
        connection.execute(text("VACUUM (ANALYZE)"))
        connection.execute(text("CHECKPOINT"))


def copy_to_sqlite(source: str, target: Path) -> str:
    """Copies the tickets into a new SQLite file; returns its URL."""
    table = Ticket.metadata.tables["ticket"]
    use_database(with_driver(source))
    with read_transaction() as session:
        rows = [dict(row) for row in session.execute(select(table)).mappings()]
    url = f"sqlite:///{target}"
    use_database(url)
    migrate()
    with write_transaction() as session:
        for first in range(0, len(rows), COPIED_AT_ONCE):
            session.execute(insert(table), rows[first : first + COPIED_AT_ONCE])
    use_database(None)
    return url


@contextmanager
def autocommitting(url: str) -> Iterator[Connection]:
    """Yields a connection apart from the desk's, on which each statement commits by itself."""
    engine = create_engine(with_driver(url), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def with_driver(url: str) -> str:
    """Returns the URL with the driver that the desk uses; SQLAlchemy's default is another one."""
    return f"postgresql+psycopg2://{url.partition('://')[2]}"
