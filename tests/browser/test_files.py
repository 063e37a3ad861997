"""Files in the composer, as a person attaches them: chosen, pasted, refused, taken back, sent."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Chrome, Desk
from tests.browser.interaction import press
from tests.services.conversation.test_thumbnails import picture

PASTE = """() => {
  const pasted = new DataTransfer();
  pasted.items.add(new File(["pasted"], "pasted.txt", {type: "text/plain"}));
  const how = {clipboardData: pasted, bubbles: true, cancelable: true};
  document.getElementById("reply-text").dispatchEvent(new ClipboardEvent("paste", how));
}"""


def file(name: str, content: bytes) -> Any:
    return {"name": name, "mimeType": "application/x-anything", "buffer": content}


def choose(page: Page, *files: Any) -> None:
    page.locator("#reply_files input[type=file]").set_input_files([*files])


def test_files_are_attached_taken_back_and_sent(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file(title="The screen is black")["id"]
    page = chrome.page(f"/t/{ticket}", PHONE)
    waiting = page.get_by_role("list", name="Files to be sent").get_by_role("listitem")
    choose(page, file("screen.png", picture()), file("log.txt", b"log"), file("x.exe", b"MZ"))
    expect(waiting).to_have_count(2)
    refused = page.locator("#reply_files li").filter(has_text="Programs are not taken")
    expect(refused).to_have_count(1)
    (said,) = chrome.console_errors  # the browser tells of each refusal
    assert "415" in said
    chrome.console_errors.clear()
    page.reload()
    expect(waiting).to_have_count(2)
    expect(refused).to_have_count(0)
    page.evaluate(PASTE)
    expect(waiting).to_have_count(3)
    press(page, page.get_by_role("button", name="Remove log.txt"))
    expect(waiting).to_have_count(2)
    press(page, page.get_by_role("button", name="Send", exact=True))
    expect(waiting).to_have_count(0)
    held = page.locator(".said.held")
    expect(held).to_contain_text("Sent 2 files.")
    press(page, held.get_by_role("button", name="Undo"))
    expect(waiting).to_have_count(2)
    page.locator("#reply-text").fill("Is this your screen?")
    press(page, page.get_by_role("button", name="Send", exact=True))
    shown = page.get_by_role("list", name="Files", exact=True)
    expect(shown.get_by_role("link")).to_have_count(3)
    assert (
        page.locator(".said-files img").evaluate(
            "image => image.decode().then(() => image.naturalWidth)"
        )
        == 320
    )
    with page.expect_popup() as opened:
        shown.get_by_role("link", name="Open screen.png").click()
    expect(opened.value.locator("img")).to_have_js_property("naturalWidth", 800)
    with page.expect_download() as saved:
        shown.get_by_role("link", name=re.compile("^pasted.txt")).click()
    assert saved.value.path().read_bytes() == b"pasted"


def test_a_form_sends_its_files_with_the_ticket(chrome: Chrome, desk: Desk) -> None:
    page = chrome.page("/new")
    box = page.locator("#form_files")
    box.locator("input[type=file]").set_input_files(
        [file("screen.png", picture()), file("x.exe", b"MZ")]
    )
    expect(box.get_by_role("listitem")).to_have_count(2)
    page.get_by_label("Title").fill("The screen is black")
    page.get_by_label("What is wrong?").fill("Since this morning.")
    press(page, page.get_by_role("button", name="Send", exact=True))
    expect(page.get_by_text("1 file sent with it.")).to_be_visible()
    expect(page.get_by_label("Title")).to_be_hidden()
    refused = box.get_by_role("listitem").filter(has_text="Programs are not taken")
    expect(refused).to_have_count(1)
    expect(box.get_by_role("listitem")).to_have_count(1)
    assert all("415" in each for each in chrome.console_errors)
    chrome.console_errors.clear()
    press(page, page.get_by_role("button", name="Write another"))
    expect(page.get_by_label("Title")).to_be_visible()
    expect(box.get_by_role("listitem")).to_have_count(0)
