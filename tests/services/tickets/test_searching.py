"""In the search box a number finds its ticket, and an address its requester's tickets."""

from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import text

from harness.actors import in_browser, over_rest
from tests.services.desk import changed, opened
from ticket_app.data.engine import get_engine
from ticket_app.schemas.tickets import TicketListQuery
from ticket_app.services.tickets.deleting import delete_ticket, restore_ticket
from ticket_app.services.tickets.listing import list_tickets
from ticket_app.services.tickets.searching import search, search_page, ticket_by_number

pytestmark = pytest.mark.usefixtures("database")


def found_ids(written: str, **filters: Any) -> list[int]:
    """Returns the ids of the tickets that this search finds."""
    return [
        one.id for one in search_page(over_rest(), TicketListQuery(search=written, **filters)).items
    ]


def test_a_number_leads_to_its_ticket() -> None:
    first, second = opened(title="First"), opened(title="Second")
    plain = (f"{first.id}", f"#{first.id}", f" # {first.id} ", f"#0{first.id}")
    same_to_the_eye = (f"\uff03{first.id}", f"\u200b#{first.id}\ufeff", f"#\u00ad{first.id}")
    for written in plain + same_to_the_eye:
        result = ticket_by_number(over_rest(), written)
        assert result is not None
        assert result.id == first.id
    delete_ticket(over_rest(), second.id)
    for absent in (f"{second.id}", "#999", "0", "9" * 19, "9" * 40, "1 2", "#", "1st", "-1", "1.0"):
        assert ticket_by_number(over_rest(), absent) is None, absent


def test_an_address_leads_to_its_owners_tickets_newest_first() -> None:
    mine = [opened(requester_email="Ana.B@Example.com", status="open").id for _ in range(5)]
    opened(requester_email="bana.b@example.com")
    opened(description="Forwarded for ana.b@example.com")
    closed = opened(requester_email="ana.b@example.com", status="closed").id
    assert found_ids(" ana.b@EXAMPLE.com ") == [closed, *reversed(mine)]
    assert found_ids("ana.b@example.com", status=["closed"]) == [closed]
    result = search(over_rest(), TicketListQuery(search="ANA.b@example.com", status=["open"]))
    assert (result.matching, result.ticket) == ((5, False), None)
    assert result.requester is not None
    assert result.requester.casefold() == "ana.b@example.com"
    delete_ticket(over_rest(), mine[4])
    changed(mine[3], requester_email="other@example.com")
    assert found_ids("ana.b@example.com") == [closed, *reversed(mine[:3])]


WRITTEN = (
    "{}",
    " <{}>. ",
    "Zoe <{}>",
    '"Doe, Zoe" <{}>;',
    "\u201c{}\u201d",
    "\u2018{}\u2019,",
    "\u00ab{}\u00bb",
    "mailto:{}",
    "MAILTO:{}?subject=Help%20me",
    "<mailto:{}>",
    "{} (Zoe)",
    "\u200b{}\ufeff",
)


@pytest.mark.parametrize(
    ("filed", "sought"),
    [
        ("ana@example.com", "Ana@Example.com"),
        ("o'brien@example.com", "o\u2019brien@example.com"),
        ("zo\u00eb@example.com", "zoe\u0308@example.com"),
        ("zoe\u0308@example.com", "zo\u00eb@example.com"),
        ("ana@example.com", "\uff41\uff4e\uff41\uff20example.com"),
    ],
)
def test_an_address_is_one_however_it_was_pasted(filed: str, sought: str) -> None:
    mine = opened(requester_email=filed)
    opened(requester_email="bana@example.com")
    for written in WRITTEN:
        assert found_ids(written.format(sought)) == [mine.id], written


@pytest.mark.parametrize("said", ["ana@example.com, bo@example.com", "ask ana@example.com", "@"])
def test_what_is_more_or_less_than_an_address_is_searched_for(said: str) -> None:
    opened(requester_email="ana@example.com")
    assert found_ids(said) == []


def test_pages_of_an_owner_neither_skip_nor_repeat() -> None:
    mine = [opened(requester_email="ana@example.com").id for _ in range(7)]
    shown: list[int] = []
    cursor = None
    for _ in range(4):
        page = search_page(
            over_rest(), TicketListQuery(search="ana@example.com", limit=2, cursor=cursor)
        )
        shown += [one.id for one in page.items]
        cursor = page.next_cursor
    assert shown == mine[::-1]
    assert cursor is None
    assert all(before > after for before, after in pairwise(shown))


def test_an_address_of_nobody_is_searched_for_in_the_texts() -> None:
    said = opened(description="Write to sales@example.com instead.")
    assert found_ids("sales@example.com") == [said.id]
    assert found_ids("Write to sales@example.com") == [said.id]


def test_rest_searches_titles_and_descriptions_alone() -> None:
    ticket = opened(requester_email="ana@example.com")
    for written in ("ana@example.com", f"{ticket.id}", f"#{ticket.id}"):
        assert list_tickets(over_rest(), TicketListQuery(search=written)).items == []


def test_an_owners_tickets_are_found_by_an_index() -> None:
    statement = (
        "SELECT id FROM ticket WHERE deleted_at IS NULL AND requester_email IS NOT NULL "
        "AND lower(requester_email) = lower('a@b') ORDER BY created_at DESC, id DESC LIMIT 50"
    )
    with get_engine().begin() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if not sqlite:  # a small table is scanned unless that is disabled
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        explain = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN"
        plan = "\n".join(str(row) for row in connection.execute(text(f"{explain} {statement}")))
    assert "ticket_requester_newest" in plan
    assert "SORT" not in plan.upper()
    assert "TEMP B-TREE" not in plan


def test_restoring_twice_is_restoring_once() -> None:
    ticket = opened()
    delete_ticket(in_browser(), ticket.id)
    restored = restore_ticket(in_browser(), ticket.id)
    assert restore_ticket(in_browser(), ticket.id) == restored
