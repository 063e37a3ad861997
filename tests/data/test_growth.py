"""Frequent requests read as many rows and pages of a large desk as of a small one.

Each statement that a service sends is sent again with EXPLAIN ANALYZE. No time is measured.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg2
import pytest
from sqlalchemy import event

from harness.actors import over_rest
from harness.filling import vacuum, with_driver
from tests.filled_desks import filled_desk
from ticket_app.data.direct import DriverConnection
from ticket_app.data.engine import (
    get_autocommit_engine,
    get_engine,
    read_transaction,
    use_database,
)
from ticket_app.data.followers import aside, record
from ticket_app.data.plain_sql import Row, prepared
from ticket_app.data.tickets.list_queries import SCANNED
from ticket_app.schemas.paging import Place
from ticket_app.schemas.tickets import TicketFilter, TicketListQuery, TicketPublic, TicketUpdate
from ticket_app.services import figures
from ticket_app.services.figures import ticket_insights, ticket_stats
from ticket_app.services.tickets.changing import Request, update_all_at_once
from ticket_app.services.tickets.listing import (
    count_tickets,
    get_ticket,
    list_tickets,
    ticket_history,
)
from ticket_app.services.tickets.searching import search, search_page
from ticket_app.services.tickets.similar import similar_tickets
from ticket_app.vocabulary import Sort

SMALL, LARGE = 15_000, 75_000
GROWTH_MAX = 1.5
STILL_FEW = 200
"""Rows or pages. Growth below this number is not noticeable."""
NARROW: dict[str, Any] = {
    "category": ["billing"], "priority": ["critical"], "status": ["open"], "sentiment": ["angry"],
}  # fmt: skip
OFTEN = "often@example.com"
BUSY = 2
"""The number of the agent who has the tickets of OFTEN."""
LONG_AGO = datetime.now(UTC) - timedelta(minutes=1_000)
DEEP = Place(Sort.NEWEST, LONG_AGO, 1).encode()
OPEN: dict[str, Any] = {"status": ["open", "in_progress"]}
URGENT: dict[str, Any] = {"priority": ["high", "critical"], **OPEN}

Question = Callable[[], object]


def listing(**values: Any) -> Question:
    return lambda: list_tickets(over_rest(), TicketListQuery(**values))


def counting(**values: Any) -> Question:
    return lambda: count_tickets(over_rest(), TicketFilter(**values))


def sorting(sort: Sort, *, deep: bool = False, **values: Any) -> Question:
    """Lists by another sort. A deep page of the most urgent tickets begins within `medium`."""
    key = 250 if sort is Sort.URGENT else LONG_AGO
    cursor = Place(sort, key, 1).encode() if deep else None
    return listing(sort=sort, cursor=cursor, **values)


def statistics() -> None:
    figures._cache.clear()
    ticket_stats(over_rest())


def searching(**values: Any) -> Question:
    return lambda: search(over_rest(), TicketListQuery(**values))


def searching_on(**values: Any) -> Question:
    return lambda: search_page(over_rest(), TicketListQuery(**values))


def batch_of_a_follower(after: int) -> None:
    with read_transaction() as session:
        upto = record.end_of_batch(session, after, limit=200)
        assert upto and record.events_between(
            session, after, upto, concerns=record.EVERYTHING, limit=200
        )
        assert not aside.held_up(session, "one", {1, 2}) and not aside.due(
            session, "one", datetime.now(UTC), limit=20
        )


def batch_of_changes() -> None:
    update = TicketUpdate(requester_name=f"Ann {uuid4().hex}")
    changes = [Request(over_rest(), number, update) for number in range(100, 1_700, 100)]
    assert all(isinstance(each, TicketPublic) for each in update_all_at_once(changes))


FLAT: dict[str, Question] = {
    "a batch of changes": batch_of_changes,
    "a page": listing(),
    "a deep page": listing(cursor=DEEP),
    "a page of what half of them are": listing(status=["open", "closed"]),
    "a page of what few are": listing(**NARROW),
    "a deep page of what few are": listing(**NARROW, cursor=DEEP),
    "a page for a frequent term": listing(search="steady"),
    "a page for a frequent term with a filter": listing(search="steady", status=["open"]),
    "a page for an absent term": listing(search="nowhere to be found"),
    "a count without a filter": counting(),
    "a count with a filter": counting(**NARROW),
    "a count of a frequent term": counting(search="steady"),
    "a count of an absent term": counting(search="nowhere to be found"),
    "a search for a number": searching(search="#77"),
    "a search for a requester of many": searching(search="OFTEN@example.com"),
    "a requester's deep page": searching_on(search="often@example.com", cursor=DEEP),
    "a search for a requester of none": searching(search="nobody@example.com"),
    "a page of a requester of many": listing(requester=OFTEN),
    "a requester's deep page by the person": listing(requester=OFTEN, cursor=DEEP),
    "a page of a requester with a filter": listing(requester=OFTEN, status=["open"]),
    "a count of a requester of many": counting(requester=OFTEN),
    "a page of a requester of none": listing(requester=999_999),
    "statistics": statistics,
    "a page of the oldest": sorting(Sort.OLDEST),
    "a deep page of the oldest": sorting(Sort.OLDEST, deep=True),
    "a page of the oldest of what few are": sorting(Sort.OLDEST, **NARROW),
    "a page of the oldest for a frequent term": sorting(Sort.OLDEST, search="steady"),
    "a page of all open, longest waiting first": sorting(Sort.WAITING, **OPEN),
    "a page of all open, most urgent first": sorting(Sort.URGENT, **OPEN),
    "a page of all open, last changed first": sorting(Sort.CHANGED, **OPEN),
    "a deep page of all open, longest waiting first": sorting(Sort.WAITING, deep=True, **OPEN),
    "a deep page of all open, most urgent first": sorting(Sort.URGENT, deep=True, **OPEN),
    "a deep page of all open, last changed first": sorting(Sort.CHANGED, deep=True, **OPEN),
    "a page of those that wait": sorting(Sort.WAITING, unanswered=True),
    "a page of the newest that wait": listing(unanswered=True),
    "a page of the most urgent that wait": sorting(Sort.URGENT, unanswered=True, **OPEN),
    "a count of those that wait": counting(unanswered=True),
    "a page of the urgent": sorting(Sort.URGENT, **URGENT),
    "a deep page of the urgent": sorting(Sort.URGENT, deep=True, **URGENT),
    "a page of the urgent, longest waiting first": sorting(Sort.WAITING, **URGENT),
    "a page of some open ones": sorting(Sort.CHANGED, status=["open"], category=["billing"]),
    "a page of few open ones": sorting(Sort.WAITING, **NARROW),
    "a page of open ones for a frequent term": sorting(Sort.URGENT, search="steady", **OPEN),
    "a page of an assignee": listing(assignee=BUSY),
    "an assignee's deep page": listing(assignee=BUSY, cursor=DEEP),
    "a page of an assignee's open ones": listing(assignee=BUSY, **OPEN),
    "a page of an assignee's oldest open ones": sorting(Sort.OLDEST, assignee=BUSY, **OPEN),
    "a page of an assignee for a frequent term": listing(assignee=BUSY, search="steady"),
    "a count of an assignee": counting(assignee=BUSY),
    "a count of an assignee's open ones": counting(assignee=BUSY, **OPEN),
    "a page of an assignee of none": sorting(Sort.URGENT, assignee=1, **OPEN),
    "a page of nobody's": listing(assignee="none"),
    "a deep page of nobody's": listing(assignee="none", cursor=DEEP),
    "a page of nobody's open ones": listing(assignee="none", **OPEN),
    "a count of nobody's open ones": counting(assignee="none", **OPEN),
    "a page of nobody's open ones, longest waiting first": sorting(
        Sort.WAITING, assignee="none", **OPEN
    ),
    "a ticket": lambda: get_ticket(over_rest(), 77),
    "a history": lambda: ticket_history(over_rest(), 77),
    "a batch of a follower": lambda: batch_of_a_follower(7_000),
    "the last batch of a follower": lambda: batch_of_a_follower(SMALL - 10),
}
SORTED_AMONG_SOME: dict[str, Question] = {
    "all, most urgent first": sorting(Sort.URGENT),
    "settled ones, last changed first": sorting(Sort.CHANGED, status=["closed"]),
    "few settled ones, last changed first": sorting(
        Sort.CHANGED, **NARROW | {"status": ["closed"]}
    ),
    "those of a requester, most urgent first": sorting(Sort.URGENT, requester=OFTEN),
    "an assignee's open ones, most urgent first": sorting(Sort.URGENT, assignee=BUSY, **OPEN),
    "few of an assignee": listing(assignee=BUSY, **NARROW),
    "few of nobody": listing(assignee="none", **NARROW),
    "a count of few of nobody": counting(assignee="none", **NARROW),
    "nobody's, most urgent first": sorting(Sort.URGENT, assignee="none"),
    "those of an address, most urgent first": searching_on(search=OFTEN, sort=Sort.URGENT),
    "few open ones, deep": sorting(Sort.CHANGED, deep=True, **NARROW | {"priority": ["low"]}),
}
"""Requests that no index has in order. They look at SCANNED tickets, and say so."""
FOUND_BY_AN_INDEX: dict[str, Question] = {
    "a page for a term that few have": listing(search="timeout", category=["technical"]),
    "a page for a term of one": listing(search="28dd2c7955ce926456240b2ff0100bde"),
    "a page for a frequent term with a narrow filter": listing(search="steady", **NARROW),
    "a sorted page for a term that few have": sorting(Sort.URGENT, search="timeout", **NARROW),
    "similar tickets": lambda: similar_tickets(over_rest(), 77, 5),
    "insights": lambda: ticket_insights(over_rest(), 90),
}
"""Requests that read each matching ticket, or each day of a window, and nothing else. One of the
terms is the md5 of ticket 77's number."""


