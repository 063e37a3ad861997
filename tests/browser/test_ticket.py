"""The page of one ticket in a real browser: reading, answering, a slow line, a long talk."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import faults
from tests.browser.conftest import PHONE, Chrome, Desk, Size
from tests.browser.interaction import press, top_of
from tests.browser.proxy import proxy_to

SPEAKS = re.compile(r"^Speaks for: (Category|Priority|Sentiment|Urgency)")


def say(desk: Desk, ticket_id: int, body: str, **more: str) -> None:
    new = {"body": body, **more}
    desk.rest.post(f"/api/tickets/{ticket_id}/messages/", json=new).raise_for_status()


def said(desk: Desk, ticket_id: int) -> list[tuple[str, str]]:
    found: list[dict[str, Any]] = desk.rest.get(f"/api/tickets/{ticket_id}/messages/").json()
    return [(each["kind"], each["body"]) for each in reversed(found)]


def entry(page: Page, text: str) -> Locator:
    return (
        page.get_by_role("region", name="Conversation")
        .get_by_role("listitem")
        .filter(has_text=text)
    )


def test_a_ticket_is_read_answered_noted_and_resolved(
    chrome: Chrome, desk: Desk, size: Size
) -> None:
    ticket = desk.file(title="Billed twice", requester_name="Henry", status="open")["id"]
    say(desk, ticket, "> you wrote\n\n![shot](https://elsewhere.example/1.png)")
    page = chrome.page(f"/t/{ticket}", size)
    expect(page).to_have_title(f"#{ticket} Billed twice · Support desk")
    expect(page.get_by_role("heading", level=2)).to_have_text("Billed twice")
    expect(entry(page, "Quoted text").get_by_text("you wrote")).to_be_hidden()
    link = page.get_by_role("link", name="shot")
    expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    opener = page.get_by_role("button", name="Properties")
    if opener.is_visible():
        press(page, opener)
    assignee = page.get_by_label(f"Assignee of ticket {ticket}")
    assignee.select_option("Me")
    expect(assignee).to_have_value(re.compile(r"\d+"))
    expect(page.locator("h2 mark, .own-text mark").first).to_have_attribute("title", SPEAKS)
    someone = page.get_by_label("Copy a person")
    someone.fill("cay@example.com")
    someone.press("Enter")
    expect(someone).to_have_value("")
    press(page, page.get_by_role("button", name="Remove cay"))
    expect(page.get_by_role("button", name="Remove cay")).to_have_count(0)
    accept = page.get_by_role("button", name="Accept the suggested priority")
    press(page, accept)
    expect(accept).to_have_count(0)
    page.keyboard.press("Escape")
    press(page, page.get_by_text("Note, team only"))
    note = page.get_by_label("Note, for the team only")
    note.fill("Ask *Cay*.")
    press(page, page.get_by_role("button", name="Add note"))
    expect(entry(page, "Ask Cay.")).to_contain_text("Note, team only")
    expect(note).to_have_value("")
    press(page, page.locator("label").filter(has_text="Reply"))
    reply = page.get_by_label("Reply to the requester")
    press(page, page.get_by_role("button", name="Preview"))
    expect(page.get_by_text("Write a message first.")).to_be_visible()
    reply.fill("Mended")
    reply.press("Control+Enter")
    expect(reply).to_have_value("")
    press(page, entry(page, "Mended").get_by_role("button", name="Undo"))
    expect(reply).to_have_value("Mended")
    expect(entry(page, "Mended")).to_have_count(0)
    expect(reply).to_be_focused()
    reply.press("Control+Enter")
    expect(entry(page, "Mended")).to_contain_text("Reply")
    reply.press_sequentially("All the best")
    press(page, page.get_by_role("button", name="Send and resolve"))
    expect(entry(page, "Status: Open → Resolved").last).to_be_visible()
    expect(page.get_by_role("button", name="Send and resolve")).to_have_count(0)
    assert said(desk, ticket)[1:] == [
        ("note", "Ask *Cay*."),
        ("reply", "Mended"),
        ("reply", "All the best"),
    ]
    assert desk.get(ticket)["status"] == "resolved"


def test_what_is_read_and_typed_stays_while_others_write(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file(title="Long", description="It goes on.")["id"]
    for number in range(70):
        say(desk, ticket, f"Message {number}.")
    page = chrome.page(f"/t/{ticket}")
    expect(entry(page, "Message 69.")).to_be_in_viewport()
    expect(entry(page, "Message 10.")).to_have_count(0)
    box = page.get_by_label("Reply to the requester")
    box.press_sequentially("Half a wo")
    place = top_of(box), top_of(entry(page, "Message 68."))
    say(desk, ticket, "From someone else.", **{"from": "requester"})
    arrived = page.get_by_role("button", name="1 new")
    expect(arrived).to_be_visible()
    assert (top_of(box), top_of(entry(page, "Message 68."))) == place
    box.press_sequentially("rd")
    expect(box).to_have_value("Half a word")
    press(page, arrived)
    expect(entry(page, "From someone else.")).to_be_in_viewport()
    expect(arrived).to_have_count(0)
    page.get_by_role("region", name="Conversation").evaluate("one => one.scrollTo(0, 0)")
    read = entry(page, "Message 21.")
    place_read = top_of(read)
    press(page, page.get_by_role("button", name="Earlier messages"))
    expect(entry(page, "Message 5.")).to_have_count(1)
    assert abs(top_of(read) - place_read) <= 1
    expect(page.get_by_role("button", name="Earlier messages")).to_have_count(0)


def test_a_slow_line_posts_once_and_takes_nothing_typed_meanwhile(
    chrome: Chrome, desk: Desk
) -> None:
    ticket = desk.file(title="Slow")["id"]
    with proxy_to(desk.url) as proxy:
        page = chrome.page(f"{proxy.url}/t/{ticket}")
        send = page.get_by_role("button", name="Send", exact=True)
        expect(send).to_be_enabled()
        proxy.delay_seconds = 0.6
        box = page.get_by_label("Reply to the requester")
        box.fill("Hello")
        send.dblclick()
        box.press_sequentially(" And more", delay=40)
        expect(entry(page, "Hello")).to_be_visible()
        expect(box).to_have_value(" And more")
        expect(entry(page, "Hello")).to_contain_text("Reply")
        assert said(desk, ticket) == [("reply", "Hello")]
        proxy.delay_seconds = 0.0
        box.fill("Again")
        proxy.wait_until_quiet()
        before = proxy.lost_bytes
        proxy.loses_answers = True  # the desk posts, and the page does not hear of it
        box.press("Control+Enter")
        proxy.wait_until_quiet(lost_bytes=before)
        proxy.cut()
        proxy.loses_answers = False
        proxy.restore()
        expect(entry(page, "Again")).to_contain_text("Reply", timeout=40_000)
        assert said(desk, ticket) == [("reply", "Hello"), ("reply", "Again")]
        page.context.close()
    chrome.console_errors.clear()  # the lost connection's own errors are expected


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("address", ["/t/0", "/t/nothing"])
def test_an_address_without_a_ticket_leads_back(chrome: Chrome, address: str) -> None:
    page = chrome.page(address, PHONE)
    expect(page.get_by_text("There is no ticket at this address.")).to_be_visible()
    page.get_by_role("link", name="Go to the desk").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Desk")


@pytest.mark.rest_in_prove("size")
def test_the_texts_are_edited_where_they_stand(chrome: Chrome, desk: Desk, size: Size) -> None:
    ticket = desk.file(title="Billed twice")["id"]
    page = chrome.page(f"/t/{ticket}", size)
    press(page, page.get_by_role("button", name="Edit the title"))
    title = page.get_by_label("New title")
    expect(title).to_be_focused()
    title.press_sequentially(" and refunded never")
    title.press("Enter", delay=90)
    expect(page.get_by_role("heading", level=2)).to_have_text("Billed twice and refunded never")
    expect(page.get_by_role("button", name="Edit the title")).to_be_focused()
    press(page, page.get_by_role("button", name="Edit the description"))
    page.get_by_label("New description").fill("Not this")
    page.keyboard.press("Escape", delay=90)
    expect(page.get_by_role("button", name="Edit the description")).to_be_focused()
    expect(page.get_by_text("Not this")).to_have_count(0)
    press(page, page.get_by_role("button", name="Edit the description"))
    assert faults(page) == []
    page.get_by_label("New description").fill("It is red.")
    desk.change(ticket, description="It is green.")
    press(page, page.get_by_role("button", name="Save"))
    conflict = page.get_by_role("alert").filter(has_text="You chose")
    expect(conflict).to_contain_text("It is green.")
    press(page, conflict.get_by_role("button", name="Set mine"))
    expect(entry(page, "It is red.")).to_be_visible()
    assert desk.get(ticket)["description"] == "It is red."


def test_the_list_and_the_board_lead_to_the_ticket_and_back(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file(title="Paper")["id"]
    page = chrome.page("/")
    title = page.get_by_role("button", name="Paper", exact=True)
    with page.context.expect_page() as opened:
        title.click(modifiers=["ControlOrMeta"])
    expect(opened.value.get_by_role("heading", level=2)).to_have_text("Paper")
    expect(title).to_have_attribute("aria-expanded", "false")
    title.press(" ")
    expect(title).to_have_attribute("aria-expanded", "true")
    press(page, page.get_by_role("link", name="Open and answer"))
    expect(page).to_have_url(re.compile(f"/t/{ticket}$"))
    expect(page.get_by_label("Reply to the requester")).to_be_visible()
    page.go_back()
    expect(title).to_have_attribute("aria-expanded", "true")
    page.goto("/board")
    press(page, page.get_by_role("link", name=f"Open ticket {ticket}"))
    expect(page).to_have_url(re.compile(f"/t/{ticket}$"))
