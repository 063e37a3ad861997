"""The queue: filters in the URL, more rows by scrolling, and other people's changes."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Chrome, Desk, Size
from tests.browser.locators import figure, row, rows, status_of
from tests.services.desk import opened

SEARCH = "Search tickets"


def choose(page: Page, facet: str, value: str) -> None:
    """Add a value to a filter."""
    filters = page.get_by_role("group", name="Filters")
    filters.get_by_role("button", name=facet).click()
    choices = page.get_by_role("group", name=facet, exact=True)
    choices.get_by_label(value, exact=True).click()
    expect(choices.get_by_label(value, exact=True)).to_be_checked()
    page.keyboard.press("Escape")
    expect(choices).to_be_hidden()


@pytest.mark.rest_in_prove("size")
def test_filters_and_search_combine_and_live_in_the_address(
    chrome: Chrome, desk: Desk, size: Size
) -> None:
    wanted = desk.file(title="Printer in the hall", priority="high", category="technical")
    desk.file(title="Printer in the cellar", priority="low", category="technical")
    desk.file(title="Coffee in the hall", priority="high", category="general")
    desk.file(title="Printer of ours", priority="critical", category="billing")
    page = chrome.page("/", size)
    expect(rows(page)).to_have_count(4)
    choose(page, "Priority", "High")
    expect(rows(page)).to_have_count(2)
    page.get_by_label(SEARCH).fill("pRinter")
    expect(rows(page)).to_have_count(1)
    expect(row(page, wanted["id"])).to_be_visible()
    expect(page).to_have_url(re.compile(r"/\?priority=high&search=pRinter$"))

    page.reload()
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_label(SEARCH)).to_have_value("pRinter")
    expect(page.get_by_role("button", name="Priority: High")).to_be_visible()

    choose(page, "Priority", "Critical")
    expect(rows(page)).to_have_count(2)
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(rows(page)).to_have_count(4)
    expect(page.get_by_label(SEARCH)).to_have_value("")
    expect(page).to_have_url(re.compile(r"/$"))


def test_back_leads_to_the_page_before_and_forward_to_the_same_filters(
    chrome: Chrome, desk: Desk
) -> None:
    desk.file(title="High", priority="high")
    desk.file(title="Low", priority="low")
    page = chrome.page("/board")
    page.get_by_role("link", name="Desk", exact=True).click()
    expect(rows(page)).to_have_count(2)
    choose(page, "Priority", "High")
    expect(rows(page)).to_have_count(1)
    page.get_by_role("link", name="Insights").click()
    expect(page).to_have_url(re.compile("/insights"))
    page.go_back()
    expect(page).to_have_url(re.compile(r"/\?priority=high$"))
    expect(rows(page)).to_have_count(1)
    page.go_back()
    expect(rows(page)).to_have_count(2)
    page.go_back()
    expect(page).to_have_url(re.compile("/board"))
    page.go_forward()
    page.go_forward()
    expect(rows(page)).to_have_count(1)


def test_a_search_from_another_page_leads_to_the_desk_and_back(chrome: Chrome, desk: Desk) -> None:
    wanted = desk.file(title="Printer")
    desk.file(title="Coffee")
    page = chrome.page("/board")
    expect(page.get_by_text("Printer")).to_be_visible()
    page.get_by_label(SEARCH).fill("printer")
    page.get_by_label(SEARCH).press("Enter")
    expect(page).to_have_url(re.compile(r"/\?search=printer$"))
    expect(rows(page)).to_have_count(1)
    expect(row(page, wanted["id"])).to_be_visible()
    expect(page.get_by_label(SEARCH)).to_have_value("printer")
    page.go_back()
    expect(page).to_have_url(re.compile("/board"))


def test_who_thinks_between_two_words_loses_no_key(chrome: Chrome, desk: Desk) -> None:
    desk.file(title="The VPN down again")
    desk.file(title="The VPN is up")
    page = chrome.page("/")
    search = page.get_by_label(SEARCH)
    expect(rows(page)).to_have_count(2)
    search.press_sequentially("vpn ")
    expect(page).to_have_url(re.compile(r"\?search=vpn"))
    expect(rows(page)).to_have_count(2)
    search.press_sequentially("down")
    expect(search).to_have_value("vpn down")
    expect(rows(page)).to_have_count(1)


@pytest.mark.rest_in_prove("size")
def test_more_rows_come_as_one_scrolls(chrome: Chrome, desk: Desk, size: Size) -> None:
    filed = [opened(title=f"Ticket {number}").id for number in range(75)]
    page = chrome.page("/", size)
    expect(rows(page)).to_have_count(30)
    assert desk.stats()["total_tickets"] == 75
    for _ in range(2):
        rows(page).last.scroll_into_view_if_needed()
        page.mouse.wheel(0, 600)
        expect(rows(page).nth(30)).to_be_attached()
    rows(page).last.scroll_into_view_if_needed()
    expect(rows(page)).to_have_count(75)
    shown = [int(one.get_attribute("data-ticket") or 0) for one in rows(page).all()]
    assert shown == filed[::-1]
    expect(page.get_by_role("button", name="Load more")).to_be_hidden()


def test_a_change_by_another_tab_or_over_rest_needs_no_reload(
    chrome: Chrome, desk: Desk, size: Size
) -> None:
    ticket = desk.file(title="Watched", status="open")
    watcher, other = chrome.page("/", size), chrome.page("/")
    watcher.evaluate("document.body.dataset.kept = 'yes'")
    expect(status_of(watcher, ticket["id"])).to_have_value("open")
    status_of(other, ticket["id"]).select_option("In progress")
    expect(status_of(watcher, ticket["id"])).to_have_value("in_progress")
    expect(figure(watcher, "Open")).to_have_text("0")
    desk.change(ticket["id"], title="Changed over REST")
    expect(row(watcher, ticket["id"])).to_contain_text("Changed over REST")
    newcomer = desk.file(title="Filed over REST")
    if size is PHONE:  # a finger may be on its way to a row
        watcher.get_by_role("button", name="1 new").tap()
    expect(rows(watcher).first).to_have_attribute("data-ticket", str(newcomer["id"]))
    expect(figure(watcher, "All tickets")).to_have_text("2")
    desk.rest.delete(f"/api/tickets/{newcomer['id']}/").raise_for_status()
    expect(rows(watcher)).to_have_count(1)
    assert watcher.evaluate("document.body.dataset.kept") == "yes"


def test_nothing_that_matches_is_said_with_a_way_out(chrome: Chrome, desk: Desk) -> None:
    desk.file()
    page = chrome.page("/?search=nothing+like+this")
    expect(page.get_by_text("No ticket matches")).to_be_visible()
    page.get_by_role("button", name="Clear the filters").click()
    expect(rows(page)).to_have_count(1)


def test_an_address_with_an_unknown_filter_says_so(chrome: Chrome, desk: Desk) -> None:
    desk.file()
    page = chrome.page("/?status=finished")
    expect(page.get_by_role("alert")).to_contain_text("Use one of 'open'")
    expect(rows(page)).to_have_count(0)
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(rows(page)).to_have_count(1)


@pytest.mark.rest_in_prove("size")
def test_a_ticket_unfolds_and_is_deleted_with_a_way_back(
    chrome: Chrome, desk: Desk, size: Size
) -> None:
    text = "The whole text.\n" + "word " * 60 + "The end of it."
    ticket = desk.file(title="Unfold me", description=text, requester_name="Ana")
    desk.change(ticket["id"], status="in_progress")
    page = chrome.page("/", size)
    page.get_by_role("button", name="Unfold me").click()
    this = row(page, ticket["id"])
    expect(this).to_contain_text("The end of it.")
    expect(this).to_contain_text("Status: Open → In progress over REST")
    this.get_by_label(f"Priority of ticket {ticket['id']}").select_option("Critical")
    expect(this).to_contain_text("→ Critical in the browser")
    assert desk.tickets()[0]["priority"] == "critical"
    this.get_by_role("button", name="Delete").click()
    expect(rows(page)).to_have_count(0)
    assert desk.tickets() == []
    page.get_by_role("button", name="Undo").click()
    expect(rows(page)).to_have_count(1)
    assert [one["id"] for one in desk.tickets()] == [ticket["id"]]


@pytest.mark.rest_in_prove("size")
def test_who_triaged_a_ticket_and_who_decided_is_shown(
    chrome: Chrome, desk: Desk, size: Size
) -> None:
    ticket = desk.file(title="Down", description="Production is down for all users.")
    page = chrome.page("/", size)
    there = row(page, ticket["id"])
    expect(there.get_by_title("Triaged by Offline rules")).to_be_visible()
    there.get_by_role("button", name="Down").click()
    expect(there.get_by_text("Suggested by Offline rules")).to_have_count(2)
    expect(there.get_by_text("“Production”").or_(there.get_by_text("down")).first).to_be_visible()
    there.get_by_label(f"Priority of ticket {ticket['id']}").select_option("low")
    expect(there.get_by_text("Set by a person")).to_have_count(1)
