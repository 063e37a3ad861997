"""Statements that go to the driver without SQLAlchemy."""

from contextlib import ExitStack

import pytest

from ticket_app.data import direct
from ticket_app.data.direct import driver_read, driver_write


@pytest.mark.usefixtures("postgres_database")
def test_a_connection_keeps_a_bounded_number_of_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct, "PREPARED_MAX", 5)
    with driver_read() as connection:
        for _ in range(2):
            for number in range(12):
                statement = f"SELECT CAST(%(what)s AS integer) + {number}"
                assert connection.rows(statement, {"what": 30}) == [(30 + number,)]
                kept = connection.rows(
                    "SELECT count(*) FROM pg_prepared_statements", {}, planned_once=False
                )
                assert kept <= [(5,)]


@pytest.mark.usefixtures("postgres_database")
def test_the_connection_that_was_used_last_is_used_next() -> None:
    with ExitStack() as stack:
        for _ in range(3):  # several rows to choose from
            stack.enter_context(driver_read())
    assert len({_connection_asked() for _ in range(4)}) == 1


def _connection_asked() -> int:
    with driver_read() as connection:
        ((number,),) = connection.rows("SELECT pg_backend_pid()", {})
        return int(number)


@pytest.mark.usefixtures("postgres_database")
def test_what_cannot_be_prepared_is_not_thought_to_be() -> None:
    with driver_read() as connection:
        for _ in range(2):
            with pytest.raises(Exception, match="nowhere"):
                connection.rows("SELECT * FROM nowhere", {})


@pytest.mark.usefixtures("database")
def test_a_value_that_stands_twice_is_one_parameter() -> None:
    with driver_read() as connection:
        given = "%({})s" if connection.dialect == "postgresql" else ":{}"
        one, other = given.format("one"), given.format("other")
        statement = f"SELECT CAST({one} AS integer), CAST({other} AS integer), {one} + {other}"
        assert connection.rows(statement, {"other": 2, "one": 1, "unused": None}) == [(1, 2, 3)]


COUNT = "INSERT INTO ticket_changes (slot, changes) VALUES ({slot}, 0) RETURNING slot"


@pytest.mark.usefixtures("database")
def test_a_second_write_is_refused_where_it_would_commit_by_itself() -> None:
    with driver_write() as connection:
        assert connection.write(COUNT.format(slot=1), {}) == [(1,)]
        if connection.dialect == "sqlite":
            assert connection.write(COUNT.format(slot=2), {}) == [(2,)]
        else:
            with pytest.raises(RuntimeError, match="transaction of its own"):
                connection.write(COUNT.format(slot=2), {})


@pytest.mark.usefixtures("database")
def test_a_reading_connection_refuses_to_write() -> None:
    with driver_read() as connection:
        with pytest.raises(RuntimeError, match=r"DriverConnection\.write"):
            connection.rows(COUNT.format(slot=1), {})
        with pytest.raises(RuntimeError, match="may write no more"):
            connection.write(COUNT.format(slot=1), {})
        found = connection.rows("SELECT count(*) FROM ticket_changes WHERE slot = 1", {})
    assert found == [(0,)]
