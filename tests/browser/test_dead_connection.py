"""Actions over a dead connection are carried out exactly once, when the connection is back.

Neither end has noticed yet that it is dead. `sends nothing` loses the page's messages; `hears
nothing` loses only the desk's answers, so that the action is already carried out when the page
sends it again.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.conftest import PHONE, Chrome, Desk
from tests.browser.dragging import drag
from tests.browser.interaction import press
from tests.browser.locators import column, description, handle, row, rows, status_of, title
from tests.browser.proxy import Proxy, proxy_to
from tests.browser.test_frame import LOST
from tests.services.desk import events_of

FAULTS = ["hears nothing", "sends nothing"]
LATE = "The desk has not answered yet"
SETTLE_MS = 700


@pytest.fixture(params=FAULTS)
def lossy(request: pytest.FixtureRequest, desk: Desk, chrome: Chrome) -> Iterator[Proxy]:
    """A proxy that loses messages in one of the two ways inside `dead_connection`."""
    with proxy_to(desk.url) as proxy:
        proxy.fault = request.param
        yield proxy
        chrome.close()
    chrome.console_errors.clear()  # the cut connection's own errors are expected


@contextmanager
def dead_connection(page: Page, proxy: Proxy) -> Iterator[None]:
    """Loses messages while the block lasts; then both ends notice, and reconnect."""
    proxy.wait_until_quiet()  # the page's pending requests are answered
    before = proxy.lost_bytes
    proxy.loses_everything = proxy.fault == "sends nothing"
    proxy.loses_answers = True
    yield
    proxy.wait_until_quiet(lost_bytes=before)  # the actions are sent
    proxy.cut()
    proxy.loses_everything = proxy.loses_answers = False
    expect(page.get_by_text(LOST)).to_be_visible()
    proxy.restore()
    expect(page.get_by_text(LOST)).to_be_hidden(timeout=30_000)


def event_kinds(ticket_id: int) -> list[str]:
    """Returns the kinds of a ticket's events, oldest first."""
    return [event.kind for event in events_of(ticket_id)]


def test_delete_and_undo(chrome: Chrome, desk: Desk, lossy: Proxy) -> None:
    ticket = desk.file(title="Paper")
    page = chrome.page(lossy.url)
    press(page, page.get_by_role("button", name="Paper", exact=True))
    delete = page.get_by_role("button", name="Delete")
    expect(delete).to_be_visible()
    with dead_connection(page, lossy):
        press(page, delete)
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    assert desk.rest.get(f"/api/tickets/{ticket['id']}/").status_code == 404
    with dead_connection(page, lossy):
        press(page, undo)
    expect(undo).to_be_hidden()
    expect(page.get_by_role("status").get_by_text("is restored")).to_have_count(1)
    assert event_kinds(ticket["id"]) == ["created", "deleted", "restored"]


def test_what_a_colleague_restored_meanwhile_is_not_deleted_again(
    chrome: Chrome, desk: Desk
) -> None:
    ticket = desk.file(title="Paper")
    with proxy_to(desk.url) as proxy:
        proxy.fault = "hears nothing"
        page = chrome.page(proxy.url)
        press(page, page.get_by_role("button", name="Paper", exact=True))
        delete = page.get_by_role("button", name="Delete")
        expect(delete).to_be_visible()
        with dead_connection(page, proxy):
            before = proxy.lost_bytes
            press(page, delete)
            proxy.wait_until_quiet(lost_bytes=before)
            desk.rest.post(f"/api/tickets/{ticket['id']}/restore/").raise_for_status()
        expect(rows(page)).to_have_count(1)
        proxy.wait_until_quiet()
        assert event_kinds(ticket["id"]) == ["created", "deleted", "restored"]
        page.context.close()
    chrome.console_errors.clear()  # the cut connection's own errors are expected


@pytest.mark.rest_in_prove("lossy")
def test_unfolding(chrome: Chrome, desk: Desk, lossy: Proxy) -> None:
    ticket = desk.file(title="Paper")
    page = chrome.page(lossy.url)
    name = page.get_by_role("button", name="Paper", exact=True)
    expect(name).to_be_visible()
    with dead_connection(page, lossy):
        press(page, name)
    expect(row(page, ticket["id"]).get_by_role("heading", name="History")).to_be_visible()
    with dead_connection(page, lossy):
        press(page, name)
    expect(row(page, ticket["id"]).get_by_role("heading", name="History")).to_be_hidden()


