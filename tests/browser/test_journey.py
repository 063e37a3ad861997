"""A person takes a ticket through its whole life."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Chrome, Desk, Size
from tests.browser.locators import (
    category,
    description,
    figure,
    priority,
    row,
    rows,
    status_of,
    title,
)

OUTAGE = "Production is down for all users. Nothing responds since nine o'clock."


def test_a_ticket_is_filed_and_worked_on(chrome: Chrome, desk: Desk, size: Size) -> None:
    page = chrome.page("/", size)
    expect(page.get_by_text("No tickets yet.")).to_be_visible()
    page.get_by_role("button", name="New ticket").click()
    expect(title(page)).to_be_focused()

    describe_it(page)
    take_the_proposed_title(page)
    priority(page).select_option("High")
    page.get_by_role("button", name="File ticket").click()

    expect(rows(page)).to_have_count(1)
    (ticket,) = desk.tickets()
    newest = row(page, ticket["id"])
    expect(newest).to_contain_text("Just filed")
    expect(newest.get_by_role("button", name=ticket["title"])).to_be_visible()
    expect(newest).to_contain_text("High")
    expect(newest).to_contain_text("Technical")
    assert (ticket["category"], ticket["priority"]) == ("technical", "high")
    assert ticket["description"] == OUTAGE
    page.get_by_role("button", name="New ticket").click()
    expect(title(page)).to_have_value("")
    expect(description(page)).to_have_value("")
    expect(category(page)).to_have_value("")
    if size is PHONE:
        page.get_by_role("button", name="Close the form").click()
    expect(figure(page, "Open")).to_have_text("1")

    status_of(page, ticket["id"]).select_option("Resolved")
    expect(figure(page, "Open")).to_have_text("0")
    expect(figure(page, "Resolved or closed")).to_have_text("1")
    assert desk.tickets()[0]["status"] == "resolved"
    expect(status_of(page, ticket["id"])).to_have_value("resolved")


def describe_it(page: Page) -> None:
    """Type a description, and see the desk's suggestions."""
    expect(category(page)).to_have_value("")
    description(page).press_sequentially(OUTAGE[:20])
    description(page).press_sequentially(OUTAGE[20:])
    expect(category(page)).to_have_value("technical")
    expect(priority(page)).to_have_value("critical")
    expect(page.get_by_text("Suggested by Offline rules")).to_be_visible()
    expect(page.get_by_text("Suggested", exact=True)).to_have_count(2)


def take_the_proposed_title(page: Page) -> None:
    """A suggested title is only shown until the person takes it."""
    page.get_by_role("button", name="Suggest a title").click()
    use_it = page.get_by_role("button", name="Use it")
    expect(use_it).to_be_visible()
    expect(title(page)).to_have_value("")
    use_it.click()
    expect(title(page)).to_have_value(re.compile("Production is down"))
    expect(use_it).to_be_hidden()
