"""axe-core finds nothing on a page of an open desk, in any state that a reader meets.

The pages of accounts and of requesters are judged beside their other tests.
"""

import pytest
from playwright.sync_api import expect

from tests.browser.axe import faults
from tests.browser.conftest import Chrome, Desk, Size
from tests.browser.interaction import press
from tests.browser.locators import category, description
from tests.browser.test_frame import full_desk, ready
from tests.browser.test_ticket import entry, say


@pytest.mark.rest_in_prove("size")
def test_the_list_and_its_form(chrome: Chrome, desk: Desk, size: Size) -> None:
    page = chrome.page("/", size)
    expect(page.get_by_text("No tickets yet")).to_be_visible()
    assert faults(page) == []
    full_desk(desk)
    ready(page, "/")
    assert faults(page) == []
    opener = page.get_by_role("button", name="New ticket")
    if opener.is_visible():
        press(page, opener)
    description(page).fill("My card was charged twice.")
    expect(category(page)).to_have_value("billing")
    press(page, page.get_by_role("button", name="File ticket"))
    expect(page.get_by_text("Write a title")).to_be_visible()
    assert faults(page) == []


@pytest.mark.rest_in_prove("size")
def test_the_board_and_the_figures(chrome: Chrome, desk: Desk, size: Size) -> None:
    full_desk(desk)
    page = chrome.page("/board", size)
    ready(page, "/board")
    assert faults(page) == []
    page.goto("/insights")
    ready(page, "/insights")
    assert faults(page) == []


@pytest.mark.rest_in_prove("size")
def test_a_ticket(chrome: Chrome, desk: Desk, size: Size) -> None:
    description = "My card was charged twice, please refund it. " * 4
    ticket = desk.file(title="Billed twice", description=description)["id"]
    for number in range(3):
        say(desk, ticket, f"> you wrote\n\n- one\n- *two* `{number}`", **{"from": "requester"})
    page = chrome.page(f"/t/{ticket}", size)
    expect(entry(page, "one").last).to_be_visible()
    assert faults(page) == []
    properties = page.get_by_role("button", name="Properties")
    if properties.is_visible():
        press(page, properties)
        expect(page.get_by_label(f"Assignee of ticket {ticket}")).to_be_visible()
        assert faults(page) == []
        page.keyboard.press("Escape")
    press(page, page.get_by_role("button", name="Preview"))
    expect(page.get_by_text("Write a message first.")).to_be_visible()
    assert faults(page) == []
    press(page, page.get_by_text("Note, team only").first)
    page.get_by_label("Note, for the team only").fill("Ask *Cay*.")
    press(page, page.get_by_role("button", name="Preview"))
    expect(page.locator(".preview")).to_be_visible()
    assert faults(page) == []
    press(page, page.get_by_role("button", name="Add note"))
    expect(entry(page, "Ask Cay.").get_by_role("button", name="Undo")).to_be_visible()
    assert faults(page) == []
    expect(entry(page, "Ask Cay.").get_by_role("button", name="Undo")).to_be_hidden()
    desk.rest.delete(f"/api/tickets/{ticket}/").raise_for_status()
    expect(page.get_by_text("This ticket was deleted.")).to_be_visible()
    assert faults(page) == []
    page.goto("/t/999999")
    expect(page.get_by_text("There is no ticket at this address.")).to_be_visible()
    assert faults(page) == []
