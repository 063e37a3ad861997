"""A line that is dead before anybody notices: what a person did is done, once, when it is back.

`sends nothing` loses what the page sends; `hears nothing` loses only what the desk answers, so that
it is done already when it is sent again.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from tests.browser.attention import press
from tests.browser.conftest import DESKTOP, PHONE, Chrome, Desk
from tests.browser.hands import drag
from tests.browser.parts import column, description, handle, row, rows, status_of, title
from tests.browser.test_frame import LOST
from tests.browser.wire import Wire, wire_to
from tests.services.desk import events_of
from tests.serving import running_desk

DEATHS = ["sends nothing", "hears nothing"]
LATE = "The desk has not answered yet"
SETTLE_MS = 700


@pytest.fixture(params=DEATHS)
def lossy(request: pytest.FixtureRequest, desk: Desk, chrome: Chrome) -> Iterator[Wire]:
    """A line that dies, in one of the two ways, when `dead` says so."""
    with wire_to(desk.url) as wire:
        wire.dies = request.param
        yield wire
        chrome.close()
    chrome.complaints.clear()  # the browser's own lines about the connection


@contextmanager
def dead(page: Page, wire: Wire) -> Iterator[None]:
    """The line is dead meanwhile, and then noticed to be, and mended."""
    page.wait_for_timeout(SETTLE_MS)  # until what the page has asked for is answered
    wire.is_dead = wire.dies == "sends nothing"
    wire.loses_answers = True
    yield
    page.wait_for_timeout(SETTLE_MS)  # until what was done is sent
    wire.cut()
    wire.is_dead = wire.loses_answers = False
    expect(page.get_by_text(LOST)).to_be_visible()
    wire.mend()
    expect(page.get_by_text(LOST)).to_be_hidden(timeout=30_000)


def kinds(ticket_id: int) -> list[str]:
    """What happened to a ticket, the first first."""
    return [event.kind for event in events_of(ticket_id)]


def test_delete_and_undo(chrome: Chrome, desk: Desk, lossy: Wire) -> None:
    ticket = desk.file(title="Paper")
    page = chrome.page(lossy.url)
    press(page, page.get_by_role("button", name="Paper", exact=True))
    delete = page.get_by_role("button", name="Delete")
    expect(delete).to_be_visible()
    with dead(page, lossy):
        press(page, delete)
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    assert desk.rest.get(f"/api/tickets/{ticket['id']}/").status_code == 404
    with dead(page, lossy):
        press(page, undo)
    expect(undo).to_be_hidden()
    expect(page.get_by_role("status").get_by_text("is restored")).to_have_count(1)
    assert kinds(ticket["id"]) == ["created", "deleted", "restored"]


def test_what_a_colleague_restored_meanwhile_is_not_deleted_again(
    chrome: Chrome, desk: Desk
) -> None:
    ticket = desk.file(title="Paper")
    with wire_to(desk.url) as wire:
        wire.dies = "hears nothing"
        page = chrome.page(wire.url)
        press(page, page.get_by_role("button", name="Paper", exact=True))
        delete = page.get_by_role("button", name="Delete")
        expect(delete).to_be_visible()
        with dead(page, wire):
            press(page, delete)
            page.wait_for_timeout(SETTLE_MS)
            desk.rest.post(f"/api/tickets/{ticket['id']}/restore/").raise_for_status()
        expect(rows(page)).to_have_count(1)
        page.wait_for_timeout(SETTLE_MS)
        assert kinds(ticket["id"]) == ["created", "deleted", "restored"]
        page.context.close()
    chrome.complaints.clear()  # the browser's own lines about the connection


def test_unfolding(chrome: Chrome, desk: Desk, lossy: Wire) -> None:
    ticket = desk.file(title="Paper")
    page = chrome.page(lossy.url)
    name = page.get_by_role("button", name="Paper", exact=True)
    expect(name).to_be_visible()
    with dead(page, lossy):
        press(page, name)
    expect(row(page, ticket["id"]).get_by_role("heading", name="History")).to_be_visible()
    with dead(page, lossy):
        press(page, name)
    expect(row(page, ticket["id"]).get_by_role("heading", name="History")).to_be_hidden()


def test_more_rows(chrome: Chrome, desk: Desk, lossy: Wire) -> None:
    for number in range(75):
        desk.file(title=f"Ticket {number}")
    page = chrome.page(lossy.url)
    expect(rows(page)).to_have_count(30)
    with dead(page, lossy):
        page.get_by_role("button", name="Load more").scroll_into_view_if_needed()
    expect(rows(page)).to_have_count(60)


def test_filters(chrome: Chrome, desk: Desk, lossy: Wire) -> None:
    desk.file(title="Paper", status="open", priority="high")
    desk.file(title="Pen", status="closed", priority="high")
    page = chrome.page(f"{lossy.url}/?priority=high")
    expect(rows(page)).to_have_count(2)
    with dead(page, lossy):
        press(page, page.get_by_role("button", name="Status", exact=True))
        press(page, page.get_by_role("checkbox", name="Open", exact=True))
    expect(rows(page)).to_have_count(1)
    expect(page).to_have_url(f"{lossy.url}/?status=open&priority=high")
    expect(page.get_by_role("checkbox", name="Open", exact=True)).to_be_checked()
    page.keyboard.press("Escape")
    with dead(page, lossy):
        page.get_by_label("Search tickets").fill("pen")
    expect(page.get_by_text("No ticket matches.")).to_be_visible()
    with dead(page, lossy):
        press(page, page.get_by_role("button", name="Clear", exact=True))
    expect(rows(page)).to_have_count(2)
    expect(page).to_have_url(f"{lossy.url}/")


def test_a_title_that_is_taken(chrome: Chrome, desk: Desk, lossy: Wire) -> None:
    page = chrome.page(lossy.url)
    description(page).fill("The printer on the second floor is on fire. Please come.")
    with dead(page, lossy):
        press(page, page.get_by_role("button", name="Suggest a title"))
    use = page.get_by_role("button", name="Use it")
    expect(use).to_be_visible()
    with dead(page, lossy):
        press(page, use)
    expect(title(page)).to_have_value("The printer on the second floor is on fire")
    page.wait_for_timeout(SETTLE_MS)
    expect(title(page)).to_have_value("The printer on the second floor is on fire")


def test_a_drop(chrome: Chrome, desk: Desk, lossy: Wire) -> None:
    ticket = desk.file(title="Drag me", status="open")
    page = chrome.page(f"{lossy.url}/board")
    expect(handle(page, "Drag me")).to_be_visible()
    with dead(page, lossy):
        drag(page, "Drag me", "Resolved")
        expect(column(page, "Resolved")).to_contain_text("Not saved yet")
    expect(column(page, "Resolved")).to_contain_text("Drag me")
    expect(column(page, "Resolved")).not_to_contain_text("Not saved yet")
    assert (desk.get(ticket["id"])["status"], desk.get(ticket["id"])["version"]) == ("resolved", 2)


def test_more_cards(chrome: Chrome, desk: Desk, lossy: Wire) -> None:
    for number in range(45):
        desk.file(title=f"Ticket {number}", status="open")
    page = chrome.page(f"{lossy.url}/board")
    cards = column(page, "Open").locator("[data-rfd-draggable-id]")
    expect(cards).to_have_count(20)
    with dead(page, lossy):
        press(page, column(page, "Open").get_by_role("button", name="Load more"))
    expect(cards).to_have_count(40)


def test_another_window_of_days(chrome: Chrome, lossy: Wire) -> None:
    page = chrome.page(f"{lossy.url}/insights")
    window = page.get_by_role("button", name="90 days")
    expect(page.get_by_role("button", name="30 days")).to_have_attribute("aria-pressed", "true")
    with dead(page, lossy):
        press(page, window)
    expect(window).to_have_attribute("aria-pressed", "true")


def test_a_choice_that_is_lost_is_saved_once(chrome: Chrome, desk: Desk, lossy: Wire) -> None:
    ticket = desk.file(title="Paper", status="open")
    page = chrome.page(lossy.url)
    expect(rows(page)).to_have_count(1)
    with dead(page, lossy):
        status_of(page, ticket["id"]).select_option("Closed")
        expect(row(page, ticket["id"]).get_by_text("Not saved yet")).to_be_visible()
    expect(row(page, ticket["id"]).get_by_text("Not saved yet")).to_have_count(0)
    expect(status_of(page, ticket["id"])).to_have_value("closed")
    assert (desk.get(ticket["id"])["status"], desk.get(ticket["id"])["version"]) == ("closed", 2)


def test_what_was_done_in_between_keeps_its_order(chrome: Chrome, desk: Desk) -> None:
    desk.file(title="Paper", status="open")
    with wire_to(desk.url) as wire:
        wire.dies = "sends nothing"
        page = chrome.page(wire.url)
        expect(rows(page)).to_have_count(1)
        name = page.get_by_role("button", name="Paper", exact=True)
        page.wait_for_timeout(SETTLE_MS)
        wire.is_dead = True
        press(page, page.get_by_role("button", name="Status", exact=True))
        press(page, page.get_by_role("checkbox", name="Closed", exact=True))
        press(page, page.get_by_role("checkbox", name="Open", exact=True))
        page.keyboard.press("Escape")
        wire.cut()
        wire.is_dead = False
        expect(page.get_by_text(LOST)).to_be_visible()
        press(page, name)
        wire.mend()
        expect(page.get_by_text(LOST)).to_be_hidden(timeout=30_000)
        expect(page.get_by_role("heading", name="History")).to_be_visible()
        expect(page).to_have_url(f"{wire.url}/?status=closed&status=open")
        page.context.close()
    chrome.complaints.clear()  # the browser's own lines about the connection


@pytest.mark.parametrize("size", [None, PHONE])
def test_an_answer_that_takes_long_is_told(chrome: Chrome, desk: Desk, size: object) -> None:
    desk.file(title="Paper")
    with wire_to(desk.url) as wire:
        page = chrome.page(wire.url, PHONE) if size else chrome.page(wire.url)
        expect(rows(page)).to_have_count(1)
        page.wait_for_timeout(SETTLE_MS)
        assert not page.get_by_text(LATE).is_visible()
        wire.is_dead = True
        press(page, page.get_by_role("button", name="Paper", exact=True))
        page.wait_for_timeout(SETTLE_MS)
        assert not page.get_by_text(LATE).is_visible()
        expect(page.get_by_text(LATE)).to_be_visible()
        page.context.close()
    chrome.complaints.clear()  # the browser's own lines about the connection


def test_a_line_that_dies_in_silence_is_taken_up_anew(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file(title="Paper")
    with wire_to(desk.url) as wire:
        page = chrome.page(wire.url)
        press(page, page.get_by_role("button", name="Paper", exact=True))
        expect(page.get_by_role("button", name="Delete")).to_be_visible()
        page.wait_for_timeout(SETTLE_MS)
        wire.dies_where_it_stands()
        press(page, page.get_by_role("button", name="Delete"))
        expect(page.get_by_text(LATE)).to_be_visible()
        expect(page.get_by_role("button", name="Undo")).to_be_visible(timeout=40_000)
        expect(page.get_by_text(LATE)).to_be_hidden()
        assert kinds(ticket["id"]) == ["created", "deleted"]
        page.context.close()
    chrome.complaints.clear()  # the browser's own lines about the connection


@pytest.mark.parametrize("killed", [False, True])
def test_what_a_server_took_with_it_is_done_by_the_next(
    chromium: Browser, tmp_path: Path, killed: bool
) -> None:
    with running_desk(tmp_path) as desk:
        port = str(urlsplit(desk.url).port)
        page = chromium.new_context(base_url=desk.url, **DESKTOP).new_page()
        for name in ("Paper", "Pen"):
            page.request.post("/api/tickets/", data={"title": name, "description": "A text."})
        page.goto("/")
        press(page, page.get_by_role("button", name="Paper", exact=True))
        delete = page.get_by_role("button", name="Delete")
        expect(delete).to_be_visible()
        page.wait_for_timeout(SETTLE_MS)
        os.killpg(desk.process.pid, signal.SIGSTOP)  # it takes what is sent, and does no more
        press(page, delete)
        press(page, page.get_by_role("button", name="Pen", exact=True))
        page.wait_for_timeout(SETTLE_MS)
        if killed:
            os.killpg(desk.process.pid, signal.SIGKILL)
        else:
            os.killpg(desk.process.pid, signal.SIGTERM)
            os.killpg(desk.process.pid, signal.SIGCONT)
        desk.process.wait()
        expect(page.get_by_text(LOST)).to_be_visible()
    with running_desk(tmp_path, PORT=port):
        expect(page.get_by_text(LOST)).to_be_hidden(timeout=30_000)
        expect(row(page, 2).get_by_role("heading", name="History")).to_be_visible()
        expect(rows(page)).to_have_count(1)
        page.wait_for_timeout(SETTLE_MS)
        assert page.request.get("/api/tickets/1/").status == 404
    page.context.close()


@pytest.mark.parametrize("known", [False, True])
def test_the_browser_asks_before_it_leaves_with_what_is_not_done(
    chrome: Chrome, desk: Desk, known: bool
) -> None:
    desk.file(title="Paper")
    with wire_to(desk.url) as wire:
        page = chrome.page(wire.url)
        name = page.get_by_role("button", name="Paper", exact=True)
        expect(name).to_be_visible()
        page.wait_for_timeout(SETTLE_MS)
        asked: list[str] = []

        def stay(dialog: Dialog) -> None:
            asked.append(dialog.type)
            dialog.dismiss()

        page.on("dialog", stay)
        press(page, name)
        expect(page.get_by_role("heading", name="History")).to_be_visible()
        page.reload()
        expect(page.get_by_role("heading", name="History")).to_be_visible()
        assert asked == []
        page.wait_for_timeout(SETTLE_MS)
        if known:
            wire.cut()
            expect(page.get_by_text(LOST)).to_be_visible()
            press(page, name)
        else:
            wire.is_dead = True
            press(page, name)
            expect(page.get_by_text(LATE)).to_be_visible()
        page.close(run_before_unload=True)
        page.wait_for_timeout(SETTLE_MS)
        assert asked == ["beforeunload"]
        page.context.close()
    chrome.complaints.clear()  # the browser's own lines about the connection


def test_filing(chrome: Chrome, desk: Desk, lossy: Wire) -> None:
    page = chrome.page(lossy.url)
    title(page).fill("Paper")
    description(page).fill("The printer on the second floor has none.")
    with dead(page, lossy):
        press(page, page.get_by_role("button", name="File ticket"))
    expect(page.get_by_role("status").get_by_text("is filed")).to_be_visible()
    expect(title(page)).to_have_value("")
    assert [ticket["title"] for ticket in desk.tickets()] == ["Paper"]


def test_offline_and_back(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file(title="Paper")
    page = chrome.page("/")
    press(page, page.get_by_role("button", name="Paper", exact=True))
    delete = page.get_by_role("button", name="Delete")
    expect(delete).to_be_visible()
    page.context.set_offline(True)
    press(page, delete)
    press(page, page.get_by_role("button", name="Status", exact=True))
    press(page, page.get_by_role("checkbox", name="Open", exact=True))
    page.wait_for_timeout(SETTLE_MS)
    page.context.set_offline(False)
    expect(page.get_by_role("button", name="Undo")).to_be_visible(timeout=30_000)
    expect(page).to_have_url(f"{desk.url}/?status=open")
    assert kinds(ticket["id"]) == ["created", "deleted"]
    chrome.complaints.clear()  # the browser's own lines about the connection
