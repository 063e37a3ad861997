"""Every reading statement has a timeout, on SQLite and on PostgreSQL."""

from time import monotonic

import pytest
from sqlalchemy import text

from ticket_app.data import bounds
from ticket_app.data.direct import driver_read
from ticket_app.data.engine import read_transaction, write_transaction
from ticket_app.errors import DatabaseUnavailableError

ENDLESS = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
)
LONG = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000) "
    "SELECT count(*) FROM n"
)


@pytest.fixture(autouse=True)
def _short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "STATEMENT_TIMEOUT_MS", 50)


@pytest.mark.usefixtures("database")
def test_a_statement_that_never_ends_is_ended() -> None:
    for _ in range(2):  # the connection stays usable
        started = monotonic()
        with pytest.raises(DatabaseUnavailableError), read_transaction() as session:
            session.execute(ENDLESS)
        assert monotonic() - started < 5
        with read_transaction() as session:
            assert session.scalar(text("SELECT count(*) FROM ticket")) == 0


@pytest.mark.usefixtures("database")
def test_a_statement_on_the_driver_that_never_ends_is_ended() -> None:
    for _ in range(2):
        with pytest.raises(DatabaseUnavailableError), driver_read() as connection:
            connection.rows(ENDLESS.text, {})
        with driver_read() as connection:
            assert connection.rows("SELECT count(*) FROM ticket", {}) == [(0,)]


@pytest.mark.usefixtures("sqlite_database")
def test_a_transaction_that_writes_is_left_to_end() -> None:
    with pytest.raises(DatabaseUnavailableError), read_transaction() as session:
        session.execute(LONG)
    with write_transaction() as session:
        assert session.scalar(LONG) == 2_000_000
        session.execute(text("UPDATE ticket SET title = title"))


@pytest.mark.usefixtures("sqlite_database")
def test_many_short_statements_may_take_longer_together() -> None:
    started = monotonic()
    with read_transaction() as session:
        while monotonic() - started < 0.2:
            session.execute(text("SELECT count(*) FROM ticket"))
