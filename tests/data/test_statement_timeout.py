"""No statement that reads is without a bound, on SQLite as on PostgreSQL."""

from time import monotonic

import pytest
from sqlalchemy import text

from ticket_app.data import bounds
from ticket_app.data.direct import asking
from ticket_app.data.engine import reading, writing
from ticket_app.errors import DatabaseUnavailableError

ENDLESS = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
)
LONG = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000) "
    "SELECT count(*) FROM n"
)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "STATEMENT_TIMEOUT_MS", 50)


@pytest.mark.usefixtures("database")
def test_a_statement_that_never_ends_is_ended() -> None:
    for _ in range(2):  # the connection is as good as before
        started = monotonic()
        with pytest.raises(DatabaseUnavailableError), reading() as session:
            session.execute(ENDLESS)
        assert monotonic() - started < 5
        with reading() as session:
            assert session.scalar(text("SELECT count(*) FROM ticket")) == 0


@pytest.mark.usefixtures("database")
def test_so_is_one_that_is_sent_directly() -> None:
    for _ in range(2):
        with pytest.raises(DatabaseUnavailableError), asking() as ask:
            ask.rows(ENDLESS.text, {})
        with asking() as ask:
            assert ask.rows("SELECT count(*) FROM ticket", {}) == [(0,)]


@pytest.mark.usefixtures("sqlite_database")
def test_a_transaction_that_writes_is_left_to_end() -> None:
    with pytest.raises(DatabaseUnavailableError), reading() as session:
        session.execute(LONG)
    with writing() as session:
        assert session.scalar(LONG) == 2_000_000
        session.execute(text("UPDATE ticket SET title = title"))


@pytest.mark.usefixtures("sqlite_database")
def test_many_short_statements_may_take_longer_together() -> None:
    started = monotonic()
    with reading() as session:
        while monotonic() - started < 0.2:
            session.execute(text("SELECT count(*) FROM ticket"))
