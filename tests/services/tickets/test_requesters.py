"""A requester becomes a person by the e-mail address, whoever files and however often."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import text

from harness.actors import over_rest
from tests.services.desk import (
    PLAIN,
    all_rows,
    changed,
    events_of,
    opened,
    wait_for_a_blocked_writer,
)
from tests.services.tickets.test_concurrency import WRITERS, at_once
from ticket_app.actor import by_command
from ticket_app.bus import Change, bus
from ticket_app.data.engine import get_engine, write_transaction
from ticket_app.schemas.tickets import TicketCreate
from ticket_app.services.recounting import recount
from ticket_app.services.tickets import deleting, requesters
from ticket_app.services.tickets.filing import Filed, Request, file_all_once
from ticket_app.services.tickets.requesters import link_requesters
from ticket_app.settings import ROOT

pytestmark = pytest.mark.usefixtures("database")

LINK_ALL = """
from ticket_app.actor import by_command
from ticket_app.services.tickets import requesters
requesters.LINKED_AT_ONCE = 50
after = 0
print("ready", flush=True)
input()
while after := requesters.link_requesters(by_command(), after): pass
"""
OLD_TICKETS = """
WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < {count})
INSERT INTO ticket (title, description, category, priority, requester_name, requester_email)
SELECT 'old', 'x', 'billing', 'low', CASE WHEN i % 3 = 0 THEN 'Ann' END,
  CASE WHEN i % 5 > 0 THEN CASE WHEN i % 200 < 100 THEN 'A' ELSE 'a' END || 'nn' || (i % 100)
    || '@X.org' END