class Plan:
    """PostgreSQL's plans for the statements of a request."""

    def __init__(self, question: Question) -> None:
        sent = statements_of(question)
        assert sent
        self.plans = [_explained(*each) for each in sent]

    @property
    def nodes(self) -> Iterator[dict[str, Any]]:
        for plan in self.plans:
            yield from _with_inner(plan)

    @property
    def pages(self) -> int:
        """The number of 8 KiB pages that were touched."""
        return sum(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] for plan in self.plans)

    @property
    def rows(self) -> int:
        """The number of rows read from tables and indexes."""
        scans = (node for node in self.nodes if "Scan" in node["Node Type"])
        return sum(
            int(node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
            for node in scans
        )

    @property
    def scanned_tables(self) -> set[str]:
        return {
            node["Relation Name"] for node in self.nodes if node["Node Type"].endswith("Seq Scan")
        }


def statements_of(question: Question) -> list[tuple[str, Any, bool]]:
    """Returns the statements that it sends through sessions and to the driver.

    The last value is True if PostgreSQL plans the statement only once, for any parameters.
    """
    sent: list[tuple[str, Any, bool]] = []
    rows, engine = DriverConnection._rows, get_engine()

    def by_session(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            sent.append((statement, parameters, False))

    def directly(
        connection: DriverConnection, statement: str, values: Row, *, planned_once: bool
    ) -> list[tuple[Any, ...]]:
        sent.append((statement, values, planned_once))
        return rows(connection, statement, values, planned_once=planned_once)

    event.listen(engine, "before_cursor_execute", by_session)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(DriverConnection, "_rows", directly)
            question()
    finally:
        event.remove(engine, "before_cursor_execute", by_session)
    return sent


def _with_inner(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _with_inner(inner)


def _explained(statement: str, parameters: Any, planned_once: bool) -> dict[str, Any]:
    with get_autocommit_engine().connect() as connection:
        if planned_once:
            preparing, statement = prepared(statement)
            connection.exec_driver_sql("DEALLOCATE ALL")
            connection.exec_driver_sql(preparing)
        explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}"
        output = connection.exec_driver_sql(explain, parameters).scalar_one()
        connection.invalidate()  # it does not know what it has prepared
    plan: dict[str, Any] = output[0]["Plan"]
    return plan


@pytest.fixture(scope="module")
def desks(postgres_server: str) -> dict[int, str]:
    """The URLs of a small and of a large desk, by their tickets."""
    return {size: _with_a_frequent_requester(postgres_server, size) for size in (SMALL, LARGE)}


def _with_a_frequent_requester(server: str, tickets: int) -> str:
    """Returns the URL of a desk to which one requester has sent 10% more tickets, all of which one
    agent has."""
    address = filled_desk(server, tickets)
    columns = "title, description, category, priority, created_at, updated_at"
    with psycopg2.connect(address) as connection, connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO person (name, email) VALUES ('Often', '{OFTEN}') RETURNING id")
        ((often,),) = cursor.fetchall()
        cursor.execute("INSERT INTO person (name, role) VALUES ('Busy', 'agent') RETURNING id")
        assert cursor.fetchall() == [(BUSY,)]
        cursor.execute(
            f"INSERT INTO ticket ({columns}, requester_email, requester_id, assignee_id) "
            f"SELECT {columns}, 'Often@example.com', {often}, {BUSY} FROM ticket WHERE id % 10 = 0"
        )
        cursor.execute(
            "INSERT INTO message (ticket_id, kind, side, body, channel) "
            "SELECT id, 'reply', 'team', 'A steady answer.', 'browser' FROM ticket"
        )
        cursor.execute(
            "INSERT INTO ticket_event (ticket_id, ticket_version, kind, edge) "
            "SELECT id, 1, 'created', 'browser' FROM ticket"
        )
    vacuum(address)
    return with_driver(address)


def asked_of(desk: str, question: Question) -> Plan:
    use_database(desk)
    try:
        return Plan(question)
    finally:
        use_database(None)


@pytest.mark.parametrize("name", FLAT)
def test_a_large_desk_is_read_no_more_than_a_small_one(name: str, desks: dict[int, str]) -> None:
    small, large = (asked_of(desks[size], FLAT[name]) for size in (SMALL, LARGE))
    assert large.rows <= max(small.rows * GROWTH_MAX, STILL_FEW)
    assert large.pages <= max(small.pages * GROWTH_MAX, STILL_FEW)
    assert "ticket" not in large.scanned_tables


@pytest.mark.parametrize("name", SORTED_AMONG_SOME)
def test_a_sort_without_an_index_looks_at_some_tickets(name: str, desks: dict[int, str]) -> None:
    large = asked_of(desks[LARGE], SORTED_AMONG_SOME[name])
    assert "ticket" not in large.scanned_tables
    assert large.rows < 10 * SCANNED  # a row counts in each node of a plan that it goes through


def test_the_few_that_are_open_or_of_nobody_are_found_at_once(postgres_server: str) -> None:
    """Old tickets that were all assigned and settled long ago are not read."""
    address = filled_desk(postgres_server, 10_000)
    with psycopg2.connect(address) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO person (name, role) VALUES ('Busy', 'agent') RETURNING id")
        ((busy,),) = cursor.fetchall()
        cursor.execute(
            f"UPDATE ticket SET assignee_id = CASE WHEN id % 1000 <> 7 THEN {busy} END, "
            "status = CASE WHEN id % 1000 IN (7, 8) AND id < 9000 THEN 'open' ELSE 'closed' END, "
            "waiting_since = NULL, "
            "resolved_at = CASE WHEN id % 1000 IN (7, 8) AND id < 9000 THEN NULL ELSE now() END"
        )
    vacuum(address)
    for wanted, number in (("none", 9), (busy, 9)):
        for sort in Sort:
            plan = asked_of(with_driver(address), sorting(sort, assignee=wanted, **OPEN))
            assert plan.rows < STILL_FEW, (wanted, sort)
        plan = asked_of(with_driver(address), counting(assignee=wanted, **OPEN))
        assert number <= plan.rows < STILL_FEW
    assert asked_of(with_driver(address), listing(assignee="none")).rows < STILL_FEW


@pytest.mark.parametrize("name", FOUND_BY_AN_INDEX)
def test_what_is_found_by_an_index_reads_what_it_found(name: str, desks: dict[int, str]) -> None:
    large = asked_of(desks[LARGE], FOUND_BY_AN_INDEX[name])
    assert "ticket" not in large.scanned_tables
    assert large.rows < LARGE / 10


@pytest.mark.parametrize(
    "name", [name for name in FLAT if name.startswith(("a page of", "a deep"))]
)
def test_no_list_sorts_more_than_pages(name: str, desks: dict[int, str]) -> None:
    large = asked_of(desks[LARGE], FLAT[name])
    page = TicketListQuery().limit + 1
    sorted_rows = [
        inner["Actual Rows"] * inner["Actual Loops"]
        for node in large.nodes
        if node["Node Type"].endswith("Sort")
        for inner in node["Plans"]
    ]
    assert all(rows <= page for rows in sorted_rows)
