"""A moved card appears at once where it was dropped, stays there, and the move is announced."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Chrome, Desk
from tests.browser.dragging import SAID, drag, drag_over
from tests.browser.locators import column, handle, status_of
from tests.browser.proxy import Proxy, proxy_to
from tests.services.desk import opened
from ticket_app.state.tickets.board import PAGE

SLOW = 0.15
"""Seconds each way, so that a round trip takes twice as long."""

WATCH = """id => {
  window.seen = [];
  window.watched = id;
  const look = () => {
    if (window.watched !== id) return;
    const box = document.querySelector(`[data-rfd-draggable-id="${id}"]`)?.getBoundingClientRect();
    const middle = box && box.left + box.width / 2;
    const over = [...document.querySelectorAll('.column')].find(one => {
      const place = one.getBoundingClientRect();
      return box && place.left <= middle && middle <= place.right;
    })?.ariaLabel;
    if (over && window.seen.at(-1) !== over) window.seen.push(over);
    requestAnimationFrame(look);
  };
  look();
}"""
"""Records the column that shows the card, whenever it changes from one frame to the next."""

FOCUSED = "document.activeElement.ariaLabel ?? document.activeElement.innerText.split('\\n')[0]"


@pytest.fixture
def slow(desk: Desk) -> Iterator[Proxy]:
    """A proxy on which every round trip is slow."""
    with proxy_to(desk.url) as proxy:
        proxy.delay_seconds = SLOW
        yield proxy


def shown_board(page: Page, title: str) -> None:
    """Wait for the cards, and for the answers to the page's first requests."""
    expect(handle(page, title).first).to_be_visible()
    page.wait_for_timeout(1000 * 6 * SLOW)


def test_on_a_slow_line_the_old_column_is_never_seen(
    chrome: Chrome, desk: Desk, slow: Proxy
) -> None:
    ticket = desk.file(title="Drag me", status="open")
    other = desk.file(title="Choose me", status="open")
    page = chrome.page(f"{slow.url}/board")
    shown_board(page, "Drag me")
    drag_over(page, "Drag me", "Resolved")
    page.evaluate(WATCH, ticket["id"])
    page.mouse.up()
    expect(column(page, "Resolved")).to_contain_text("Not saved yet")
    drag(page, "Drag me", "Closed")  # before the answer to the first move
    expect(column(page, "Closed")).not_to_contain_text("Not saved yet")
    page.wait_for_timeout(1000 * 6 * SLOW)
    assert page.evaluate("window.seen") == ["Resolved", "Closed"]
    assert desk.get(ticket["id"])["status"] == "closed"
    page.evaluate(WATCH, other["id"])
    status_of(page, other["id"]).select_option("In progress")
    expect(column(page, "In progress")).to_contain_text("Not saved yet")
    expect(column(page, "In progress")).not_to_contain_text("Not saved yet")
    assert page.evaluate("window.seen") == ["Open", "In progress"]
    page.context.close()


