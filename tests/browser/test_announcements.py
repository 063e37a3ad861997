"""Pending, saved and refused changes are announced to screen readers, shown, and keep the focus."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Chrome, Desk
from tests.browser.dragging import drag, drag_over, drop, hold_over
from tests.browser.interaction import focused_text, press
from tests.browser.locators import column, handle, row, rows, status_of
from tests.browser.proxy import Proxy, proxy_to
from tests.services.desk import opened

SETTLE_MS = 700
RECORD_ANNOUNCEMENTS = """() => {
  const said = () => [...document.querySelectorAll('[role=status], [role=alert]')]
    .filter(one => one.checkVisibility({visibilityProperty: true}))
    .map(one => one.textContent).filter(text => text);
  window.announcements = [];
  let before = said();
  new MutationObserver(() => {
    const now = said();
    window.announcements.push(...now.filter(text => !before.includes(text)));
    before = now;
  }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""
"""Records the text of the live regions whenever it changes."""
ON_SCREEN = """() => {
  const box = document.activeElement.getBoundingClientRect();
  const there = document.elementFromPoint(box.left + 8, box.top + 8);
  return document.activeElement.contains(there);
}"""


@pytest.fixture
def delayed(desk: Desk, chrome: Chrome) -> Iterator[Proxy]:
    """A proxy that can delay answers."""
    with proxy_to(desk.url) as proxy:
        yield proxy
        chrome.close()
    chrome.console_errors.clear()  # the cut connection's own errors are expected


def expect_loading(part: Locator) -> None:
    """Expect that the part says it is loading."""
    expect(part).to_have_attribute("aria-busy", "true")


def expect_loaded(part: Locator) -> None:
    """Expect that the part does not say it is loading."""
    expect(part).to_have_attribute("aria-busy", "false")


def ticket_list(page: Page) -> Locator:
    """Returns the list of tickets."""
    return page.locator("section.rows")


def test_the_queue_is_busy_while_rows_are_on_their_way(
    chrome: Chrome, desk: Desk, delayed: Proxy
) -> None:
    for number in range(40):
        opened(title=f"Ticket {number}", status="open")
    page = chrome.page(delayed.url)
    expect(rows(page)).to_have_count(30)
    expect_loaded(ticket_list(page))
    delayed.wait_until_quiet()
    with delayed.holding():
        page.get_by_role("button", name="Load more").scroll_into_view_if_needed()
        expect_loading(ticket_list(page))
    expect(rows(page)).to_have_count(40)
    expect_loaded(ticket_list(page))
    press(page, page.get_by_role("button", name="Status", exact=True))
    with delayed.holding():
        press(page, page.get_by_role("checkbox", name="Closed", exact=True))
        expect_loading(ticket_list(page))
    expect(page.get_by_text("No ticket matches.")).to_be_visible()
    expect_loaded(ticket_list(page))
    page.keyboard.press("Escape")
    with delayed.holding():
        page.get_by_label("Search tickets").fill("ticket 3")
        expect_loading(ticket_list(page))
    expect_loaded(ticket_list(page))


def test_a_column_is_busy_while_cards_are_on_their_way(
    chrome: Chrome, desk: Desk, delayed: Proxy
) -> None:
    for number in range(45):
        opened(title=f"Ticket {number}", status="open")
    page = chrome.page(f"{delayed.url}/board")
    cards = column(page, "Open").locator("[data-rfd-draggable-id]")
    expect(cards).to_have_count(20)
    expect_loaded(column(page, "Open"))
    delayed.wait_until_quiet()
    with delayed.holding():
        press(page, column(page, "Open").get_by_role("button", name="Load more"))
        expect_loading(column(page, "Open"))
        expect_loaded(column(page, "Closed"))
    expect(cards).to_have_count(40)
    expect_loaded(column(page, "Open"))


def test_the_insights_are_busy_while_figures_are_on_their_way(
    chrome: Chrome, desk: Desk, delayed: Proxy
) -> None:
    page = chrome.page(f"{delayed.url}/insights")
    reliable = page.locator(".report").filter(has_text="How reliable the triage is")
    parts = [page.locator(".insights"), reliable]
    for part in parts:
        expect_loaded(part)
    delayed.wait_until_quiet()
    with delayed.holding():
        press(page, page.get_by_role("button", name="7 days"))
        for part in parts:
            expect_loading(part)
    for part in parts:
        expect_loaded(part)


def announcements(page: Page) -> list[str]:
    """Returns the announcements since the last call."""
    page.wait_for_timeout(SETTLE_MS)
    said: list[str] = page.evaluate("window.announcements.splice(0)")
    return [each.removesuffix("Undo").removesuffix("\N{NO-BREAK SPACE}") for each in said]


def test_what_one_has_saved_is_said_once(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file(title="Paper", status="open", priority="low")
    number = ticket["id"]
    page = chrome.page("/")
    press(page, page.get_by_role("button", name="Paper", exact=True))
    delete = page.get_by_role("button", name="Delete")
    expect(delete).to_be_visible()
    page.evaluate(RECORD_ANNOUNCEMENTS)
    status_of(page, number).select_option("Closed")
    assert announcements(page) == [f"Status of ticket {number} is saved: Closed."]
    page.get_by_label(f"Priority of ticket {number}").select_option("High")
    assert announcements(page) == [f"Priority of ticket {number} is saved: High."]
    page.get_by_label(f"Priority of ticket {number}").select_option("Low")
    assert announcements(page) == [f"Priority of ticket {number} is saved: Low."]
    press(page, delete)
    assert announcements(page) == [f"Ticket {number} is deleted."]
    press(page, page.get_by_role("button", name="Undo"))
    assert announcements(page) == [f"Ticket {number} is restored."]
    desk.change(number, status="open")
    desk.file(title="A stranger's")
    assert announcements(page) == []


def test_a_drop_is_said_to_be_saved_once(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file(title="Drag me", status="open")
    page = chrome.page("/board")
    expect(handle(page, "Drag me")).to_be_visible()
    page.wait_for_timeout(SETTLE_MS)
    page.evaluate(RECORD_ANNOUNCEMENTS)
    drag(page, "Drag me", "Resolved")
    assert announcements(page) == [f"Status of ticket {ticket['id']} is saved: Resolved."]


def test_a_choice_overwrites_nothing_that_others_did_meanwhile(
    chrome: Chrome, desk: Desk, delayed: Proxy
) -> None:
    ticket = desk.file(title="Paper", status="open")
    page = chrome.page(delayed.url)
    expect(rows(page)).to_have_count(1)
    delayed.wait_until_quiet()
    with delayed.holding():  # the page does not see the colleague's change before the choice
        desk.change(ticket["id"], status="resolved")
        status_of(page, ticket["id"]).select_option("Closed")
        expect(row(page, ticket["id"]).get_by_text("Not saved yet")).to_be_visible()
    alert = page.get_by_role("alert").filter(has_text="was changed by someone else")
    expect(alert).to_contain_text("Status now: Resolved.")
    expect(status_of(page, ticket["id"])).to_have_value("resolved")
    assert desk.get(ticket["id"])["status"] == "resolved"
    page.wait_for_timeout(2 * SETTLE_MS)
    status_of(page, ticket["id"]).select_option("Closed")
    expect(row(page, ticket["id"]).get_by_text("Not saved yet")).to_have_count(0)
    assert desk.get(ticket["id"])["status"] == "closed"


def test_ones_own_choices_are_nobody_elses(chrome: Chrome, desk: Desk, delayed: Proxy) -> None:
    ticket = desk.file(title="Paper", status="open", priority="low", category="general")
    page = chrome.page(delayed.url)
    press(page, page.get_by_role("button", name="Paper", exact=True))
    expect(page.get_by_role("button", name="Delete")).to_be_visible()
    delayed.wait_until_quiet()
    with delayed.holding():  # no answer comes before the third choice
        status_of(page, ticket["id"]).select_option("Closed")
        page.get_by_label(f"Priority of ticket {ticket['id']}").select_option("High")
        page.get_by_label(f"Category of ticket {ticket['id']}").select_option("Billing")
        expect(page.get_by_text("Not saved yet")).to_have_count(3)
    expect(page.get_by_text("Not saved yet")).to_have_count(0)
    after = desk.get(ticket["id"])
    assert [after[field] for field in ("status", "priority", "category", "version")] == [
        "closed", "high", "billing", 4,
    ]  # fmt: skip


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
@pytest.mark.parametrize("way", ["mouse", "keyboard"])
def test_a_card_that_goes_back_has_the_focus_and_is_on_the_screen(
    chrome: Chrome, desk: Desk, delayed: Proxy, way: str, motion: str
) -> None:
    ticket = desk.file(title="Drag me", status="open")
    for number in range(14):
        desk.file(title=f"Ticket {number}", status="closed")
    page = chrome.page(f"{delayed.url}/board", reduced_motion=motion)
    expect(handle(page, "Drag me")).to_be_visible()
    delayed.wait_until_quiet()
    delayed.delay_seconds = 0.4
    hold_over(page, "Drag me", "In progress", way)
    desk.change(ticket["id"], status="closed")  # before the drop, however slow this machine is
    drop(page, way)
    expect(page.get_by_role("alert")).to_contain_text("was changed by someone else")
    expect(column(page, "Closed")).to_contain_text("Drag me")
    expect(handle(page, "Drag me")).to_be_focused()
    page.wait_for_timeout(SETTLE_MS)
    assert focused_text(page).startswith("Drag me")
    assert page.evaluate(ON_SCREEN)


def test_a_card_whose_ticket_is_gone_leaves_the_focus_on_the_page(
    chrome: Chrome, desk: Desk
) -> None:
    gone = desk.file(title="Drag me", status="open")
    page = chrome.page("/board")
    expect(handle(page, "Drag me")).to_be_visible()
    page.wait_for_timeout(SETTLE_MS)
    drag_over(page, "Drag me", "In progress")
    desk.rest.delete(f"/api/tickets/{gone['id']}/").raise_for_status()
    page.mouse.up()
    expect(page.get_by_role("alert")).to_contain_text("There is no ticket")
    page.wait_for_timeout(SETTLE_MS)
    assert focused_text(page) != "body"
