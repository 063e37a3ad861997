"""The keyboard reaches every control, and Back undoes one step."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Chrome, Desk
from tests.browser.interaction import COVERED_FOCUS, focused_text
from tests.browser.locators import description, form, row, rows, title
from tests.browser.test_queue import SEARCH, choose


def tabs_to(page: Page, name: str, at_most: int) -> int:
    """Returns how many presses of Tab it takes until the element with this name has the focus."""
    for count in range(1, at_most + 1):
        page.keyboard.press("Tab")
        if focused_text(page) == name:
            return count
    raise AssertionError(f"{name} is more than {at_most} Tabs away")


def test_undo_after_delete_is_at_hand_and_the_focus_is_never_lost(
    chrome: Chrome, desk: Desk
) -> None:
    tickets = [desk.file(title=f"Ticket {number}") for number in range(12)]
    wanted = tickets[5]
    page = chrome.page("/")
    expect(rows(page)).to_have_count(12)
    page.get_by_role("button", name="Ticket 5", exact=True).focus()
    page.keyboard.press("Enter")
    row(page, wanted["id"]).get_by_role("button", name="Delete").focus()
    page.keyboard.press("Enter")
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_focused()
    page.keyboard.press("Shift+Tab")
    assert focused_text(page) != "body"
    assert tabs_to(page, "Undo", 1) == 1
    assert tabs_to(page, "Dismiss", 1) == 1
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(undo).to_be_hidden()
    expect(rows(page)).to_have_count(12)
    assert focused_text(page) != "body"


def test_whoever_types_meanwhile_keeps_the_focus(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file(title="Unwanted")
    page = chrome.page("/")
    page.get_by_role("button", name="Unwanted").click()
    row(page, ticket["id"]).get_by_role("button", name="Delete").click()
    title(page).focus()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    expect(title(page)).to_be_focused()


def test_the_focus_stays_where_a_control_has_gone(chrome: Chrome, desk: Desk) -> None:
    desk.file(title="Paper", status="open")
    desk.file(title="Other", status="closed")
    page = chrome.page("/?status=open")
    expect(rows(page)).to_have_count(1)
    page.get_by_role("button", name="Clear", exact=True).press("Enter")
    expect(rows(page)).to_have_count(2)
    expect(page.get_by_role("button", name="Clear", exact=True)).to_be_hidden()
    assert focused_text(page) == "Status"

    description(page).fill("My card was charged twice.")
    page.get_by_role("button", name="Suggest a title").click()
    page.get_by_role("button", name="Use it").press("Enter")
    expect(page.get_by_role("button", name="Use it")).to_be_hidden()
    expect(title(page)).to_be_focused()

    page.goto("/?search=nothing+at+all")
    page.get_by_role("button", name="Clear the filters").press("Enter")
    expect(rows(page)).to_have_count(2)
    assert focused_text(page) == "Status"


def test_the_focus_is_never_below_the_bars(chrome: Chrome, desk: Desk) -> None:
    for number in range(24):
        desk.file(title=f"Ticket {number}")
    for size in (DESKTOP, PHONE):
        page = chrome.page("/", size)
        expect(rows(page)).to_have_count(24)
        hidden = []
        page.locator("#content").focus()
        for key, count in (("Tab", 80), ("Shift+Tab", 60)):
            for _ in range(count):
                page.keyboard.press(key)
                hidden += [found for found in [page.evaluate(COVERED_FOCUS)] if found]
        assert hidden == []


def test_the_phones_form_is_a_dialog(chrome: Chrome, desk: Desk) -> None:
    desk.file()
    page = chrome.page("/", PHONE)
    expect(rows(page)).to_have_count(1)
    opener = page.get_by_role("button", name="New ticket")
    opener.focus()
    page.keyboard.press("Enter")
    sheet = page.get_by_role("dialog", name="New ticket")
    expect(sheet).to_be_visible()
    assert sheet.get_attribute("aria-modal") == "true"
    expect(title(page)).to_be_focused()
    inside = "document.querySelector('[aria-modal=true]').contains(document.activeElement)"
    for key in ("Tab", "Shift+Tab"):
        for _ in range(14):
            page.keyboard.press(key)
            assert page.evaluate(f"{inside} || document.activeElement === document.body")
    title(page).fill("Kept")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    expect(title(page)).to_have_value("Kept")
    page.set_viewport_size({"width": 1200, "height": 800})  # a tablet is rotated
    page.get_by_role("button", name="Close the form").press("Enter")
    expect(sheet).to_be_hidden()
    expect(opener).to_be_focused()


def test_beside_the_queue_the_form_is_no_dialog(chrome: Chrome) -> None:
    page = chrome.page("/")
    page.get_by_role("button", name="New ticket").click()
    expect(title(page)).to_be_focused()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("region", name="New ticket")).to_be_visible()
    page.keyboard.press("Escape")
    expect(form(page)).to_be_visible()


def test_the_search_box_leads_to_a_number_and_to_a_requester(chrome: Chrome, desk: Desk) -> None:
    wanted = desk.file(title="Long ago", status="closed", requester_email="ana@example.com")
    for number in range(32):
        desk.file(title=f"Ticket of {number}")
    page = chrome.page("/?status=open")
    search = page.get_by_label(SEARCH)
    for written in (f"#{wanted['id']}", str(wanted["id"])):
        search.fill(written)
        expect(rows(page).first).to_have_attribute("data-ticket", str(wanted["id"]))
        expect(rows(page).first).to_contain_text("Found by its number")
    search.fill("Ana@example.com")
    expect(page.get_by_text("0 tickets of Ana@example.com").first).to_be_visible()
    page.get_by_role("button", name="Clear", exact=True).click()
    search.fill("Ana@example.com")
    expect(rows(page)).to_have_count(1)
    expect(row(page, wanted["id"])).to_be_visible()


def test_a_filter_is_a_step_of_the_history_and_typing_is_one(chrome: Chrome, desk: Desk) -> None:
    desk.file(title="Printer", priority="high")
    desk.file(title="Paper", priority="low")
    page = chrome.page("/board")
    page.get_by_role("link", name="Desk", exact=True).click()
    expect(rows(page)).to_have_count(2)
    choose(page, "Priority", "High")
    expect(page).to_have_url(re.compile(r"/\?priority=high$"))
    search = page.get_by_label(SEARCH)
    for part in ("prin", "ter"):
        search.press_sequentially(part)
        expect(page).to_have_url(re.compile(f"{part}$"))
    expect(rows(page)).to_have_count(1)
    page.go_back()
    expect(page).to_have_url(re.compile(r"/\?priority=high$"))
    expect(search).to_have_value("")
    page.go_back()
    expect(page).to_have_url(re.compile("/$"))
    expect(rows(page)).to_have_count(2)
    page.go_forward()
    page.go_forward()
    expect(search).to_have_value("printer")
    expect(page).to_have_url(re.compile("priority=high&search=printer$"))
