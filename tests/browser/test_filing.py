"""One press files exactly one ticket, as the form shows it, over any connection."""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Locator, Page, Route, expect

from tests.browser.conftest import DESKTOP, SECONDS, Chrome, Desk, Size
from tests.browser.locators import category, description, form, priority, row, rows, title
from tests.browser.proxy import Proxy, proxy_to

OUTAGE = "Production is down for all users. Nothing responds since nine o'clock."
CHARGED = "My credit card was charged twice for the same invoice."
LOST = "Connection lost"
SCRIPTS = re.compile(r"\.js(\?|$)")
PRESSED = "button:visible, input:visible, select:visible, textarea:visible, summary:visible"


def button(page: Page) -> Locator:
    """Returns the button that files the ticket, whatever its label."""
    return form(page).locator("button[type=submit]")


def press(page: Page, on: Locator, *, milliseconds: int = 90) -> None:
    """Press the mouse for this time, at the place of the element when the press begins."""
    box = on.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(milliseconds)
    page.mouse.up()


def places(page: Page) -> dict[str, Any]:
    """Returns the place of every control of the form."""
    controls = form(page).locator(PRESSED).all()
    return {each.get_attribute("id") or each.inner_text(): each.bounding_box() for each in controls}


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + 3 * SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def proxy(desk: Desk) -> Iterator[Proxy]:
    """A proxy before the desk."""
    with proxy_to(desk.url) as proxy:
        yield proxy


@pytest.fixture
def window(chromium: Browser, proxy: Proxy) -> Iterator[Page]:
    """A page through the proxy; the console errors of a cut connection do not fail the test."""
    context = chromium.new_context(**DESKTOP)
    context.set_default_timeout(SECONDS * 1000)
    page = context.new_page()
    page.goto(proxy.url)
    expect(button(page)).to_have_text("File ticket")
    yield page
    context.close()


def fill(page: Page, text: str = CHARGED) -> None:
    """Fill in a valid ticket."""
    title(page).fill("Card")
    description(page).fill(text)


@pytest.mark.rest_in_prove("size")
def test_a_press_right_after_the_last_key_files_the_ticket(
    chrome: Chrome, desk: Desk, size: Size
) -> None:
    page = chrome.page("/", size)
    page.get_by_role("button", name="New ticket").click()
    title(page).fill("No work")
    description(page).press_sequentially(OUTAGE)
    press(page, button(page))
    expect(rows(page)).to_have_count(1)
    assert [ticket["description"] for ticket in desk.tickets()] == [OUTAGE]


def test_a_late_answer_takes_no_key_from_the_field_in_which_one_types(
    chrome: Chrome, desk: Desk
) -> None:
    with proxy_to(desk.url) as proxy:
        page = chrome.page(proxy.url)
        expect(button(page)).to_be_enabled()
        proxy.cut()
        expect(page.get_by_text(LOST)).to_be_visible()
        press(page, page.get_by_role("button", name="New ticket"))
        expect(title(page)).to_be_focused()  # without an answer of the desk
        page.keyboard.type("No work")
        press(page, description(page))
        page.keyboard.type("Nothing ")
        proxy.restore()
        expect(page.get_by_text(LOST)).to_be_hidden(timeout=30_000)
        desk.file(title="Seen")
        expect(rows(page)).to_have_count(1)  # the answers have come
        page.keyboard.type("responds.")
        expect(title(page)).to_have_value("No work")
        expect(description(page)).to_have_value("Nothing responds.")
        page.context.close()
    chrome.console_errors.clear()  # the cut connection's own errors are expected


