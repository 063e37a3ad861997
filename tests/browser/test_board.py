"""A card of the board moves by mouse, by keyboard and by its menu."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Chrome, Desk, Size
from tests.browser.locators import column, handle, status_of
from tests.services.desk import opened
from ticket_app.state.tickets.board import PAGE


def expect_counts(page: Page, **counts: int) -> None:
    """Expect this number beside each column's name."""
    for name, count in counts.items():
        heading = column(page, name.replace("_", " ").capitalize()).get_by_role("heading")
        expect(heading).to_have_text(re.compile(rf"\D{count}$"))


@pytest.mark.rest_in_prove("size")
def test_each_column_counts_its_tickets(chrome: Chrome, desk: Desk, size: Size) -> None:
    desk.file(status="open")
    desk.file(status="open")
    desk.file(status="closed")
    page = chrome.page("/board", size)
    expect_counts(page, open=2, in_progress=0, resolved=0, closed=1)
    expect(column(page, "Resolved").get_by_text("No tickets here.")).to_be_attached()


def test_a_card_is_dragged_by_mouse(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file(title="Drag me", status="open")
    desk.file(title="Leave me", status="open")
    page = chrome.page("/board")
    expect_counts(page, open=2, resolved=0)
    start = handle(page, "Drag me").get_by_text("Drag me").bounding_box()
    target = column(page, "Resolved").bounding_box()
    assert start
    assert target
    page.mouse.move(start["x"] + 8, start["y"] + 8)
    page.mouse.down()
    page.mouse.move(start["x"] + 30, start["y"] + 12, steps=5)
    page.mouse.move(target["x"] + 60, target["y"] + 90, steps=15)
    page.mouse.up()
    expect(column(page, "Resolved")).to_contain_text("Drag me")
    expect_counts(page, open=1, resolved=1)
    expect(column(page, "Open")).not_to_contain_text("Drag me")
    assert desk.get(ticket["id"])["status"] == "resolved"


def test_a_card_is_moved_by_keyboard(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file(title="Move me " + "further " * 20, status="open")  # the tallest card
    page = chrome.page("/board")
    handle(page, "Move me").focus()
    page.keyboard.press("Space")
    said = page.locator("[aria-live=assertive]")
    expect(said).to_contain_text("Move me")
    page.keyboard.press("ArrowRight")
    expect(said).to_contain_text("over In progress")
    page.keyboard.press("ArrowRight")
    expect(said).to_contain_text("over Resolved")
    page.keyboard.press("Space")
    expect(column(page, "Resolved")).to_contain_text("Move me")
    expect_counts(page, open=0, resolved=1)
    assert desk.get(ticket["id"])["status"] == "resolved"


def test_a_card_moves_by_its_menu(chrome: Chrome, desk: Desk, size: Size) -> None:
    ticket = desk.file(title="Choose for me", status="open")
    page = chrome.page("/board", size)
    status_of(page, ticket["id"]).select_option("Closed")
    expect(column(page, "Closed")).to_contain_text("Choose for me")
    expect_counts(page, open=0, closed=1)


def test_a_card_follows_a_change_by_anyone(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file(title="Elsewhere", status="open")
    page = chrome.page("/board")
    expect_counts(page, open=1, resolved=0)
    desk.change(ticket["id"], status="resolved")
    expect(column(page, "Resolved")).to_contain_text("Elsewhere")
    expect_counts(page, open=0, resolved=1)


@pytest.mark.rest_in_prove("size")
@pytest.mark.parametrize("more", [5])
def test_a_column_loads_in_pages(chrome: Chrome, desk: Desk, size: Size, more: int) -> None:
    for number in range(PAGE + more):
        opened(title=f"Ticket {number}", status="open")
    assert desk.stats()["open_tickets"] == PAGE + more
    page = chrome.page("/board", size)
    cards = column(page, "Open").locator("[data-rfd-draggable-id]")
    expect(cards).to_have_count(PAGE)
    expect_counts(page, open=PAGE + more)
    column(page, "Open").get_by_role("button", name="Load more").click()
    expect(cards).to_have_count(PAGE + more)
    expect(column(page, "Open").get_by_role("button", name="Load more")).to_be_hidden()
