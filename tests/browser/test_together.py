"""Two people at one ticket: who is there, who writes, and what one does while the other does it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import faults
from tests.browser.conftest import Chrome, Desk
from tests.browser.interaction import press, top_of
from tests.browser.proxy import Proxy, proxy_to

HERE, WRITING = "Also open in another window", "Somebody is writing there"


@pytest.fixture
def far(desk: Desk) -> Iterator[Proxy]:
    """The connection of one of the two."""
    with proxy_to(desk.url) as proxy:
        yield proxy


def box_of(page: Page) -> Locator:
    return page.get_by_label("Reply to the requester")


def written(desk: Desk, ticket_id: int, body: str) -> None:
    """Posts what the requester says."""
    new = {"body": body, "from": "requester"}
    desk.rest.post(f"/api/tickets/{ticket_id}/messages/", json=new).raise_for_status()


def test_two_see_each_other_and_nothing_moves(chrome: Chrome, desk: Desk, far: Proxy) -> None:
    ticket = desk.file(title="Billed twice")["id"]
    page = chrome.page(f"/t/{ticket}")
    box = box_of(page)
    box.fill("Half a word")
    places = top_of(box), top_of(page.get_by_role("heading", level=2))
    other = chrome.page(f"{far.url}/t/{ticket}")
    for each in (page, other):
        expect(each.get_by_text(HERE)).to_be_visible()
    # Two windows of an open desk are one person, who has one draft of a reply.
    press(other, other.get_by_text("Note, team only").first)
    note = other.get_by_label("Note, for the team only")
    note.press_sequentially("Henry has called, too", delay=20)
    writing = page.get_by_role("status").filter(has_text=WRITING)
    expect(writing).to_be_visible()
    assert faults(page) == []
    assert (top_of(box), top_of(page.get_by_role("heading", level=2))) == places
    expect(box).to_have_value("Half a word")
    expect(box).to_be_focused()
    expect(writing).to_have_count(0)
    far.loses_everything = True  # as a tab that is frozen, or a cable that is pulled
    expect(page.get_by_text(HERE)).to_have_count(0)
    assert (top_of(box), top_of(page.get_by_role("heading", level=2))) == places
    far.loses_everything = False
    far.cut()
    far.restore()
    expect(page.get_by_text(HERE)).to_be_visible(timeout=20_000)
    other.close()
    expect(page.get_by_text(HERE)).to_have_count(0)
    chrome.console_errors.clear()  # the lost connection's own errors are expected


def test_two_edits_of_a_field_are_both_shown(chrome: Chrome, desk: Desk, far: Proxy) -> None:
    ticket = desk.file(title="Billed twice", priority="low", category="general")["id"]
    page = chrome.page(f"{far.url}/t/{ticket}")
    priority = page.get_by_label(f"Priority of ticket {ticket}")
    category = page.get_by_label(f"Category of ticket {ticket}")
    conflict = page.get_by_role("alert").filter(has_text="You chose")
    box_of(page).fill("Half a word")
    place = top_of(box_of(page))
    far.wait_until_quiet()
    with far.holding():  # the page does not see the colleague's change before the choice
        desk.change(ticket, priority="high")
        priority.select_option("Medium")
        category.select_option("Billing")
        expect(page.get_by_text("Not saved yet")).to_have_count(2)
    expect(conflict).to_contain_text("Somebody else set Priority to High")
    expect(conflict).to_contain_text("You chose Medium")
    expect(priority).to_have_value("high")
    expect(category).to_have_value("billing")
    assert top_of(box_of(page)) == place
    assert faults(page) == []
    press(page, conflict.get_by_role("button", name="Set mine"))
    expect(conflict).to_have_count(0)
    expect(priority).to_have_value("medium")
    expect(box_of(page)).to_have_value("Half a word")
    now = desk.get(ticket)
    assert (now["priority"], now["category"]) == ("medium", "billing")
    page.context.close()


def test_a_send_stops_once_before_what_the_page_has_not_shown(
    chrome: Chrome, desk: Desk, far: Proxy
) -> None:
    ticket = desk.file(title="Billed twice", requester_name="Henry")["id"]
    page = chrome.page(f"{far.url}/t/{ticket}")
    box, stop = box_of(page), page.get_by_role("group", name="Newer messages")
    box.fill("We look into it.")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_enabled()
    far.wait_until_quiet()
    far.delay_seconds = 0.5
    written(desk, ticket, "It happened again.")
    page.get_by_role("button", name="Send", exact=True).dblclick()
    expect(stop).to_contain_text("Henry")
    expect(stop).to_contain_text("It happened again.")
    expect(box).to_have_value("We look into it.")
    far.delay_seconds = 0.0
    press(page, stop.get_by_role("button", name="Keep writing"))
    expect(stop).to_have_count(0)
    expect(box).to_be_focused()
    far.wait_until_quiet()
    far.delay_seconds = 0.5
    written(desk, ticket, "And again.")
    box.press("Control+Enter")
    expect(stop).to_contain_text("And again.")
    far.delay_seconds = 0.0
    assert faults(page) == []
    page.wait_for_timeout(1_000)  # the time that a person needs to read it
    press(page, stop.get_by_role("button", name="Send anyway"))
    expect(box).to_have_value("")
    expect(stop).to_have_count(0)
    page.context.close()
