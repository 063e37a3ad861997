"""Actions are carried out exactly once, over a slow or lost connection."""

from playwright.sync_api import expect

from tests.browser.conftest import Chrome, Desk
from tests.browser.locators import row, rows, status_of
from tests.browser.proxy import proxy_to
from tests.browser.test_frame import LOST

UNSAVED = "Not saved yet"


def changes_of(desk: Desk, ticket_id: int) -> int:
    """Returns how many times a ticket was changed."""
    return int(desk.rest.get(f"/api/tickets/{ticket_id}/").json()["version"]) - 1


def test_a_choice_shows_at_once_and_is_saved_once_when_the_line_is_back(
    chrome: Chrome, desk: Desk
) -> None:
    ticket = desk.file(title="Paper", status="open", priority="low")
    other = desk.file(title="Other", status="open")
    with proxy_to(desk.url) as proxy:
        page = chrome.page(proxy.url)
        expect(rows(page)).to_have_count(2)
        page.get_by_role("button", name="Paper", exact=True).click()
        here = row(page, ticket["id"])
        expect(here.get_by_role("heading", name="History")).to_be_visible()
        proxy.cut()
        expect(page.get_by_text(LOST)).to_be_visible()
        status_of(page, ticket["id"]).select_option("In progress")
        expect(status_of(page, ticket["id"])).to_have_value("in_progress")
        expect(here.get_by_text(UNSAVED)).to_be_visible()
        priority = page.get_by_label(f"Priority of ticket {ticket['id']}")
        priority.select_option("High")
        priority.select_option("Critical")
        expect(priority).to_have_value("critical")
        status_of(page, other["id"]).select_option("Closed")
        assert changes_of(desk, ticket["id"]) == 0
        proxy.restore()
        expect(page.get_by_text(LOST)).to_be_hidden(timeout=30_000)
        expect(page.get_by_text(UNSAVED)).to_have_count(0)
        expect(status_of(page, ticket["id"])).to_have_value("in_progress")
        expect(priority).to_have_value("critical")
        expect(status_of(page, other["id"])).to_have_value("closed")
        expect(here.get_by_role("heading", name="History")).to_be_visible()
        stored = desk.rest.get(f"/api/tickets/{ticket['id']}/").json()
        assert (stored["status"], stored["priority"]) == ("in_progress", "critical")
        assert stored["version"] <= 4  # a status and one or two priorities, none of them twice
        assert changes_of(desk, other["id"]) == 1
        page.context.close()
    chrome.console_errors.clear()  # the cut connection's own errors are expected


def test_a_refused_choice_goes_back_and_says_why(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file(title="Paper", status="open")
    page = chrome.page("/")
    expect(rows(page)).to_have_count(1)
    status_of(page, ticket["id"]).hover()
    desk.rest.delete(f"/api/tickets/{ticket['id']}/").raise_for_status()
    select = page.get_by_label(f"Status of ticket {ticket['id']}", exact=True)
    select.evaluate(
        "one => { one.value = 'closed'; one.dispatchEvent(new Event('change', {bubbles: true})) }"
    )
    expect(page.get_by_text(f"There is no ticket {ticket['id']}").first).to_be_visible()
    expect(select).to_have_value("open")
    expect(page.get_by_text(UNSAVED)).to_have_count(0)