def test_what_is_moved_while_the_line_is_cut_is_saved_on_return(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file(title="Drag me", status="open")
    with proxy_to(desk.url) as proxy:
        page = chrome.page(f"{proxy.url}/board")
        shown_board(page, "Drag me")
        proxy.cut()
        expect(page.get_by_text("Connection lost")).to_be_visible()
        drag(page, "Drag me", "In progress")
        expect(column(page, "In progress")).to_contain_text("Not saved yet")  # it has dropped
        drag(page, "Drag me", "Resolved")
        expect(column(page, "Resolved")).to_contain_text("Not saved yet")
        proxy.restore()
        expect(page.get_by_text("Connection lost")).to_be_hidden(timeout=30_000)
        expect(column(page, "Resolved")).to_contain_text("Drag me")
        expect(column(page, "Resolved")).not_to_contain_text("Not saved yet")
        expect(column(page, "Resolved").get_by_role("heading")).to_have_text(re.compile(r"\D1$"))
        after = desk.get(ticket["id"])
        assert (after["status"], after["version"]) == ("resolved", ticket["version"] + 2)
        page.context.close()
    chrome.console_errors.clear()  # the cut connection's own errors are expected


def test_a_card_shows_where_it_was_dropped_however_old_it_is(chrome: Chrome, desk: Desk) -> None:
    desk.file(title="The oldest", status="open")
    for number in range(PAGE):
        opened(title=f"Ticket {number}", status="resolved")
    page = chrome.page("/board")
    expect(handle(page, f"Ticket {PAGE - 1}")).to_be_visible()
    drag(page, "The oldest", "Resolved")
    cards = column(page, "Resolved").locator("[data-rfd-draggable-id]")
    expect(cards).to_have_count(PAGE + 1)
    expect(cards.first).to_contain_text("The oldest")
    desk.file(title="Something new", status="closed")
    expect(column(page, "Closed")).to_contain_text("Something new")
    expect(cards.first).to_contain_text("The oldest")


def test_what_others_changed_while_a_card_is_dragged_is_not_overwritten(
    chrome: Chrome, desk: Desk
) -> None:
    ticket = desk.file(title="Drag me", status="open")
    page = chrome.page("/board")
    shown_board(page, "Drag me")
    drag_over(page, "Drag me", "In progress")
    desk.change(ticket["id"], status="closed")
    page.wait_for_timeout(500)  # the page knows of the change while the card is still dragged
    page.mouse.up()
    expect(page.get_by_role("alert")).to_contain_text("was changed by someone else")
    expect(column(page, "Closed")).to_contain_text("Drag me")
    expect(column(page, "In progress")).not_to_contain_text("Drag me")
    assert desk.get(ticket["id"])["status"] == "closed"


def test_a_move_that_is_refused_goes_back_and_says_why(chrome: Chrome, desk: Desk) -> None:
    kept, gone = desk.file(title="Kept"), desk.file(title="Drag me")
    page = chrome.page("/board")
    shown_board(page, "Drag me")
    drag_over(page, "Drag me", "In progress")
    desk.rest.delete(f"/api/tickets/{gone['id']}/").raise_for_status()
    page.mouse.up()
    expect(page.get_by_role("alert")).to_contain_text(f"There is no ticket {gone['id']}")
    expect(column(page, "In progress")).not_to_contain_text("Drag me")
    expect(column(page, "Open")).not_to_contain_text("Drag me")
    expect(handle(page, kept["title"])).to_be_visible()


def test_a_drag_is_told_in_words(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file(title="Wallpaper", status="open")
    page = chrome.page("/board")
    shown_board(page, "Wallpaper")
    number, said = f"#{ticket['id']}", page.locator(SAID)
    handle(page, "Wallpaper").focus()
    page.keyboard.press("Space")
    expect(said).to_have_text(f"{number}, Wallpaper, is lifted from Open, place 1.")
    page.keyboard.press("ArrowRight")
    expect(said).to_have_text(f"{number} is over In progress, place 1.")
    page.keyboard.press("Escape")
    expect(said).to_have_text(f"{number}, Wallpaper, is back in Open, place 1.")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    expect(said).to_have_text(f"{number} is over In progress, place 1.")
    page.keyboard.press("ArrowRight")
    expect(said).to_have_text(f"{number} is over Resolved, place 1.")
    page.keyboard.press("Space")
    expect(said).to_have_text(f"{number}, Wallpaper, is put into Resolved, place 1.")
    hint = page.locator(f"#{handle(page, 'Wallpaper').get_attribute('aria-describedby')}")
    assert "item" not in (hint.text_content() or "item")


@pytest.mark.parametrize("way", ["mouse", "keyboard"])
def test_the_focus_stays_with_the_card(chrome: Chrome, desk: Desk, way: str) -> None:
    ticket = desk.file(title="Wallpaper", status="open")
    page = chrome.page("/board")
    shown_board(page, "Wallpaper")
    drag(page, "Wallpaper", "In progress", way)
    expect(column(page, "In progress")).to_contain_text("Wallpaper")
    expect(handle(page, "Wallpaper")).to_be_focused()
    menu = status_of(page, ticket["id"])
    menu.focus()
    menu.select_option("Closed")
    expect(column(page, "Closed").get_by_role("combobox")).to_be_focused()
    page.wait_for_timeout(700)  # until the answer and the events after it have arrived
    expect(column(page, "Closed").get_by_role("combobox")).to_be_focused()
    drag(page, "Wallpaper", "Resolved")
    expect(column(page, "Resolved")).to_contain_text("Wallpaper")
    page.wait_for_timeout(700)
    assert page.evaluate(FOCUSED) == "Wallpaper"


SHIFTS = """() => {
  window.shifts = [];
  new PerformanceObserver(list => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifts.push(one.value);
  }).observe({type: 'layout-shift', buffered: true});
}"""
SHIFTED = "window.shifts.reduce((sum, one) => sum + one, 0)"


def test_nothing_moves_on_load_nor_when_others_change_tickets(chrome: Chrome, desk: Desk) -> None:
    filed = [
        opened(title=f"Ticket {number} " + "and so on " * (number % 5), status=status)
        for number in range(8)
        for status in ("open", "in_progress", "resolved", "closed")
    ]
    page = chrome.page("about:blank")
    page.add_init_script(f"({SHIFTS})()")
    page.goto(f"{desk.url}/board")
    shown_board(page, "Ticket 7")
    assert page.evaluate(SHIFTED) <= 0.02
    where = handle(page, "Ticket 4 ").nth(0).bounding_box()
    for ticket in filed[-4:]:
        desk.change(ticket.id, status="closed" if ticket.status == "open" else "open")
    desk.rest.delete(f"/api/tickets/{filed[24].id}/").raise_for_status()
    desk.file(title="Arrived", status="open")
    expect(column(page, "Open")).to_contain_text("Arrived")
    expect(column(page, "Open").get_by_role("heading")).to_have_text(re.compile(r"\D10$"))
    page.wait_for_timeout(700)
    assert page.evaluate(SHIFTED) <= 0.02
    assert handle(page, "Ticket 4 ").nth(0).bounding_box() == where
    assert column(page, "Open").get_by_text("is now Closed").count() == 1
    column(page, "Open").get_by_role("button", name="4 new").click()
    expect(column(page, "Open").get_by_text("is now Closed")).to_have_count(0)
    expect(column(page, "Open").locator("[data-rfd-draggable-id]").first).to_contain_text("Arrived")
