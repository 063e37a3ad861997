"""The search box: a number leads to its ticket, an address to the tickets of its owner."""

from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import text

from tests.services.desk import changed, opened
from ticket_app.data.engine import get_engine
from ticket_app.schemas.tickets import TicketListQuery
from ticket_app.services.tickets.deleting import delete_ticket, restore_ticket
from ticket_app.services.tickets.listing import list_tickets
from ticket_app.services.tickets.seeking import meant_by, page_meant_by, ticket_meant_by
from ticket_app.vocabulary import Edge

pytestmark = pytest.mark.usefixtures("database")


def met(search: str, **filters: Any) -> list[int]:
    """The tickets that this search leads to."""
    return [one.id for one in page_meant_by(TicketListQuery(search=search, **filters)).items]


def test_a_number_leads_to_its_ticket() -> None:
    first, second = opened(title="First"), opened(title="Second")
    plain = (f"{first.id}", f"#{first.id}", f" # {first.id} ", f"#0{first.id}")
    same_to_the_eye = (f"\uff03{first.id}", f"\u200b#{first.id}\ufeff", f"#\u00ad{first.id}")
    for written in plain + same_to_the_eye:
        meant = ticket_meant_by(written)
        assert meant is not None
        assert meant.id == first.id
    delete_ticket(second.id, Edge.REST)
    for absent in (f"{second.id}", "#999", "0", "9" * 19, "9" * 40, "1 2", "#", "1st", "-1", "1.0"):
        assert ticket_meant_by(absent) is None, absent


def test_an_address_leads_to_its_owners_tickets_newest_first() -> None:
    mine = [opened(requester_email="Ana.B@Example.com", status="open").id for _ in range(5)]
    opened(requester_email="bana.b@example.com")
    opened(description="Forwarded for ana.b@example.com")
    closed = opened(requester_email="ana.b@example.com", status="closed").id
    assert met(" ana.b@EXAMPLE.com ") == [closed, *reversed(mine)]
    assert met("ana.b@example.com", status=["closed"]) == [closed]
    meant = meant_by(TicketListQuery(search="ANA.b@example.com", status=["open"]))
    assert (meant.matching, meant.ticket) == ((5, False), None)
    assert meant.requester is not None
    assert meant.requester.casefold() == "ana.b@example.com"
    delete_ticket(mine[4], Edge.REST)
    changed(mine[3], requester_email="other@example.com")
    assert met("ana.b@example.com") == [closed, *reversed(mine[:3])]


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


@pytest.mark.parametrize("written", WRITTEN)
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
def test_an_address_is_one_however_it_was_pasted(written: str, filed: str, sought: str) -> None:
    mine = opened(requester_email=filed)
    opened(requester_email="bana@example.com")
    assert met(written.format(sought)) == [mine.id]


@pytest.mark.parametrize("said", ["ana@example.com, bo@example.com", "ask ana@example.com", "@"])
def test_what_is_more_or_less_than_an_address_is_searched_for(said: str) -> None:
    opened(requester_email="ana@example.com")
    assert met(said) == []


def test_pages_of_an_owner_neither_skip_nor_repeat() -> None:
    mine = [opened(requester_email="ana@example.com").id for _ in range(7)]
    shown: list[int] = []
    cursor = None
    for _ in range(4):
        page = page_meant_by(TicketListQuery(search="ana@example.com", limit=2, cursor=cursor))
        shown += [one.id for one in page.items]
        cursor = page.next_cursor
    assert shown == mine[::-1]
    assert cursor is None
    assert all(before > after for before, after in pairwise(shown))


def test_an_address_of_nobody_is_searched_for_in_the_texts() -> None:
    said = opened(description="Write to sales@example.com instead.")
    assert met("sales@example.com") == [said.id]
    assert met("Write to sales@example.com") == [said.id]


def test_rest_searches_titles_and_descriptions_alone() -> None:
    ticket = opened(requester_email="ana@example.com")
    for search in ("ana@example.com", f"{ticket.id}", f"#{ticket.id}"):
        assert list_tickets(TicketListQuery(search=search)).items == []


def test_an_owners_tickets_are_found_by_an_index() -> None:
    statement = (
        "SELECT id FROM ticket WHERE deleted_at IS NULL AND requester_email IS NOT NULL "
        "AND lower(requester_email) = lower('a@b') ORDER BY created_at DESC, id DESC LIMIT 50"
    )
    with get_engine().begin() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if not sqlite:  # a small table is read whole, unless that costs more
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        explain = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN"
        plan = "\n".join(str(row) for row in connection.execute(text(f"{explain} {statement}")))
    assert "ticket_requester_newest" in plan
    assert "SORT" not in plan.upper()
    assert "TEMP B-TREE" not in plan


def test_restoring_twice_is_restoring_once() -> None:
    ticket = opened()
    delete_ticket(ticket.id, Edge.BROWSER)
    restored = restore_ticket(ticket.id, Edge.BROWSER)
    assert restore_ticket(ticket.id, Edge.BROWSER) == restored
