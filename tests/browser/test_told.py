"""What is on its way, what was saved and what was refused is told: to eyes, ears and the focus."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.attention import focused, press
from tests.browser.conftest import Chrome, Desk
from tests.browser.hands import carry, drag
from tests.browser.parts import column, handle, row, rows, status_of
from tests.browser.wire import Wire, wire_to
from tests.services.desk import opened

SETTLE_MS = 700
HEARD = """() => {
  const said = () => [...document.querySelectorAll('[role=status], [role=alert]')]
    .filter(one => one.checkVisibility({visibilityProperty: true}))
    .map(one => one.textContent).filter(text => text);
  window.heard = [];
  let before = said();
  new MutationObserver(() => {
    const now = said();
    window.heard.push(...now.filter(text => !before.includes(text)));
    before = now;
  }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""
"""Keeps what the live regions say, each time that one says something else."""
ON_SCREEN = """() => {
  const box = document.activeElement.getBoundingClientRect();
  const there = document.elementFromPoint(box.left + 8, box.top + 8);
  return document.activeElement.contains(there);
}"""


@pytest.fixture
def held(desk: Desk, chrome: Chrome) -> Iterator[Wire]:
    """A line on which answers can be held back."""
    with wire_to(desk.url) as wire:
        yield wire
        chrome.close()
    chrome.complaints.clear()  # the browser's own lines about the connection


def busy(part: Locator) -> None:
    """It says that it is loading, and no longer once it has."""
    expect(part).to_have_attribute("aria-busy", "true")


def done(part: Locator) -> None:
    """It says that it is not loading."""
    expect(part).to_have_attribute("aria-busy", "false")


def the_list(page: Page) -> Locator:
    """The list of tickets."""
    return page.locator("section.rows")


def test_the_queue_is_busy_while_rows_are_on_their_way(
    chrome: Chrome, desk: Desk, held: Wire
) -> None:
    for number in range(40):
        opened(title=f"Ticket {number}", status="open")
    page = chrome.page(held.url)
    expect(rows(page)).to_have_count(30)
    done(the_list(page))
    page.wait_for_timeout(SETTLE_MS)
    held.seconds_each_way = 0.5
    page.get_by_role("button", name="Load more").scroll_into_view_if_needed()
    busy(the_list(page))
    expect(rows(page)).to_have_count(40)
    done(the_list(page))
    press(page, page.get_by_role("button", name="Status", exact=True))
    press(page, page.get_by_role("checkbox", name="Closed", exact=True))
    busy(the_list(page))
    expect(page.get_by_text("No ticket matches.")).to_be_visible()
    done(the_list(page))
    page.keyboard.press("Escape")
    held.seconds_each_way = 0.2
    page.get_by_label("Search tickets").fill("ticket 3")
    busy(the_list(page))
    done(the_list(page))


def test_a_column_is_busy_while_cards_are_on_their_way(
    chrome: Chrome, desk: Desk, held: Wire
) -> None:
    for number in range(45):
        opened(title=f"Ticket {number}", status="open")
    page = chrome.page(f"{held.url}/board")
    cards = column(page, "Open").locator("[data-rfd-draggable-id]")
    expect(cards).to_have_count(20)
    done(column(page, "Open"))
    page.wait_for_timeout(SETTLE_MS)
    held.seconds_each_way = 0.5
    press(page, column(page, "Open").get_by_role("button", name="Load more"))
    busy(column(page, "Open"))
    done(column(page, "Closed"))
    expect(cards).to_have_count(40)
    done(column(page, "Open"))


def test_the_insights_are_busy_while_figures_are_on_their_way(
    chrome: Chrome, desk: Desk, held: Wire
) -> None:
    page = chrome.page(f"{held.url}/insights")
    figures, report = page.locator(".insights"), page.locator(".report")
    done(figures)
    done(report)
    page.wait_for_timeout(SETTLE_MS)
    held.seconds_each_way = 0.5
    press(page, page.get_by_role("button", name="7 days"))
    busy(figures)
    busy(report)
    done(figures)
    done(report)


def heard(page: Page) -> list[str]:
    """What was said since the last time."""
    page.wait_for_timeout(SETTLE_MS)
    said: list[str] = page.evaluate("window.heard.splice(0)")
    return [each.removesuffix("Undo").removesuffix("\N{NO-BREAK SPACE}") for each in said]


def test_what_one_has_saved_is_said_once(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file(title="Paper", status="open", priority="low")
    number = ticket["id"]
    page = chrome.page("/")
    press(page, page.get_by_role("button", name="Paper", exact=True))
    delete = page.get_by_role("button", name="Delete")
    expect(delete).to_be_visible()
    page.evaluate(HEARD)
    status_of(page, number).select_option("Closed")
    assert heard(page) == [f"Status of ticket {number} is saved: Closed."]
    page.get_by_label(f"Priority of ticket {number}").select_option("High")
    assert heard(page) == [f"Priority of ticket {number} is saved: High."]
    page.get_by_label(f"Priority of ticket {number}").select_option("Low")
    assert heard(page) == [f"Priority of ticket {number} is saved: Low."]
    press(page, delete)
    assert heard(page) == [f"Ticket {number} is deleted."]
    press(page, page.get_by_role("button", name="Undo"))
    assert heard(page) == [f"Ticket {number} is restored."]
    desk.change(number, status="open")
    desk.file(title="A stranger's")
    assert heard(page) == []


def test_a_drop_is_said_to_be_saved_once(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file(title="Drag me", status="open")
    page = chrome.page("/board")
    expect(handle(page, "Drag me")).to_be_visible()
    page.wait_for_timeout(SETTLE_MS)
    page.evaluate(HEARD)
    drag(page, "Drag me", "Resolved")
    assert heard(page) == [f"Status of ticket {ticket['id']} is saved: Resolved."]


def test_a_choice_overwrites_nothing_that_others_did_meanwhile(
    chrome: Chrome, desk: Desk, held: Wire
) -> None:
    ticket = desk.file(title="Paper", status="open")
    page = chrome.page(held.url)
    expect(rows(page)).to_have_count(1)
    page.wait_for_timeout(SETTLE_MS)
    held.seconds_each_way = 1.0  # what the colleague does is not seen here before the choice
    desk.change(ticket["id"], status="resolved")
    status_of(page, ticket["id"]).select_option("Closed")
    alert = page.get_by_role("alert").filter(has_text="was changed by someone else")
    expect(alert).to_contain_text("Status now: Resolved.")
    expect(status_of(page, ticket["id"])).to_have_value("resolved")
    assert desk.get(ticket["id"])["status"] == "resolved"
    held.seconds_each_way = 0.0
    page.wait_for_timeout(2 * SETTLE_MS)
    status_of(page, ticket["id"]).select_option("Closed")
    expect(row(page, ticket["id"]).get_by_text("Not saved yet")).to_have_count(0)
    assert desk.get(ticket["id"])["status"] == "closed"


def test_ones_own_choices_are_nobody_elses(chrome: Chrome, desk: Desk, held: Wire) -> None:
    ticket = desk.file(title="Paper", status="open", priority="low", category="general")
    page = chrome.page(held.url)
    press(page, page.get_by_role("button", name="Paper", exact=True))
    expect(page.get_by_role("button", name="Delete")).to_be_visible()
    page.wait_for_timeout(SETTLE_MS)
    held.seconds_each_way = 0.3
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
    chrome: Chrome, desk: Desk, held: Wire, way: str, motion: str
) -> None:
    ticket = desk.file(title="Drag me", status="open")
    for number in range(14):
        desk.file(title=f"Ticket {number}", status="closed")
    page = chrome.page(f"{held.url}/board", reduced_motion=motion)
    expect(handle(page, "Drag me")).to_be_visible()
    page.wait_for_timeout(SETTLE_MS)
    held.seconds_each_way = 0.4
    drag(page, "Drag me", "In progress", way)
    desk.change(ticket["id"], status="closed")
    expect(page.get_by_role("alert")).to_contain_text("was changed by someone else")
    expect(column(page, "Closed")).to_contain_text("Drag me")
    expect(handle(page, "Drag me")).to_be_focused()
    page.wait_for_timeout(SETTLE_MS)
    assert focused(page).startswith("Drag me")
    assert page.evaluate(ON_SCREEN)


def test_a_card_whose_ticket_is_gone_leaves_the_focus_on_the_page(
    chrome: Chrome, desk: Desk
) -> None:
    gone = desk.file(title="Drag me", status="open")
    page = chrome.page("/board")
    expect(handle(page, "Drag me")).to_be_visible()
    page.wait_for_timeout(SETTLE_MS)
    carry(page, "Drag me", "In progress")
    desk.rest.delete(f"/api/tickets/{gone['id']}/").raise_for_status()
    page.mouse.up()
    expect(page.get_by_role("alert")).to_contain_text("There is no ticket")
    page.wait_for_timeout(SETTLE_MS)
    assert focused(page) != "body"
