"""What is typed in a real browser is there afterwards, whatever happens meanwhile."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import TLS, Chrome, Desk
from tests.browser.interaction import press, top_of
from tests.browser.proxy import Proxy, proxy_to
from tests.serving import running_desk

KEY_MS = 60
DELAY_SECONDS = 0.2


def reply_of(page: Page) -> Locator:
    return page.get_by_label("Reply to the requester")


def open_box(page: Page) -> Locator:
    """Returns the box once it is met: its hidden fields are filled."""
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_enabled()
    expect(page.locator("#reply-key")).not_to_have_value("")
    return reply_of(page)


def place_caret(box: Locator, place: int) -> None:
    box.evaluate("(one, place) => one.setSelectionRange(place, place)", place)


def caret(box: Locator) -> int:
    return int(box.evaluate("one => one.selectionStart"))


def test_a_draft_survives_what_happens_to_its_page(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file(title="Paper")["id"]
    page = chrome.page(f"/t/{ticket}")
    box = open_box(page)
    box.press_sequentially("Dear Bea, ")
    box.press_sequentially("thanks")
    page.reload()  # at once: the last keys are not saved by an event
    expect(reply_of(page)).to_have_value("Dear Bea, thanks")
    queue = chrome.page("/")
    marked = queue.get_by_role("listitem").filter(has_text="Your draft")
    expect(marked).to_have_count(1)
    other = chrome.page(f"/t/{ticket}")
    expect(reply_of(other)).to_have_value("Dear Bea, thanks")
    reply_of(page).press("End")
    reply_of(page).press_sequentially("!")
    expect(reply_of(other)).to_have_value("Dear Bea, thanks!")  # it was not typed into
    chosen = other.get_by_role("button", name="Take the other text")
    expect(chosen).to_have_count(0)
    press(page, page.get_by_role("button", name="Send", exact=True))
    expect(reply_of(page)).to_have_value("")
    expect(reply_of(other)).to_have_value("")
    expect(marked).to_have_count(0)


def type_while_others_write(page: Page, proxy: Proxy, desk: Any, ticket: int, keys: str) -> None:
    """Types the keys into the box, while a second client writes and the line is cut once."""
    changes = iter([{"status": "in_progress"}, {"priority": "high"}, {"category": "billing"}])
    for number, key in enumerate(keys):
        page.keyboard.press(key)
        if number % 15 == 7:
            said = {"body": f"Message {number}.", "from": "requester"}
            desk.post(f"/api/tickets/{ticket}/messages/", json=said).raise_for_status()
        if number % 100 == 50:
            desk.patch(f"/api/tickets/{ticket}/", json=next(changes)).raise_for_status()
        if number == len(keys) // 2:
            proxy.cut()
            proxy.restore()
        page.wait_for_timeout(KEY_MS)


@pytest.mark.parametrize("count", [60, pytest.param(300, marks=pytest.mark.prove)])
def test_typing_loses_nothing_while_others_write_and_the_line_is_cut(
    chrome: Chrome, desk: Desk, count: int
) -> None:
    ticket = desk.file(title="Slow")["id"]
    # The box has its full height, so that no line of one's own makes it grow.
    before, after = "Line\n" * 20 + "Dear Bea, ", " Yours, Ana"
    keys = ("the quick brown fox jumps over it " * 10)[:count]
    with proxy_to(desk.url) as proxy:
        page = chrome.page(f"{proxy.url}/t/{ticket}")
        box = open_box(page)
        box.fill(before + after)
        box.focus()
        place_caret(box, len(before))
        proxy.delay_seconds = DELAY_SECONDS
        place = top_of(box)
        type_while_others_write(page, proxy, desk.rest, ticket, keys)
        assert (top_of(box), caret(box)) == (place, len(before) + count)
        expect(box).to_have_value(before + keys + after)
        proxy.delay_seconds = 0.0
        again = chrome.page(f"/t/{ticket}")
        expect(reply_of(again)).to_have_value(before + keys + after)
        page.context.close()
    chrome.console_errors.clear()  # the cut line's own errors are expected


@pytest.mark.prove
def test_a_killed_server_has_all_but_the_last_second(chromium: Browser, tmp_path: Path) -> None:
    pressed: list[float] = []
    with running_desk(tmp_path) as desk:
        new = {"title": "A", "description": "B"}
        ticket = httpx.post(f"{desk.url}/api/tickets/", json=new, verify=TLS).json()["id"]
        with proxy_to(desk.url) as proxy:
            page = chromium.new_page()
            page.goto(f"{proxy.url}/t/{ticket}")
            box = open_box(page)
            box.focus()
            proxy.delay_seconds = DELAY_SECONDS
            for number in range(100):
                page.keyboard.press(chr(ord("a") + number % 26))
                pressed.append(time.monotonic())
                page.wait_for_timeout(KEY_MS)
            os.killpg(desk.process.pid, signal.SIGKILL)
            killed = time.monotonic()
            page.context.close()
        desk.process.wait()
    with running_desk(tmp_path) as desk:
        page = chromium.new_page()
        page.goto(f"{desk.url}/t/{ticket}")
        expect(reply_of(page)).not_to_have_value("")
        kept = reply_of(page).input_value()
        page.close()
    assert "".join(chr(ord("a") + number % 26) for number in range(len(kept))) == kept
    missing = [at for at in pressed[len(kept) :] if at < killed - 1]
    assert missing == []
