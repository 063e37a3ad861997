"""A server that begins anew costs no page anything: place, choices, text, nor what was pressed."""

import os
import signal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESKTOP, SECONDS
from tests.browser.interaction import press, top_of
from tests.browser.locators import (
    category,
    description,
    form,
    priority,
    row,
    rows,
    status_of,
    title,
)
from tests.browser.test_frame import LOST
from tests.serving import RunningDesk, running_desk

UNSAVED = "Not saved yet"
CHARGED = "My credit card was charged twice for the same invoice."
SETTLE_MS = 700
PAPER, PEN, READ = 1, 2, 9
"""The numbers of a ticket that is deleted, of one that is unfolded then, and of one that is read
in the middle of a long list."""


@pytest.mark.rest_in_prove("killed")
@pytest.mark.parametrize("killed", [True, False])
def test_a_server_that_begins_anew_costs_no_page_anything(
    chromium: Browser, tmp_path: Path, killed: bool
) -> None:
    with running_desk(tmp_path) as desk:
        port = str(urlsplit(desk.url).port)
        reading, writing, acting = (opened(chromium, desk) for _ in range(3))
        for number, name in enumerate(("Paper", "Pen", *(f"Ticket {n}" for n in range(45)))):
            values = {"title": name, "description": "Text. " * 40}
            rest(acting, "post", "/api/tickets/", values | urgency(number))
        place = read_in_the_middle(reading)
        write_half_a_ticket(writing)
        acting.goto("/?priority=critical")
        press(acting, acting.get_by_role("button", name="Paper", exact=True))
        delete = acting.get_by_role("button", name="Delete")
        expect(delete).to_be_visible()
        acting.wait_for_timeout(SETTLE_MS)
        os.killpg(desk.process.pid, signal.SIGSTOP)  # a stopped process still accepts bytes
        press(acting, delete)
        press(acting, acting.get_by_role("button", name="Pen", exact=True))
        acting.wait_for_timeout(SETTLE_MS)
        end(desk, killed=killed)
        for page in (reading, writing, acting):
            expect(page.get_by_text(LOST)).to_be_visible()
        expect(rows(reading)).to_have_count(47)
        status_of(reading, READ).select_option("In progress")
        expect(row(reading, READ).get_by_text(UNSAVED)).to_be_visible()
    with running_desk(tmp_path, PORT=port):
        for page in (reading, writing, acting):
            expect(page.get_by_text(LOST)).to_be_hidden(timeout=30_000)
        expect_place_and_choice(reading, place)
        expect_the_delete_once(acting)
        expect_the_text_and_file_it(writing)
    for page in (reading, writing, acting):
        page.context.close()


def opened(chromium: Browser, desk: RunningDesk) -> Page:
    """Returns a window of its own on this desk, with nothing loaded."""
    context = chromium.new_context(base_url=desk.url, **DESKTOP)
    context.set_default_timeout(SECONDS * 1000)
    return context.new_page()


def rest(page: Page, method: str, path: str, values: dict[str, Any] | None = None) -> Any:
    """Returns the answer of the desk to a request beside the page."""
    return page.request.fetch(path, method=method, data=values)


def urgency(number: int) -> dict[str, str]:
    return {"priority": "critical" if number < PEN else "low"}


def end(desk: RunningDesk, *, killed: bool) -> None:
    """Kill the stopped desk, or end it once it goes on."""
    if killed:
        os.killpg(desk.process.pid, signal.SIGKILL)
    else:
        os.killpg(desk.process.pid, signal.SIGTERM)
        os.killpg(desk.process.pid, signal.SIGCONT)
    desk.process.wait()


def read_in_the_middle(page: Page) -> float:
    """Unfold a ticket far down the list; returns its distance from the top of the window."""
    page.goto("/")
    expect(rows(page)).to_have_count(30)
    page.mouse.wheel(0, 4_000)
    expect(rows(page)).to_have_count(47)
    page.get_by_role("button", name=f"Ticket {READ - 3}", exact=True).click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    return top_of(row(page, READ))


def write_half_a_ticket(page: Page) -> None:
    page.goto("/")
    title(page).fill("Card")
    description(page).fill(CHARGED)
    expect(category(page)).to_have_value("billing")
    priority(page).select_option("Critical")
    expect(form(page).get_by_text("Suggested", exact=True)).to_have_count(1)


def expect_place_and_choice(page: Page, place: float) -> None:
    expect(page.get_by_text(UNSAVED)).to_have_count(0)
    expect(status_of(page, READ)).to_have_value("in_progress")
    expect(rows(page)).to_have_count(46)
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    assert abs(top_of(row(page, READ)) - place) < 40
    assert rest(page, "get", f"/api/tickets/{READ}/").json()["version"] == 2


def expect_the_delete_once(page: Page) -> None:
    expect(row(page, PEN).get_by_role("heading", name="History")).to_be_visible()
    expect(rows(page)).to_have_count(1)
    page.wait_for_timeout(SETTLE_MS)
    assert rest(page, "get", f"/api/tickets/{PAPER}/").status == 404


def expect_the_text_and_file_it(page: Page) -> None:
    expect(title(page)).to_have_value("Card")
    expect(description(page)).to_have_value(CHARGED)
    expect(priority(page)).to_have_value("critical")
    expect(form(page).get_by_text("Suggested", exact=True)).to_have_count(1)
    press(page, form(page).locator("button[type=submit]"))
    expect(page.get_by_role("status").get_by_text("is filed")).to_be_visible()
    newest, _ = rest(page, "get", "/api/tickets/?limit=2").json()
    assert (newest["title"], newest["description"]) == ("Card", CHARGED)
    assert (newest["category"], newest["priority"]) == ("billing", "critical")
    assert (newest["category_by"], newest["priority_by"]) == ("triage", "person")