FROM numbers
"""
OF_ADDRESS = """
SELECT count(*) FROM ticket LEFT JOIN person ON person.id = ticket.requester_id
WHERE (requester_email IS NULL) <> (requester_id IS NULL) OR lower(requester_email) <> person.email
"""


def rows(statement: str) -> list[tuple[Any, ...]]:
    """Returns all rows of a statement."""
    with get_engine().connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def execute(statement: str) -> None:
    """Execute a statement in a transaction of its own."""
    with write_transaction() as session:
        session.execute(text(statement))


def people() -> list[tuple[str, str]]:
    """Returns the name and the address of each person, by the address."""
    return sorted(rows("SELECT name, email FROM person"), key=lambda person: person[1])


def person_of(ticket_id: int) -> str | None:
    """Returns the address of the person of a ticket."""
    ((address,),) = rows(
        "SELECT person.email FROM ticket LEFT JOIN person ON person.id = requester_id "
        f"WHERE ticket.id = {ticket_id}"
    )
    return None if address is None else str(address)


def request_of(address: str | None, name: str | None = None, key: str | None = None) -> Request:
    """Returns a request by this requester."""
    asked = PLAIN | {"requester_email": address, "requester_name": name}
    return Request(over_rest(), TicketCreate.model_validate(asked), key)


def file_all(*requests: Request) -> list[int]:
    """Files them in one batch; returns the ids of the tickets."""
    outcomes = file_all_once(requests)
    return [outcome.ticket.id for outcome in outcomes if isinstance(outcome, Filed)]


def link_all() -> None:
    """Link every ticket that is not linked."""
    after = 0
    while after := link_requesters(by_command(), after):
        pass


def old_tickets(count: int) -> None:
    """Insert tickets as a server without people filed them: 80 addresses, each written twice."""
    execute(OLD_TICKETS.format(count=count))


def test_an_address_is_one_person_in_any_case() -> None:
    first, second = file_all(request_of("Ann@X.org", "Ann"), request_of("ann@x.org", "Anna"))
    third = opened(requester_email="ANN@x.ORG", requester_name="Someone").id
    assert people() == [("Ann", "ann@x.org")]
    assert [person_of(each) for each in (first, second, third)] == ["ann@x.org"] * 3
    assert opened(requester_email="Ann@X.org").requester_email == "Ann@X.org"
    assert rows("SELECT role, active = true FROM person") == [("requester", 1)]


def test_a_person_without_a_name_has_that_of_the_address() -> None:
    opened(requester_email="Ann.Lee@x.org")
    opened(requester_email="ann.lee@x.org", requester_name="Ann Lee")
    assert people() == [("Ann.Lee", "ann.lee@x.org")]


def test_a_ticket_without_an_address_makes_no_person() -> None:
    assert person_of(opened(requester_name="Ann").id) is None
    (without, with_one) = file_all(request_of(None, "Bob"), request_of("bob@x.org"))
    assert (person_of(without), person_of(with_one)) == (None, "bob@x.org")
    assert len(people()) == 1


def test_addresses_that_only_look_alike_are_two_people() -> None:
    opened(requester_email="stra\xdfe@x.org")
    opened(requester_email="strasse@x.org")
    opened(requester_email="STRA\xdfE@x.org")
    opened(requester_email="\xc4nne@x.org")
    opened(requester_email="\xe4nne@x.org")
    assert [email for _, email in people()] == ["strasse@x.org", "stra\xdfe@x.org", "\xe4nne@x.org"]


def test_a_replayed_request_makes_no_person() -> None:
    first = file_all(request_of("ann@x.org", "Ann", "k1"), request_of("bob@x.org", "Bob", "k2"))
    assert [person_of(each) for each in first] == ["ann@x.org", "bob@x.org"]
    execute("UPDATE ticket SET requester_id = NULL")
    execute("DELETE FROM person")
    again = file_all(request_of("ann@x.org", "Ann", "k1"), request_of("eve@x.org", key="k3"))
    assert again[0] == first[0]
    assert people() == [("eve", "eve@x.org")]
    file_all(request_of("fay@x.org", key="k4"), request_of("gus@x.org", key="k4"))
    assert people() == [("eve", "eve@x.org"), ("fay", "fay@x.org")]


def test_many_writers_of_the_same_new_people_in_any_order() -> None:
    def write(writer: int) -> None:
        for turn in range(4):
            lot = [request_of(f"p{n}t{turn}@x.org", key=key(writer, turn, n)) for n in range(12)]
            file_all(*(lot if writer % 2 else reversed(lot)))

    def key(writer: int, turn: int, number: int) -> str | None:
        return f"{writer} {turn} {number}" if writer % 4 > 1 else None

    at_once(write)
    link_all()
    assert len(people()) == 48
    assert rows("SELECT count(*), count(requester_id) FROM ticket") == [(WRITERS * 48,) * 2]
    assert rows(OF_ADDRESS) == [(0,)]


@contextmanager
def unfinished_person(address: str) -> Iterator[None]:
    """Another transaction has inserted this person, and commits when the block ends."""
    with write_transaction() as session:
        session.execute(text(f"INSERT INTO person (name, email) VALUES ('Other', '{address}')"))
        yield


def test_a_person_whom_another_transaction_inserts_is_linked_soon() -> None:
    with ThreadPoolExecutor(1) as other:
        with unfinished_person("ann@x.org"):
            filing = other.submit(file_all, request_of("ann@x.org"), request_of("bob@x.org"))
            wait_for_a_blocked_writer()
            assert not filing.done()
        ann, bob = filing.result(timeout=30)
    assert person_of(bob) == "bob@x.org"
    if get_engine().dialect.name == "postgresql":
        assert person_of(ann) is None  # the statement's snapshot is older than the person
    link_all()
    assert person_of(ann) == "ann@x.org"
    assert people() == [("Other", "ann@x.org"), ("bob", "bob@x.org")]


def test_old_tickets_are_linked_in_batches_and_do_not_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old_tickets(2_300)
    deleting.delete_ticket(over_rest(), 4)
    before = all_rows()
    published: list[Change] = []
    figures = rows("SELECT sum(changes) FROM ticket_changes")
    monkeypatch.setattr(bus, "publish", published.append)
    assert link_requesters(by_command()) == 1_249  # the 1,000th of those with an address
    assert rows("SELECT count(requester_id) FROM ticket") == [(1_000,)]
    assert link_requesters(by_command(), 1_249) == 0
    assert rows(OF_ADDRESS) == [(0,)]
    assert len(people()) == 80
    assert rows("SELECT name FROM person WHERE email = 'ann3@x.org'") == [("Ann",)]
    after = all_rows()
    for table, old in before.items():
        unlinked = [row._asdict() | {"requester_id": None} for row in after[table]]
        assert unlinked == [row._asdict() | {"requester_id": None} for row in old], table
    assert rows("SELECT sum(changes) FROM ticket_changes") == figures
    assert recount(by_command()).differences == []
    assert published == []
    assert link_requesters(by_command()) == 0


def test_a_step_that_fails_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    old_tickets(20)
    with monkeypatch.context() as patch:
        patch.setattr(requesters, "link_tickets", fail)
        with pytest.raises(ZeroDivisionError):
            link_requesters(by_command())
    assert people() == []
    link_all()
    assert rows(OF_ADDRESS) == [(0,)]


def test_several_processes_link_and_one_is_killed(database: str) -> None:
    old_tickets(3_000)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", LINK_ALL],
            cwd=ROOT, env=os.environ | {"DATABASE_URL": database},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(3)
    ]  # fmt: skip
    for process in processes:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    while rows("SELECT count(requester_id) FROM ticket") == [(0,)]:
        pass
    processes[0].kill()
    for process in processes:
        process.communicate(timeout=120)
    assert [process.returncode for process in processes[1:]] == [0, 0]
    link_all()
    assert rows("SELECT count(*) FROM ticket WHERE requester_id IS NOT NULL") == [(2_400,)]
    assert rows(OF_ADDRESS) == [(0,)]
    assert len(people()) == 80


def test_a_new_address_links_the_ticket_to_another_person() -> None:
    ticket_id = opened(requester_email="ann@x.org", requester_name="Ann").id
    changed(ticket_id, requester_email="Bob@x.org")
    assert person_of(ticket_id) == "bob@x.org"
    assert people() == [("Ann", "ann@x.org"), ("Ann", "bob@x.org")]
    changed(ticket_id, requester_name="Bob")
    assert people() == [("Ann", "ann@x.org"), ("Ann", "bob@x.org")]
    changed(ticket_id, requester_email="ANN@x.org", title="Other")
    assert person_of(ticket_id) == "ann@x.org"
    changed(ticket_id, requester_email=None)
    assert person_of(ticket_id) is None
    assert [event.field for event in events_of(ticket_id)].count("requester_email") == 3
    assert len(people()) == 2


def test_a_writer_that_does_not_know_people_unlinks_the_ticket() -> None:
    ticket_id = opened(requester_email="ann@x.org").id
    execute("UPDATE ticket SET requester_email = 'ANN@x.org'")
    assert person_of(ticket_id) == "ann@x.org"
    execute("UPDATE ticket SET requester_email = 'bob@x.org'")
    assert person_of(ticket_id) is None
    link_all()
    assert person_of(ticket_id) == "bob@x.org"


def test_the_look_for_unlinked_tickets_reads_an_index_of_those_alone() -> None:
    old_tickets(3_000)
    link_all()
    sqlite = get_engine().dialect.name == "sqlite"
    execute("ANALYZE")
    with get_engine().connect() as connection:
        explain = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN"
        plan = connection.exec_driver_sql(
            f"{explain} SELECT id, requester_name, requester_email FROM ticket "
            "WHERE requester_id IS NULL AND requester_email IS NOT NULL AND id > 7 "
            "ORDER BY id LIMIT 1000"
        ).all()
    assert "ticket_unlinked" in str(plan)
    assert "SCAN ticket" not in str(plan) and "Seq Scan" not in str(plan)
