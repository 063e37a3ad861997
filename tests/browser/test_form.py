"""The form keeps what was typed, whatever fails."""

import sqlite3

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Chrome, Desk, Size
from tests.browser.locators import category, description, form, priority, rows, title

OUTAGE = "Production is down for all users. Nothing responds since nine o'clock."
CHARGED = "My credit card was charged twice for the same invoice."


@pytest.mark.rest_in_prove("size")
def test_what_the_person_chose_is_not_overwritten(chrome: Chrome, size: Size) -> None:
    page = chrome.page("/", size)
    page.get_by_role("button", name="New ticket").click()
    category(page).select_option("Account")
    description(page).fill(OUTAGE)
    expect(priority(page)).to_have_value("critical")
    expect(category(page)).to_have_value("account")
    description(page).fill(CHARGED)
    expect(priority(page)).to_have_value("medium")
    expect(category(page)).to_have_value("account")
    category(page).select_option("Automatic")
    expect(category(page)).to_have_value("billing")


def test_an_emptied_description_takes_its_suggestion_away(chrome: Chrome) -> None:
    page = chrome.page("/")
    description(page).fill(OUTAGE)
    expect(category(page)).to_have_value("technical")
    description(page).fill("")
    expect(category(page)).to_have_value("")
    expect(page.get_by_text("Suggested by")).to_be_hidden()


def test_a_suggestion_tells_why(chrome: Chrome) -> None:
    page = chrome.page("/")
    description(page).fill(CHARGED)
    page.get_by_text("Why?").click()
    expect(form(page).get_by_role("listitem").filter(has_text="charged")).not_to_have_count(0)


def test_a_title_can_be_had_right_after_the_last_key(chrome: Chrome) -> None:
    page = chrome.page("/")
    description(page).fill(CHARGED)
    page.get_by_role("button", name="Suggest a title").click()
    page.get_by_role("button", name="Use it").click()
    expect(title(page)).to_have_value("My credit card was charged twice for the same invoice")
    expect(form(page).get_by_text("Write what is wrong.")).to_be_hidden()


def test_errors_stand_at_their_fields_and_the_text_stays(
    chrome: Chrome, desk: Desk, size: Size
) -> None:
    page = chrome.page("/", size)
    page.get_by_role("button", name="New ticket").click()
    description(page).fill(OUTAGE)
    mail = form(page).get_by_label("E-mail")
    mail.fill("nobody")
    priority(page).select_option("Low")
    page.get_by_role("button", name="File ticket").click()
    expect(title(page)).to_have_accessible_description("Write a title.")
    expect(title(page)).to_have_attribute("aria-invalid", "true")
    expect(title(page)).to_be_focused()
    expect(mail).to_have_accessible_description("Write an e-mail address such as ana@example.com.")
    expect(description(page)).to_have_attribute("aria-invalid", "false")
    expect(description(page)).to_have_value(OUTAGE)
    expect(mail).to_have_value("nobody")
    expect(priority(page)).to_have_value("low")
    assert desk.tickets() == []

    title(page).fill("No work")
    mail.fill("ana@example.com")
    page.get_by_role("button", name="File ticket").click()
    expect(rows(page)).to_have_count(1)
    (ticket,) = desk.tickets()
    assert (ticket["requester_email"], ticket["priority"]) == ("ana@example.com", "low")


def test_a_text_that_is_too_long_is_kept_and_says_by_how_much(chrome: Chrome, desk: Desk) -> None:
    page = chrome.page("/")
    title(page).fill("Long")
    description(page).fill("x" * 20_007)
    page.get_by_role("button", name="File ticket").click()
    expect(description(page)).to_have_accessible_description(
        "Shorten this by 7 characters; the limit is 20,000."
    )
    expect(description(page)).to_have_value("x" * 20_007)
    assert desk.tickets() == []


def test_lines_stay_lines(chrome: Chrome, desk: Desk) -> None:
    page = chrome.page("/")
    title(page).fill("Two lines")
    description(page).press_sequentially("The first.")
    description(page).press("Enter")
    description(page).press_sequentially("The second.")
    page.get_by_role("button", name="File ticket").click()
    expect(rows(page)).to_have_count(1)
    assert desk.tickets()[0]["description"] == "The first.\nThe second."


def test_a_ticket_filed_by_the_enter_key(chrome: Chrome, desk: Desk) -> None:
    page = chrome.page("/")
    description(page).fill(CHARGED)
    title(page).fill("Card")
    expect(page.get_by_role("button", name="File ticket")).to_be_enabled()  # Enter waits for nobody
    title(page).press("Enter")
    expect(rows(page)).to_have_count(1)
    assert desk.tickets()[0]["category"] == "billing"


def test_a_database_that_is_away_keeps_the_text(chrome: Chrome, database_url: str) -> None:
    page = chrome.page("/")
    title(page).fill("No work")
    description(page).fill(OUTAGE)
    expect(category(page)).to_have_value("technical")
    blocker = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")  # locks out other writers until it ends
    page.get_by_role("button", name="File ticket").click()
    problem = form(page).get_by_role("alert")
    expect(problem).to_contain_text("Your text is kept.")
    expect(title(page)).to_have_value("No work")
    expect(description(page)).to_have_value(OUTAGE)
    blocker.execute("ROLLBACK")
    blocker.close()
    page.get_by_role("button", name="File ticket").click()
    expect(rows(page)).to_have_count(1)
    expect(problem).to_be_hidden()


def test_a_sheet_that_was_put_away_keeps_the_text(chrome: Chrome) -> None:
    page = chrome.page("/", PHONE)
    page.get_by_role("button", name="New ticket").click()
    description(page).fill(OUTAGE)
    page.get_by_role("button", name="Close the form").click()
    expect(form(page)).to_be_hidden()
    page.get_by_role("button", name="New ticket").click()
    expect(description(page)).to_have_value(OUTAGE)


def test_new_ticket_on_another_page_leads_to_the_form(chrome: Chrome, size: Size) -> None:
    page = chrome.page("/board", size)
    page.get_by_role("button", name="New ticket").click()
    expect(title(page)).to_be_visible()
    expect(title(page)).to_be_focused()


def test_the_fields_end_where_the_button_ends(chrome: Chrome) -> None:
    page = chrome.page("/")
    button = page.get_by_role("button", name="File ticket")
    expect(button).to_be_enabled()
    for height in (900, 500):  # in the lower window the fields have a scrollbar
        page.set_viewport_size({"width": 1440, "height": height})
        ends = [title(page).bounding_box(), button.bounding_box()]
        assert len({each["x"] + each["width"] for each in ends if each}) == 1, height
