"""A search reads as much of a desk with many messages as of one with few, and so does a post."""

from typing import Any

import pytest
from sqlalchemy import event

from harness.actors import over_rest
from harness.filling import fill_messages, vacuum, with_driver
from tests.data.test_growth import GROWTH_MAX, NARROW, Question, asked_of, counting, listing
from tests.filled_desks import filled_desk
from ticket_app.data.engine import get_engine, use_database
from ticket_app.schemas.conversation import MessageCreate, MessageListQuery
from ticket_app.services.conversation.posting import post_message
from ticket_app.services.conversation.reading import list_messages

SMALL, LARGE = 2_500, 10_000
EACH = 5
"""Messages of a ticket."""
STILL_FEW = 600
"""Rows or pages. Growth below this number is not noticeable."""
ONE = "8dfcb89fd8620e3e7fb6a03a53f307dc"
"""The md5 of -42: a word of one message."""
FLAT: dict[str, Question] = {
    "a page for a word of nearly all messages": listing(search="thankful"),
    "a count of a word of nearly all messages": counting(search="thankful"),
    "a page for a word of nearly all messages with a filter": listing(
        search="thankful", status=["open"]
    ),
    "a page for a word of nearly all messages with a narrow filter": listing(
        search="thankful", **NARROW
    ),
    "a page for a word of nearly all messages, of those who wait": listing(
        search="thankful", unanswered=True
    ),
    "a page for a word of one message": listing(search=ONE),
    "a count of a word of one message": counting(search=ONE),
    "a page for a word of no message": listing(search="nowhere to be found"),
    "a count of a word of no message": counting(search="nowhere to be found"),
    "a page for a word of nearly all tickets": listing(search="steady"),
    "a count of a word of nearly all tickets": counting(search="steady"),
    "a conversation": lambda: list_messages(over_rest(), 77, MessageListQuery()),
}


@pytest.fixture(scope="module")
def desks(postgres_server: str) -> dict[int, str]:
    """The URLs of a small and of a large desk, by their tickets."""
    return {size: with_messages(postgres_server, size) for size in (SMALL, LARGE)}


def with_messages(server: str, tickets: int) -> str:
    address = filled_desk(server, tickets)
    fill_messages(address, tickets, tickets * EACH)
    vacuum(address)
    return with_driver(address)


@pytest.mark.parametrize("name", FLAT)
def test_many_messages_are_read_no_more_than_few(name: str, desks: dict[int, str]) -> None:
    small, large = (asked_of(desks[size], FLAT[name]) for size in (SMALL, LARGE))
    assert large.rows <= max(small.rows * GROWTH_MAX, STILL_FEW)
    assert large.pages <= max(small.pages * GROWTH_MAX, STILL_FEW)
    assert not large.scanned_tables & {"ticket", "message"}


def test_a_word_of_few_messages_reads_these(desks: dict[int, str]) -> None:
    large = asked_of(desks[LARGE], listing(search="refunded"))
    assert not large.scanned_tables & {"ticket", "message"}
    assert large.rows < LARGE * EACH / 10


def pages_of_a_post(desk: str) -> int:
    """Returns the pages that the statements of a post touch, each sent again with EXPLAIN."""
    sent = []

    def remember(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
        if statement.startswith(("SELECT", "INSERT", "UPDATE")):
            sent.append((statement, values))

    use_database(desk)
    try:
        event.listen(get_engine(), "before_cursor_execute", remember)
        post_message(over_rest(), 77, MessageCreate(body="We have looked into it. " * 20))
        event.remove(get_engine(), "before_cursor_execute", remember)
        assert [each for each, _ in sent if each.startswith("INSERT INTO message ")]
        with get_engine().connect() as connection:
            plans = [
                connection.exec_driver_sql(
                    f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", values
                ).scalar_one()[0]["Plan"]
                for statement, values in sent
            ]
            connection.rollback()
    finally:
        use_database(None)
    return sum(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] for plan in plans)


def test_a_post_touches_no_more_pages_of_a_large_desk(desks: dict[int, str]) -> None:
    small, large = (pages_of_a_post(desks[size]) for size in (SMALL, LARGE))
    assert 0 < large <= max(small * GROWTH_MAX, STILL_FEW / 2)
