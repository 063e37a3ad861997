"""No row moves while the mouse is over the list."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Chrome, Desk, Size
from tests.browser.interaction import CLIPPED_BY, focused_text, press, top_of
from tests.browser.locators import row, rows, status_of

LONG = "A line of a long text.\n" * 30
HEIGHT = "one => one.getBoundingClientRect().height"
LEAST_MOVE = 1.0
"""Pixels; smaller differences are rounding."""


def test_unfolding_another_ticket_leaves_the_row_under_the_pointer(
    chrome: Chrome, desk: Desk, size: Size
) -> None:
    tickets = [desk.file(title=f"Ticket {n}", description=LONG) for n in range(8)][::-1]
    page = chrome.page("/", size)
    expect(rows(page)).to_have_count(8)
    for ticket in (tickets[1], tickets[2], tickets[5]):
        button = page.get_by_role("button", name=ticket["title"], exact=True)
        button.scroll_into_view_if_needed()
        before = top_of(row(page, ticket["id"]))
        press(page, button)
        expect(row(page, ticket["id"]).get_by_role("heading", name="History")).to_be_visible()
        assert abs(top_of(row(page, ticket["id"])) - before) < LEAST_MOVE


def test_a_strangers_ticket_moves_nothing_under_the_pointer(chrome: Chrome, desk: Desk) -> None:
    tickets = [desk.file(title=f"Ticket {n}", status="open") for n in range(5)][::-1]
    page = chrome.page("/?status=open")
    expect(rows(page)).to_have_count(5)
    status_of(page, tickets[2]["id"]).hover()
    at = top_of(row(page, tickets[2]["id"]))
    newcomer = desk.file(title="A stranger's", status="open")
    desk.change(tickets[0]["id"], status="resolved")
    waiting = page.get_by_role("button", name="1 new")
    expect(waiting).to_be_visible()
    expect(row(page, tickets[0]["id"])).to_contain_text("Left this list")
    expect(rows(page)).to_have_count(4)
    assert abs(top_of(row(page, tickets[2]["id"])) - at) < LEAST_MOVE
    expect(page.get_by_role("status").filter(has_text=re.compile("5 tickets"))).to_have_count(1)
    press(page, waiting)
    expect(rows(page).first).to_have_attribute("data-ticket", str(newcomer["id"]))
    expect(page.locator("[data-gone]")).to_have_count(0)
    expect(rows(page)).to_have_count(5)
    assert focused_text(page) == "Sentiment"


def test_a_finger_finds_what_it_saw(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file(title="Seen")
    page = chrome.page("/", PHONE)
    expect(rows(page)).to_have_count(1)
    at = top_of(row(page, ticket["id"]))
    desk.file(title="A stranger's")
    waiting = page.get_by_role("button", name="1 new")
    expect(waiting).to_be_visible()
    assert abs(top_of(row(page, ticket["id"])) - at) < LEAST_MOVE
    waiting.tap()
    expect(rows(page)).to_have_count(2)


def test_a_resolve_under_a_filter_keeps_row_and_focus(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file(title="Paper, and what is printed on it, " * 4, status="open")
    desk.file(title="Other", status="open")
    page = chrome.page("/?status=open")
    expect(rows(page)).to_have_count(2)
    select = status_of(page, ticket["id"])
    select.focus()
    height = row(page, ticket["id"]).evaluate(HEIGHT)
    page.keyboard.press("ArrowDown")
    reason = row(page, ticket["id"]).get_by_text("Left this list")
    expect(reason).to_be_visible()
    assert reason.evaluate(CLIPPED_BY) == []
    assert row(page, ticket["id"]).evaluate(HEIGHT) == height
    expect(select).to_be_focused()
    expect(select).to_have_value("in_progress")
    page.keyboard.press("ArrowUp")
    expect(row(page, ticket["id"])).not_to_contain_text("Left this list")
    expect(rows(page)).to_have_count(2)
