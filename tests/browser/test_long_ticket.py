"""A ticket with very many messages: read in pages from the newest to the first, within bounds."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Chrome, Desk
from tests.browser.interaction import press, top_of
from ticket_app.data.conversation.tables import Message
from ticket_app.data.engine import write_transaction
from ticket_app.state.conversation.paged import EARLIER_MAX, PAGE

SHOWN_MAX = PAGE + EARLIER_MAX + 3
"""Messages, the description, and a run of changes before and after them."""
NODES_MAX = 9_000
"""DOM nodes with SHOWN_MAX entries; one page of PAGE messages has about 2,000."""
HEAP_MAX = 90_000_000
"""Bytes of the browser's JavaScript, with pages read before this one."""


def fill(ticket_id: int, count: int) -> None:
    """Writes so many messages. The figures do not count messages."""
    began = datetime.now(UTC) - timedelta(days=1)
    with write_transaction() as session:
        session.add_all(
            Message(
                ticket_id=ticket_id,
                kind="reply",
                side="team" if number % 2 else "requester",
                body=f"Message {number}.\n\nIt has a *second* paragraph.",
                channel="rest",
                created_at=began + timedelta(seconds=number),
            )
            for number in range(count)
        )


def shown(page: Page) -> list[int]:
    """Returns the numbers of the messages that the page holds, in the order of the page."""
    texts = page.locator(".said .markdown > p:first-child").all_inner_texts()
    return [int(text.removeprefix("Message ").rstrip(".")) for text in texts]


def read_up(page: Page) -> None:
    """Reads all earlier messages that this page may hold. What is read stays where it is."""
    earlier = page.get_by_role("button", name="Earlier messages")
    while earlier.count():
        first = shown(page)[0]
        page.get_by_role("region", name="Conversation").evaluate("one => one.scrollTo(0, 0)")
        read = page.get_by_text(f"Message {first}.", exact=True)
        place = top_of(read)
        press(page, earlier)
        expect(page.get_by_text(f"Message {first - 1}.", exact=True)).to_have_count(1)
        assert abs(top_of(read) - place) <= 1


@pytest.mark.parametrize(
    "count", [pytest.param(PAGE + EARLIER_MAX + 60), pytest.param(10_000, marks=pytest.mark.prove)]
)
def test_a_long_ticket_is_read_from_the_newest_to_the_first(
    chrome: Chrome, desk: Desk, count: int
) -> None:
    ticket = desk.file(title="Long", description="It began here.")["id"]
    fill(ticket, count)
    page = chrome.page(f"/t/{ticket}")
    newest = page.get_by_text(f"Message {count - 1}.", exact=True)
    expect(newest).to_be_in_viewport()
    assert shown(page) == [*range(count - PAGE, count)]
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    further = page.get_by_role("link", name=re.compile("Earlier messages"))
    seen = count
    while True:
        read_up(page)
        numbers = shown(page)
        assert numbers == [*range(numbers[0], seen)]
        assert page.locator(".said").count() <= SHOWN_MAX
        session.send("HeapProfiler.collectGarbage")
        found = session.send("Performance.getMetrics")["metrics"]
        size = {each["name"]: each["value"] for each in found}
        assert size["Nodes"] < NODES_MAX and size["JSHeapUsedSize"] < HEAP_MAX
        seen = numbers[0]
        if not further.count():
            break
        press(page, further)
        expect(page.get_by_text(f"Message {seen - 1}.", exact=True)).to_be_in_viewport()
    assert seen == 0
    expect(page.get_by_text("It began here.")).to_have_count(1)
    press(page, page.get_by_role("link", name="Back to the newest messages"))
    expect(newest).to_be_in_viewport()
    expect(page.get_by_label("Reply to the requester")).to_be_visible()
