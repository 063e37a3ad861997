"""What goes to the driver as it is."""

from contextlib import ExitStack

import pytest

from ticket_app.data import direct
from ticket_app.data.direct import asking, telling


@pytest.mark.usefixtures("postgres_database")
def test_a_connection_keeps_a_bounded_number_of_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct, "PREPARED_MAX", 5)
    with asking() as ask:
        for _ in range(2):
            for number in range(12):
                statement = f"SELECT CAST(%(what)s AS integer) + {number}"
                assert ask.rows(statement, {"what": 30}) == [(30 + number,)]
                kept = ask.rows(
                    "SELECT count(*) FROM pg_prepared_statements", {}, planned_once=False
                )
                assert kept <= [(5,)]


@pytest.mark.usefixtures("postgres_database")
def test_the_connection_that_was_used_last_is_used_next() -> None:
    with ExitStack() as stack:
        for _ in range(3):  # so that there are several to choose from
            stack.enter_context(asking())
    assert len({_connection_asked() for _ in range(4)}) == 1


def _connection_asked() -> int:
    with asking() as ask:
        ((number,),) = ask.rows("SELECT pg_backend_pid()", {})
        return int(number)


@pytest.mark.usefixtures("postgres_database")
def test_what_cannot_be_prepared_is_not_thought_to_be() -> None:
    with asking() as ask:
        for _ in range(2):
            with pytest.raises(Exception, match="nowhere"):
                ask.rows("SELECT * FROM nowhere", {})


@pytest.mark.usefixtures("database")
def test_a_value_that_stands_twice_is_one_parameter() -> None:
    with asking() as ask:
        given = "%({})s" if ask.dialect == "postgresql" else ":{}"
        one, other = given.format("one"), given.format("other")
        statement = f"SELECT CAST({one} AS integer), CAST({other} AS integer), {one} + {other}"
        assert ask.rows(statement, {"other": 2, "one": 1, "unused": None}) == [(1, 2, 3)]


COUNT = "INSERT INTO ticket_changes (slot, changes) VALUES ({slot}, 0) RETURNING slot"


@pytest.mark.usefixtures("database")
def test_a_second_write_is_refused_where_it_would_commit_by_itself() -> None:
    with telling() as tell:
        assert tell.write(COUNT.format(slot=1), {}) == [(1,)]
        if tell.dialect == "sqlite":
            assert tell.write(COUNT.format(slot=2), {}) == [(2,)]
        else:
            with pytest.raises(RuntimeError, match="transaction of its own"):
                tell.write(COUNT.format(slot=2), {})


@pytest.mark.usefixtures("database")
def test_what_reads_does_not_write() -> None:
    with asking() as ask:
        with pytest.raises(RuntimeError, match=r"Direct\.write"):
            ask.rows(COUNT.format(slot=1), {})
        with pytest.raises(RuntimeError, match="may write no more"):
            ask.write(COUNT.format(slot=1), {})
        found = ask.rows("SELECT count(*) FROM ticket_changes WHERE slot = 1", {})
    assert found == [(0,)]
