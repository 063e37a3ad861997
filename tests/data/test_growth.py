"""What is asked often reads no more of a large desk than of a small one: rows and pages, no time.

Each statement that a service sends is sent again behind EXPLAIN ANALYZE.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest
from sqlalchemy import event

from bench.rows import settle, with_driver
from tests.bench.desks import filled_desk
from ticket_app.data.direct import Direct
from ticket_app.data.engine import get_direct_engine, get_engine, use_database
from ticket_app.data.plain_sql import Row, prepared
from ticket_app.schemas.tickets import Position, TicketFilter, TicketListQuery
from ticket_app.services import figures
from ticket_app.services.figures import ticket_insights, ticket_stats
from ticket_app.services.tickets.listing import (
    count_tickets,
    get_ticket,
    list_tickets,
    ticket_history,
)
from ticket_app.services.tickets.seeking import meant_by, page_meant_by
from ticket_app.services.tickets.similar import similar_tickets

SMALL, LARGE = 15_000, 75_000
GROWTH_MAX = 1.5
STILL_FEW = 200
"""Rows or pages: below this, nothing has grown that anyone would notice."""
NARROW = {
    "category": ["billing"], "priority": ["critical"], "status": ["open"], "sentiment": ["angry"],
}  # fmt: skip
DEEP = Position(datetime.now(UTC) - timedelta(minutes=1_000), 1).encode()

Question = Callable[[], object]


def listing(**values: Any) -> Question:
    return lambda: list_tickets(TicketListQuery(**values))


def counting(**values: Any) -> Question:
    return lambda: count_tickets(TicketFilter(**values))


def statistics() -> None:
    figures._kept.clear()
    ticket_stats()


def seeking(**values: Any) -> Question:
    return lambda: meant_by(TicketListQuery(**values))


def seeking_on(**values: Any) -> Question:
    return lambda: page_meant_by(TicketListQuery(**values))


FLAT: dict[str, Question] = {
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
    "a search for a number": seeking(search="#77"),
    "a search for a requester of many": seeking(search="OFTEN@example.com"),
    "a requester's deep page": seeking_on(search="often@example.com", cursor=DEEP),
    "a search for a requester of none": seeking(search="nobody@example.com"),
    "statistics": statistics,
    "a ticket": lambda: get_ticket(77),
    "a history": lambda: ticket_history(77),
}
FOUND_BY_AN_INDEX: dict[str, Question] = {
    "a page for a term that few have": listing(search="timeout", category=["technical"]),
    "a page for a term of one": listing(search="28dd2c7955ce926456240b2ff0100bde"),
    "a page for a frequent term with a narrow filter": listing(search="steady", **NARROW),
    "similar tickets": lambda: similar_tickets(77, 5),
    "insights": lambda: ticket_insights(90),
}
"""What reads each ticket that matches, or each day of a window, and nothing else.

The term of one is the md5 of ticket 77's number.
"""


class Plan:
    """What PostgreSQL did for a question: every node of every plan."""

    def __init__(self, question: Question) -> None:
        sent = _statements_of(question)
        assert sent
        self.plans = [_explained(*each) for each in sent]

    @property
    def nodes(self) -> Iterator[dict[str, Any]]:
        for plan in self.plans:
            yield from _with_inner(plan)

    @property
    def pages(self) -> int:
        """Of 8 KiB, that were touched."""
        return sum(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] for plan in self.plans)

    @property
    def rows(self) -> int:
        """That were read from tables and indexes."""
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


def _statements_of(question: Question) -> list[tuple[str, Any, bool]]:
    """What it sends through a session, and what it sends to the driver: which of them is planned
    but once, whatever its values."""
    sent: list[tuple[str, Any, bool]] = []
    rows, engine = Direct.rows, get_engine()

    def by_session(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            sent.append((statement, parameters, False))

    def directly(
        ask: Direct, statement: str, values: Row, *, planned_once: bool = True
    ) -> list[tuple[Any, ...]]:
        sent.append((statement, values, planned_once))
        return rows(ask, statement, values, planned_once=planned_once)

    event.listen(engine, "before_cursor_execute", by_session)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Direct, "rows", directly)
            question()
    finally:
        event.remove(engine, "before_cursor_execute", by_session)
    return sent


def _with_inner(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _with_inner(inner)


def _explained(statement: str, parameters: Any, planned_once: bool) -> dict[str, Any]:
    with get_direct_engine().connect() as connection:
        if planned_once:
            preparing, statement = prepared(statement)
            connection.exec_driver_sql("DEALLOCATE ALL")
            connection.exec_driver_sql(preparing)
        explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}"
        told = connection.exec_driver_sql(explain, parameters).scalar_one()
        connection.invalidate()  # which would not know what it has prepared
    plan: dict[str, Any] = told[0]["Plan"]
    return plan


@pytest.fixture(scope="module")
def desks(postgres_server: str) -> dict[int, str]:
    """The addresses of a small and of a large desk."""
    return {size: _with_a_frequent_requester(postgres_server, size) for size in (SMALL, LARGE)}


def _with_a_frequent_requester(server: str, tickets: int) -> str:
    """A desk to which one requester has sent a tenth more."""
    address = filled_desk(server, tickets)
    columns = "title, description, category, priority, created_at, updated_at"
    with psycopg2.connect(address) as connection, connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO ticket ({columns}, requester_email) "
            f"SELECT {columns}, 'Often@example.com' FROM ticket WHERE id % 10 = 0"
        )
    settle(address)
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