@pytest.mark.rest_in_prove("lossy")
def test_more_rows(chrome: Chrome, desk: Desk, lossy: Proxy) -> None:
    for number in range(75):
        desk.file(title=f"Ticket {number}")
    page = chrome.page(lossy.url)
    expect(rows(page)).to_have_count(30)
    with dead_connection(page, lossy):
        page.get_by_role("button", name="Load more").scroll_into_view_if_needed()
    expect(rows(page)).to_have_count(60)


@pytest.mark.rest_in_prove("lossy")
def test_filters(chrome: Chrome, desk: Desk, lossy: Proxy) -> None:
    desk.file(title="Paper", status="open", priority="high")
    desk.file(title="Pen", status="closed", priority="high")
    page = chrome.page(f"{lossy.url}/?priority=high")
    expect(rows(page)).to_have_count(2)
    with dead_connection(page, lossy):
        press(page, page.get_by_role("button", name="Status", exact=True))
        press(page, page.get_by_role("checkbox", name="Open", exact=True))
    expect(rows(page)).to_have_count(1)
    expect(page).to_have_url(f"{lossy.url}/?status=open&priority=high")
    expect(page.get_by_role("checkbox", name="Open", exact=True)).to_be_checked()
    page.keyboard.press("Escape")
    with dead_connection(page, lossy):
        page.get_by_label("Search tickets").fill("pen")
    expect(page.get_by_text("No ticket matches.")).to_be_visible()
    with dead_connection(page, lossy):
        press(page, page.get_by_role("button", name="Clear", exact=True))
    expect(rows(page)).to_have_count(2)
    expect(page).to_have_url(f"{lossy.url}/")


@pytest.mark.rest_in_prove("lossy")
def test_a_title_that_is_taken(chrome: Chrome, desk: Desk, lossy: Proxy) -> None:
    page = chrome.page(lossy.url)
    description(page).fill("The printer on the second floor is on fire. Please come.")
    with dead_connection(page, lossy):
        press(page, page.get_by_role("button", name="Suggest a title"))
    use = page.get_by_role("button", name="Use it")
    expect(use).to_be_visible()
    with dead_connection(page, lossy):
        press(page, use)
    expect(title(page)).to_have_value("The printer on the second floor is on fire")
    lossy.wait_until_quiet()
    expect(title(page)).to_have_value("The printer on the second floor is on fire")


def test_a_drop(chrome: Chrome, desk: Desk, lossy: Proxy) -> None:
    ticket = desk.file(title="Drag me", status="open")
    page = chrome.page(f"{lossy.url}/board")
    expect(handle(page, "Drag me")).to_be_visible()
    with dead_connection(page, lossy):
        drag(page, "Drag me", "Resolved")
        expect(column(page, "Resolved")).to_contain_text("Not saved yet")
    expect(column(page, "Resolved")).to_contain_text("Drag me")
    expect(column(page, "Resolved")).not_to_contain_text("Not saved yet")
    assert (desk.get(ticket["id"])["status"], desk.get(ticket["id"])["version"]) == ("resolved", 2)


@pytest.mark.rest_in_prove("lossy")
def test_more_cards(chrome: Chrome, desk: Desk, lossy: Proxy) -> None:
    for number in range(45):
        desk.file(title=f"Ticket {number}", status="open")
    page = chrome.page(f"{lossy.url}/board")
    cards = column(page, "Open").locator("[data-rfd-draggable-id]")
    expect(cards).to_have_count(20)
    with dead_connection(page, lossy):
        press(page, column(page, "Open").get_by_role("button", name="Load more"))
    expect(cards).to_have_count(40)


@pytest.mark.rest_in_prove("lossy")
def test_another_window_of_days(chrome: Chrome, lossy: Proxy) -> None:
    page = chrome.page(f"{lossy.url}/insights")
    window = page.get_by_role("button", name="90 days")
    expect(page.get_by_role("button", name="30 days")).to_have_attribute("aria-pressed", "true")
    with dead_connection(page, lossy):
        press(page, window)
    expect(window).to_have_attribute("aria-pressed", "true")


def test_a_choice_that_is_lost_is_saved_once(chrome: Chrome, desk: Desk, lossy: Proxy) -> None:
    ticket = desk.file(title="Paper", status="open")
    page = chrome.page(lossy.url)
    expect(rows(page)).to_have_count(1)
    with dead_connection(page, lossy):
        status_of(page, ticket["id"]).select_option("Closed")
        expect(row(page, ticket["id"]).get_by_text("Not saved yet")).to_be_visible()
    expect(row(page, ticket["id"]).get_by_text("Not saved yet")).to_have_count(0)
    expect(status_of(page, ticket["id"])).to_have_value("closed")
    assert (desk.get(ticket["id"])["status"], desk.get(ticket["id"])["version"]) == ("closed", 2)


