"""Actions are carried out exactly once, over a slow or lost connection and a server's restart."""

import os
import signal
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import DESKTOP, Chrome, Desk
from tests.browser.interaction import top_of
from tests.browser.locators import row, rows, status_of
from tests.browser.proxy import proxy_to
from tests.browser.test_frame import LOST
from tests.serving import running_desk

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


@pytest.mark.rest_in_prove("killed")
@pytest.mark.parametrize("killed", [True, False])
def test_a_server_that_begins_anew_costs_neither_place_nor_choice(
    chromium: Browser, tmp_path: Path, killed: bool
) -> None:
    with running_desk(tmp_path) as desk:
        port = str(urlsplit(desk.url).port)
        page = chromium.new_context(base_url=desk.url, **DESKTOP).new_page()
        for number in range(45):
            page.request.post(
                "/api/tickets/", data={"title": f"Ticket {number}", "description": "Text. " * 40}
            )
        page.goto("/")
        expect(rows(page)).to_have_count(30)
        page.mouse.wheel(0, 4_000)
        expect(rows(page)).to_have_count(45)
        page.get_by_role("button", name="Ticket 6", exact=True).click()
        expect(page.get_by_role("heading", name="History")).to_be_visible()
        before = top_of(row(page, 7))
        if killed:
            os.killpg(desk.process.pid, signal.SIGKILL)
        else:
            desk.stop()
        expect(page.get_by_text(LOST)).to_be_visible()
        status_of(page, 7).select_option("In progress")
        expect(row(page, 7).get_by_text(UNSAVED)).to_be_visible()
    with running_desk(tmp_path, PORT=port):
        expect(page.get_by_text(LOST)).to_be_hidden(timeout=30_000)
        expect(page.get_by_text(UNSAVED)).to_have_count(0)
        expect(status_of(page, 7)).to_have_value("in_progress")
        expect(rows(page)).to_have_count(45)
        expect(page.get_by_role("heading", name="History")).to_be_visible()
        assert abs(top_of(row(page, 7)) - before) < 40
        assert page.request.get("/api/tickets/7/").json()["version"] == 2
    page.context.close()
