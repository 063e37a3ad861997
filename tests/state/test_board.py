"""The board: a column a status, in pages; a card that is dropped elsewhere has a new status."""

from typing import Any

import pytest

from tests.services.desk import all_tickets, changed, opened
from tests.state.conftest import Database
from tests.state.page import Page, Tabs
from ticket_app.state.actions import TicketActions
from ticket_app.state.board import CARDS_MAX, PAGE, Board
from ticket_app.state.notices import Notice

pytestmark = pytest.mark.anyio


def cards(page: Page, status: str) -> list[int]:
    """The numbers of the tickets in a column."""
    return [card["id"] for card in page.shown(Board)[status]]


def dropped(card: int, source: str, target: str | None) -> dict[str, Any]:
    """What the drag and drop package tells of a move."""
    destination = None if target is None else {"droppableId": target, "index": 0}
    return {
        "draggableId": str(card),
        "type": "DEFAULT",
        "source": {"droppableId": source, "index": 0},
        "destination": destination,
        "reason": "DROP",
        "mode": "FLUID",
        "combine": None,
    }


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
    await page.do(Board.load_more("resolved"))
    assert cards(page, "resolved") == filed[::-1]
    assert page.shown(Board)["more"]["resolved"] is False


async def test_a_column_stops_growing(tabs: Tabs) -> None:
    for _ in range(CARDS_MAX + 1):
        opened(status="open")
    page = await tabs.open("/board")
    for _ in range(CARDS_MAX // PAGE + 1):
        await page.do(Board.load_more("open"))
    assert len(cards(page, "open")) == CARDS_MAX
    assert page.shown(Board)["more"]["open"] is False
    assert page.shown(Board)["counts"]["open"] == CARDS_MAX + 1


async def test_a_card_dropped_on_another_column_has_its_status(tabs: Tabs) -> None:
    ticket = opened(status="open")
    page = await tabs.open("/board")
    await page.do(TicketActions.drop(dropped(ticket.id, "open", "in_progress")))
    assert all_tickets()[0].status == "in_progress"
    await page.until(lambda: cards(page, "in_progress") == [ticket.id])
    assert cards(page, "open") == []
    assert page.shown(Board)["counts"]["in_progress"] == 1


@pytest.mark.parametrize("target", ["open", None])
async def test_a_card_that_stays_in_its_column_changes_nothing(
    tabs: Tabs, target: str | None
) -> None:
    ticket = opened(status="open")
    page = await tabs.open("/board")
    await page.do(TicketActions.drop(dropped(ticket.id, "open", target)))
    assert all_tickets() == [ticket]


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
        await page.do(TicketActions.drop(dropped(ticket.id, "open", "closed")))
    assert "The database is not answering" in page.shown(Notice)["text"]
    assert page.shown(Notice)["failed"] is True
    assert cards(page, "open") == [ticket.id]
    assert all_tickets() == [ticket]


async def test_a_board_without_a_database_says_so(tabs: Tabs, file: Database) -> None:
    with file.away():
        page = await tabs.open("/board")
    assert "The database is not answering" in page.shown(Board)["problem"]
    opened(status="open")
    await page.until(lambda: page.shown(Board)["problem"] == "")
    assert len(cards(page, "open")) == 1