def test_what_was_done_in_between_keeps_its_order(chrome: Chrome, desk: Desk) -> None:
    desk.file(title="Paper", status="open")
    with proxy_to(desk.url) as proxy:
        proxy.fault = "sends nothing"
        page = chrome.page(proxy.url)
        expect(rows(page)).to_have_count(1)
        name = page.get_by_role("button", name="Paper", exact=True)
        proxy.wait_until_quiet()
        proxy.loses_everything = True
        press(page, page.get_by_role("button", name="Status", exact=True))
        press(page, page.get_by_role("checkbox", name="Closed", exact=True))
        press(page, page.get_by_role("checkbox", name="Open", exact=True))
        page.keyboard.press("Escape")
        proxy.cut()
        proxy.loses_everything = False
        expect(page.get_by_text(LOST)).to_be_visible()
        press(page, name)
        proxy.restore()
        expect(page.get_by_text(LOST)).to_be_hidden(timeout=30_000)
        expect(page.get_by_role("heading", name="History")).to_be_visible()
        expect(page).to_have_url(f"{proxy.url}/?status=closed&status=open")
        page.context.close()
    chrome.console_errors.clear()  # the cut connection's own errors are expected


@pytest.mark.parametrize("size", [None, PHONE])
def test_an_answer_that_takes_long_is_told(chrome: Chrome, desk: Desk, size: object) -> None:
    desk.file(title="Paper")
    with proxy_to(desk.url) as proxy:
        page = chrome.page(proxy.url, PHONE) if size else chrome.page(proxy.url)
        expect(rows(page)).to_have_count(1)
        proxy.wait_until_quiet()
        assert not page.get_by_text(LATE).is_visible()
        proxy.loses_everything = True
        press(page, page.get_by_role("button", name="Paper", exact=True))
        page.wait_for_timeout(SETTLE_MS)
        assert not page.get_by_text(LATE).is_visible()
        expect(page.get_by_text(LATE)).to_be_visible()
        page.context.close()
    chrome.console_errors.clear()  # the cut connection's own errors are expected


def test_a_line_that_dies_in_silence_is_taken_up_anew(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file(title="Paper")
    with proxy_to(desk.url) as proxy:
        page = chrome.page(proxy.url)
        press(page, page.get_by_role("button", name="Paper", exact=True))
        expect(page.get_by_role("button", name="Delete")).to_be_visible()
        proxy.wait_until_quiet()
        proxy.lose_open_connections()
        press(page, page.get_by_role("button", name="Delete"))
        expect(page.get_by_text(LATE)).to_be_visible()
        expect(page.get_by_role("button", name="Undo")).to_be_visible(timeout=40_000)
        expect(page.get_by_text(LATE)).to_be_hidden()
        assert event_kinds(ticket["id"]) == ["created", "deleted"]
        page.context.close()
    chrome.console_errors.clear()  # the cut connection's own errors are expected


@pytest.mark.parametrize("known", [False, True])
def test_the_browser_asks_before_it_leaves_with_what_is_not_done(
    chrome: Chrome, desk: Desk, known: bool
) -> None:
    desk.file(title="Paper")
    with proxy_to(desk.url) as proxy:
        page = chrome.page(proxy.url)
        name = page.get_by_role("button", name="Paper", exact=True)
        expect(name).to_be_visible()
        proxy.wait_until_quiet()
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
        proxy.wait_until_quiet()
        if known:
            proxy.cut()
            expect(page.get_by_text(LOST)).to_be_visible()
            press(page, name)
        else:
            proxy.loses_everything = True
            press(page, name)
            expect(page.get_by_text(LATE)).to_be_visible()
        page.close(run_before_unload=True)
        page.wait_for_timeout(SETTLE_MS)
        assert asked == ["beforeunload"]
        page.context.close()
    chrome.console_errors.clear()  # the cut connection's own errors are expected


def test_filing(chrome: Chrome, desk: Desk, lossy: Proxy) -> None:
    page = chrome.page(lossy.url)
    title(page).fill("Paper")
    description(page).fill("The printer on the second floor has none.")
    with dead_connection(page, lossy):
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
    assert event_kinds(ticket["id"]) == ["created", "deleted"]
    chrome.console_errors.clear()  # the cut connection's own errors are expected