def test_nothing_that_can_be_pressed_moves(chrome: Chrome, size: Size) -> None:
    page = chrome.page("/", size)
    page.get_by_role("button", name="New ticket").click()
    expect(button(page)).to_have_text("File ticket")
    before = places(page)
    button(page).click()
    expect(form(page).get_by_text("Write a title.")).to_be_visible()
    assert places(page) == before, "errors"
    form(page).get_by_label("E-mail").fill("nobody")
    title(page).fill("x" * 203)
    expect(form(page).get_by_text("Shorten this by 3 characters")).to_be_visible()
    title(page).fill("x" * 183)
    expect(form(page).get_by_text("183 of 200 characters")).to_be_visible()
    title(page).fill("x" * 203)
    expect(form(page).get_by_text("203 of 200 characters: 3 too many")).to_be_visible()
    assert places(page) == before, "a counter"
    description(page).fill(OUTAGE)
    page.keyboard.press("Tab")
    expect(form(page).get_by_text("Suggested by")).to_be_visible()
    expect(priority(page)).to_have_value("critical")
    why = places(page).pop("Why?", None)
    assert why and places(page) == before | {"Why?": why}, "a suggestion"
    page.get_by_role("button", name="Suggest a title").click()
    expect(page.get_by_role("button", name="Use it")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Use it")).to_be_hidden()
    assert places(page) == before | {"Why?": why}, "a title"
    title(page).fill("No work")
    expect(form(page).get_by_text("3 too many")).to_be_hidden()
    button(page).click()
    expect(form(page).locator("#requester_email")).to_have_attribute("aria-invalid", "true")
    assert places(page) == before | {"Why?": why}, "the address"


def test_a_lost_connection_moves_nothing(window: Page, proxy: Proxy) -> None:
    before = places(window)
    proxy.cut()
    expect(window.get_by_text(LOST)).to_be_visible()
    assert places(window) == before


def test_a_double_click_files_one_ticket(chrome: Chrome, desk: Desk) -> None:
    page = chrome.page("/")
    fill(page)
    button(page).dblclick(delay=40)
    expect(rows(page)).to_have_count(1)
    expect(title(page)).to_have_value("")
    page.wait_for_timeout(300)
    assert len(desk.tickets()) == 1
    expect(form(page).get_by_text("Write a title.")).to_be_hidden()  # nor is the next one begun


@pytest.mark.parametrize("way", ["clicks", "Enter"])
def test_a_second_press_before_the_answer_files_no_second_ticket(
    window: Page, proxy: Proxy, desk: Desk, way: str
) -> None:
    proxy.delay_seconds = 0.2
    fill(window)
    for _ in range(3):
        if way == "Enter":
            title(window).press("Enter")
        else:
            press(window, button(window))
    expect(title(window)).to_have_value("")
    title(window).fill("The next one")
    expect(window.get_by_text(re.compile(r"Ticket \d+ is filed\."))).to_be_visible()
    window.wait_for_timeout(1_500)
    expect(title(window)).to_have_value("The next one")
    assert [ticket["title"] for ticket in desk.tickets()] == ["Card"]
    proxy.delay_seconds = 0
    description(window).fill(CHARGED)
    button(window).click()
    expect(rows(window)).to_have_count(2)


def test_clicks_while_offline_file_one_ticket_on_return(
    window: Page, proxy: Proxy, desk: Desk
) -> None:
    fill(window)
    priority(window).select_option("Critical")
    proxy.cut()
    expect(window.get_by_text(LOST)).to_be_visible()
    category(window).select_option("Account")
    for _ in range(2):
        press(window, button(window))
    proxy.restore()
    expect(rows(window)).to_have_count(1, timeout=30_000)
    expect(title(window)).to_have_value("")
    window.wait_for_timeout(500)
    (ticket,) = desk.tickets()
    assert (ticket["category"], ticket["priority"]) == ("account", "critical")


def test_a_change_between_two_clicks_offline_is_kept(
    window: Page, proxy: Proxy, desk: Desk
) -> None:
    fill(window)
    proxy.cut()
    expect(window.get_by_text(LOST)).to_be_visible()
    press(window, button(window))
    title(window).fill("Card, and more")
    press(window, button(window))
    proxy.restore()
    expect(form(window).get_by_role("alert")).to_contain_text(
        "before your last changes", timeout=30_000
    )
    expect(title(window)).to_have_value("Card, and more")
    expect(description(window)).to_have_value(CHARGED)
    assert [ticket["title"] for ticket in desk.tickets()] == ["Card"]
    button(window).click()
    expect(rows(window)).to_have_count(2)


def test_a_ticket_whose_answer_was_lost_is_not_filed_again(
    window: Page, proxy: Proxy, desk: Desk
) -> None:
    fill(window)
    proxy.loses_answers = True
    press(window, button(window))
    wait_for(lambda: len(desk.tickets()) == 1)
    proxy.cut()
    expect(window.get_by_text(LOST)).to_be_visible()
    proxy.loses_answers = False
    proxy.restore()
    expect(window.get_by_text(LOST)).to_be_hidden(timeout=30_000)
    # The page sends it again by itself, and shows the number of the filed ticket.
    expect(window.get_by_text(f"Ticket {desk.tickets()[0]['id']} is filed.")).to_be_visible()
    expect(title(window)).to_have_value("")
    assert len(desk.tickets()) == 1


def test_a_ticket_that_a_filter_hides_is_one_press_away(chrome: Chrome, desk: Desk) -> None:
    page = chrome.page("/?status=closed")
    expect(page.get_by_text("No ticket matches")).to_be_visible()
    fill(page)
    button(page).click()
    expect(title(page)).to_have_value("")
    (ticket,) = desk.tickets()
    expect(
        page.get_by_role("status").filter(has_text=f"Ticket {ticket['id']} is filed.")
    ).to_be_visible()
    page.get_by_role("link", name="Show it").click()
    expect(row(page, ticket["id"])).to_be_in_viewport()
    expect(page.get_by_role("link", name="Show it")).to_be_hidden()


@pytest.mark.parametrize("path", ["/", "/board"])
def test_a_search_before_the_scripts_is_found(chrome: Chrome, desk: Desk, path: str) -> None:
    found = desk.file(title="The lamp is broken")
    desk.file(title="Something else")
    page = chrome.page("about:blank")
    page.route(SCRIPTS, hold)
    page.goto(path, wait_until="commit")
    page.get_by_label("Search tickets").fill("lamp")
    if path == "/board":
        page.get_by_label("Search tickets").press("Enter")
        page.wait_for_url("**/?search=lamp", wait_until="commit")
    page.unroute(SCRIPTS, hold)
    expect(rows(page)).to_have_count(1)
    expect(row(page, found["id"])).to_be_visible()
    expect(page.get_by_label("Search tickets")).to_have_value("lamp")
    page.get_by_label("Search tickets").press("Enter")
    expect(rows(page)).to_have_count(1)


def type_before_the_scripts(page: Page) -> None:
    """Fill in the page as the server rendered it, and try to submit it."""
    expect(button(page)).to_be_disabled()
    expect(button(page)).to_have_text("Loading…")
    expect(button(page)).to_have_accessible_description(
        "The form can be sent as soon as the page has loaded."
    )
    fill(page, OUTAGE)
    form(page).get_by_label("Name").fill("Ana")
    priority(page).select_option("Low")
    title(page).press("Enter")
    page.wait_for_timeout(100)
    assert page.url.endswith("/")


def file_what_was_typed(page: Page, desk: Desk) -> None:
    """Once the scripts are loaded, nothing typed is lost and the suggestion arrives."""
    expect(button(page)).to_have_text("File ticket", timeout=90_000)
    expect(category(page)).to_have_value("technical")
    expect(title(page)).to_have_value("Card")
    expect(description(page)).to_have_value(OUTAGE)
    expect(priority(page)).to_have_value("low")
    press(page, button(page))
    expect(rows(page)).to_have_count(1)
    (ticket,) = desk.tickets()
    assert (ticket["description"], ticket["requester_name"]) == (OUTAGE, "Ana")
    assert (ticket["category"], ticket["priority"]) == ("technical", "low")
    assert (ticket["category_by"], ticket["priority_by"]) == ("triage", "person")


def hold(_: Route) -> None:
    """Leave the request unanswered."""


def test_what_is_typed_before_the_scripts_is_neither_sent_nor_lost(
    chrome: Chrome, desk: Desk
) -> None:
    page = chrome.page("about:blank")
    page.route(SCRIPTS, hold)
    page.goto("/", wait_until="commit")
    type_before_the_scripts(page)
    page.unroute(SCRIPTS, hold)  # releases the requests that were held
    file_what_was_typed(page, desk)


@pytest.mark.prove
def test_the_same_on_a_line_of_400_ms_and_60_kb_a_second(chrome: Chrome, desk: Desk) -> None:
    page = chrome.page("about:blank")
    line: CDPSession = page.context.new_cdp_session(page)
    line.send("Network.enable")
    speed = {"latency": 400, "downloadThroughput": 60_000, "uploadThroughput": 60_000}
    line.send("Network.emulateNetworkConditions", {"offline": False, **speed})
    page.goto("/", wait_until="commit")
    type_before_the_scripts(page)
    file_what_was_typed(page, desk)
