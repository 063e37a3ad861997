"""The board has a paged column for each status, and a drop in another column changes the status."""

import pytest
from reflex.event import EventSpec

from harness.actors import over_rest
from tests.services.desk import all_tickets, changed, opened
from tests.state.conftest import AWAY, Database
from tests.state.page import Page, Tabs
from ticket_app.schemas.tickets import TicketPublic
from ticket_app.services.tickets.deleting import delete_ticket
from ticket_app.state.notices import Notice
from ticket_app.state.tickets.board import CARDS_MAX, PAGE, Board

pytestmark = pytest.mark.anyio


def cards(page: Page, status: str) -> list[int]:
    """Returns the ids of the tickets in a column."""
    return [card["id"] for card in page.shown(Board)[status]]


def gaps(page: Page, status: str) -> list[int]:
    """Returns the ids of tickets that have left a column and keep their gap."""
    return [card["id"] for card in page.shown(Board)[status] if card["status"] != status]


def placed(ticket: TicketPublic, target: str, above: int = 0, move: int = 1) -> EventSpec:
    """Returns the event of a card dropped below another one, with the version on the page."""
    return Board.place(ticket.id, ticket.version, target, above, move)


async def test_each_column_shows_its_tickets_and_how_many_there_are(tabs: Tabs) -> None:
    filed = [opened(status="open").id for _ in range(PAGE + 1)]
    closed = opened(status="closed").id
    page = await tabs.open("/board")
    shown = page.shown(Board)
    assert shown["counts"] == {"open": PAGE + 1, "in_progress": 0, "resolved": 0, "closed": 1}
    assert shown["more"] == {"open": True, "in_progress": False, "resolved": False, "closed": False}
    assert cards(page, "open") == filed[:0:-1]
    assert cards(page, "closed") == [closed]
    assert cards(page, "resolved") == []


async def test_a_column_loads_its_next_page(tabs: Tabs) -> None:
    filed = [opened(status="resolved").id for _ in range(PAGE + 3)]
    page = await tabs.open("/board")
    await page.do(Board.load_more("resolved", len(page.shown(Board)["resolved"])))
    assert cards(page, "resolved") == filed[::-1]
    assert page.shown(Board)["more"]["resolved"] is False


