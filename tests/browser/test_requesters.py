"""A typed name leads to the tickets of a requester, by keyboard as well."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Chrome, Desk, Size
from tests.browser.interaction import focused_text, press
from tests.browser.locators import row, rows

SEARCH = "Search tickets"


def tab_to(page: Page, words: str) -> None:
    """Press Tab until an element with these words has the focus."""
    for _ in range(20):
        page.keyboard.press("Tab")
        if words in focused_text(page):
            return
    raise AssertionError(f"Tab does not lead to {words}")


@pytest.mark.rest_in_prove("size")
def test_a_typed_name_leads_to_the_tickets_of_a_requester(
    chrome: Chrome, desk: Desk, size: Size
) -> None:
    mine = {"requester_name": "Ana Lima", "requester_email": "ana@example.com"}
    own = [desk.file(title="Printer", **mine), desk.file(title="Coffee", **mine)]
    desk.file(title="About ana lima", requester_email="bob@example.com")
    page = chrome.page("/", size)
    expect(rows(page)).to_have_count(3)
    page.get_by_label(SEARCH).fill("ana l")
    named = page.get_by_role("group", name="Requesters with this name").get_by_role("button")
    expect(named).to_have_count(1)
    expect(named).to_have_text(re.compile("Tickets of.*Ana Lima.*ana@example.com"))
    page.get_by_label(SEARCH).focus()
    tab_to(page, "Ana Lima")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/\?requester=\d+$"))
    expect(rows(page)).to_have_count(2)
    expect(page.get_by_label(SEARCH)).to_have_value("")
    chip = page.get_by_role("button", name="Tickets of Ana Lima")
    press(page, chip)
    expect(rows(page)).to_have_count(3)
    expect(chip).to_be_hidden()
    page.go_back()
    expect(chip).to_be_visible()
    expect(rows(page)).to_have_count(2)
    row(page, own[0]["id"]).get_by_role("button", name="Printer").click()
    page.get_by_role("link", name="All tickets of this requester").click()
    expect(page).to_have_url(re.compile(r"requester=ana%40example\.com$"))
    expect(rows(page)).to_have_count(2)
