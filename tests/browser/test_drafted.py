"""A drafted reply in a real browser: asked for, put beside what is typed, taken out, and sent."""

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from harness.fake_provider import FakeProvider, Script
from tests.browser.axe import faults
from tests.browser.conftest import SECONDS, Chrome, Desk
from tests.browser.interaction import press, top_of
from tests.serving import running_desk

EXPORT = "The nightly export of our contacts stops at row 5000 with the message quota exceeded."
COPIED = "open the settings of the export and raise the quota to ten thousand rows"
DRAFT = f"Hello, please {COPIED}, as your plan allows it."


@pytest.fixture
def fake() -> Iterator[FakeProvider]:
    with FakeProvider(Script.GOOD) as fake:
        fake.wrap_answer = lambda _: DRAFT
        yield fake


def test_a_draft_is_read_inserted_taken_out_and_sent(
    chromium: Browser, fake: FakeProvider, tmp_path: Path
) -> None:
    own = {"AI_PROVIDER": "openai", "AI_BASE_URL": fake.base_url, "UNDO_SEND_SECONDS": "0"}
    own["AI_BACKGROUND_SECONDS"] = "90"
    with (
        running_desk(tmp_path, **own) as served,
        httpx.Client(base_url=served.url, timeout=SECONDS) as rest,
    ):
        for title in ("Export stops", "Export"):
            rest.post("/api/tickets/", json={"title": title, "description": EXPORT})
        rest.post("/api/tickets/1/messages/", json={"body": f"Then {COPIED}. Bye."})
        chrome = Chrome(chromium, served.url)
        page = chrome.page("/t/2")
        reply = page.get_by_label("Reply to the requester")
        draft = page.get_by_role("region", name="Draft")
        free = threading.Event()
        fake.during_call = lambda: free.wait(20)
        ask = page.get_by_role("button", name="Draft a reply")
        ask.dblclick(delay=30)
        expect(page.get_by_text("Drafting a reply…")).to_be_visible()
        reply.press_sequentially("Dear Bea")
        place = top_of(reply)
        free.set()
        first = DRAFT.partition(COPIED)[0]
        expect(draft).to_contain_text(first, timeout=60_000)  # the server loads LiteLLM first
        expect(draft.locator("mark")).to_have_text(COPIED)
        expect(draft.get_by_role("link")).to_have_text("#1")
        expect(reply).to_have_value("Dear Bea")
        expect(reply).to_be_focused()
        assert top_of(reply) == place
        assert faults(page) == []
        press(page, page.get_by_role("button", name="Insert below"))
        expect(reply).to_have_value(f"Dear Bea\n\n{DRAFT}")
        press(page, page.get_by_role("button", name="Take it out again"))
        expect(reply).to_have_value("Dear Bea")
        press(page, page.get_by_role("button", name="Replace"))
        expect(reply).to_have_value(DRAFT)
        marks = page.get_by_role("status").locator("li mark")
        expect(marks).to_have_text(COPIED)
        reply.fill(DRAFT.replace("quota", "limit"))
        expect(marks).to_have_count(1)
        expect(marks).to_have_text(COPIED.partition(" quota")[0])
        reply.press("Control+Enter")
        expect(reply).to_have_value("")
        expect(marks).to_have_count(0)
        expect(ask).to_be_enabled()
        (report,) = rest.get("/api/triage/report/").json()["drafts"]
        assert (report["drafted"], report["edited"]) == (1, 1)
        chats = [each for each in fake.received if "draft of a support agent" in each.body]
        assert len(chats) == 1
        chrome.close()
        assert chrome.console_errors == []


def test_without_a_provider_there_is_no_button(chrome: Chrome, desk: Desk) -> None:
    page = chrome.page(f"/t/{desk.file()['id']}")
    expect(page.get_by_role("button", name="Preview")).to_be_visible()
    expect(page.get_by_role("button", name="Draft a reply")).to_have_count(0)