async def test_a_column_stops_growing(tabs: Tabs) -> None:
    for _ in range(CARDS_MAX + 1):
        opened(status="open")
    page = await tabs.open("/board")
    for _ in range(CARDS_MAX // PAGE + 1):
        await page.do(Board.load_more("open", len(page.shown(Board)["open"])))
    assert len(cards(page, "open")) == CARDS_MAX
    assert page.shown(Board)["more"]["open"] is False
    assert page.shown(Board)["counts"]["open"] == CARDS_MAX + 1


async def test_a_card_dropped_on_another_column_has_its_status(tabs: Tabs) -> None:
    ticket = opened(status="open")
    page = await tabs.open("/board")
    await page.do(placed(ticket, "in_progress", move=17))
    assert all_tickets()[0].status == "in_progress"
    await page.until(lambda: cards(page, "in_progress") == [ticket.id])
    assert cards(page, "open") == []
    assert page.shown(Board)["counts"] == {"open": 0, "in_progress": 1, "resolved": 0, "closed": 0}
    assert page.shown(Board)["answered"] == 17


async def test_a_card_that_stays_in_its_column_changes_no_ticket(tabs: Tabs) -> None:
    below, ticket = opened(status="open"), opened(status="open")
    page = await tabs.open("/board")
    await page.do(placed(ticket, "open", above=below.id))
    assert cards(page, "open") == [below.id, ticket.id]
    assert all_tickets() == [ticket, below]


async def test_a_card_stays_where_it_was_put_until_it_leaves(tabs: Tabs) -> None:
    old = opened(status="open")
    newest = [opened(status="resolved").id for _ in range(PAGE)][::-1]
    page = await tabs.open("/board")
    await page.do(placed(old, "resolved", above=newest[1]))
    expected = [*newest[:2], old.id, *newest[2:]]
    assert cards(page, "resolved") == expected
    arrived = opened(status="resolved").id
    await page.until(lambda: page.shown(Board)["news"].get("resolved") == "1 new")
    assert cards(page, "resolved") == expected
    await page.send(Board.event_handlers["load"])  # the connection was lost and is back
    assert cards(page, "resolved") == expected
    await page.do(Board.put_in_order("resolved"))
    assert cards(page, "resolved") == [old.id, arrived, *newest[:-1]]
    changed(old.id, status="closed")
    await page.until(lambda: cards(page, "closed") == [old.id])
    assert gaps(page, "resolved") == [old.id]
    await page.do(Board.begin())
    assert cards(page, "resolved") == [arrived, *newest[:-1]]


async def test_what_others_changed_meanwhile_is_told_and_stands(tabs: Tabs) -> None:
    seen = opened(status="open")
    page = await tabs.open("/board")
    changed(seen.id, status="resolved")
    await page.do(placed(seen, "closed", move=5))
    assert "changed by someone else" in page.shown(Notice)["text"]
    assert page.shown(Notice)["failed"] is True
    assert page.shown(Board)["answered"] == 5
    assert all_tickets()[0].status == "resolved"
    await page.until(lambda: cards(page, "resolved") == [seen.id])
    assert cards(page, "closed") == []


async def test_ones_own_moves_are_nobody_elses(tabs: Tabs) -> None:
    ticket = opened(status="open")
    page = await tabs.open("/board")
    for target in ("in_progress", "resolved", "closed"):  # faster than the answers
        await page.do(placed(ticket, target))
    assert all_tickets()[0].status == "closed"
    changed(ticket.id, priority="critical")  # it is in nobody's way
    await page.do(placed(ticket, "resolved"))
    assert all_tickets()[0].status == "resolved"
    theirs = changed(ticket.id, status="in_progress")
    await page.do(placed(ticket, "open"))
    assert "changed by someone else" in page.shown(Notice)["text"]
    assert all_tickets() == [theirs]


async def test_what_stays_does_not_move(tabs: Tabs) -> None:
    third, second, first = (opened(status="open").id for _ in range(3))
    page = await tabs.open("/board")
    changed(second, status="closed")
    await page.until(lambda: cards(page, "closed") == [second])
    assert cards(page, "open") == [first, second, third]
    assert gaps(page, "open") == [second]
    assert page.shown(Board)["news"]["open"] == "Close gaps"
    assert page.shown(Board)["counts"]["open"] == 2
    arrived = opened(status="open").id
    await page.until(lambda: page.shown(Board)["news"]["open"] == "1 new")
    assert cards(page, "open") == [first, second, third, arrived]
    delete_ticket(over_rest(), first)
    await page.until(lambda: gaps(page, "open") == [first, second])
    changed(second, status="open")
    await page.until(lambda: gaps(page, "open") == [first])
    await page.do(Board.put_in_order("open"))
    assert cards(page, "open") == [arrived, second, third]
    assert page.shown(Board)["news"]["open"] == ""


async def test_a_full_column_takes_no_more_by_itself(tabs: Tabs) -> None:
    shown = [opened(status="open").id for _ in range(PAGE)][::-1]
    page = await tabs.open("/board")
    newer = [opened(status="open").id for _ in range(3)][::-1]
    await page.until(lambda: page.shown(Board)["news"].get("open") == "3 new")
    assert cards(page, "open") == shown
    await page.do(Board.put_in_order("open"))
    assert cards(page, "open") == [*newer, *shown[:-3]]
    assert page.shown(Board)["more"]["open"] is True


async def test_a_move_by_anyone_reaches_an_open_board(tabs: Tabs) -> None:
    ticket = opened(status="open")
    page = await tabs.open("/board")
    changed(ticket.id, status="closed")
    await page.until(lambda: cards(page, "closed") == [ticket.id])
    assert cards(page, "open") == []


async def test_a_move_without_a_database_is_told_and_the_card_stays(
    tabs: Tabs, file: Database
) -> None:
    ticket = opened(status="open")
    page = await tabs.open("/board")
    with file.away():
        await page.do(placed(ticket, "closed"))
    assert AWAY in page.shown(Notice)["text"]
    assert page.shown(Notice)["failed"] is True
    assert cards(page, "open") == [ticket.id]
    assert all_tickets() == [ticket]


async def test_a_board_without_a_database_says_so(tabs: Tabs, file: Database) -> None:
    with file.away():
        page = await tabs.open("/board")
    assert AWAY in page.shown(Board)["problem"]
    opened(status="open")
    await page.until(lambda: page.shown(Board)["problem"] == "")
    assert len(cards(page, "open")) == 1
