"""The composer posts a message once, keeps what it cannot post, and shows what it has posted."""

from typing import Any

import pytest

from harness.actors import in_browser, over_rest
from tests.services.desk import opened
from tests.state.page import Page, Tabs
from ticket_app.schemas.conversation import MessageListQuery
from ticket_app.services.conversation.drafts.saving import own_drafts
from ticket_app.services.conversation.reading import list_messages
from ticket_app.services.tickets.listing import get_ticket
from ticket_app.settings import get_settings
from ticket_app.state.conversation.composer import TOO_LATE, Composer
from ticket_app.state.conversation.composing import EMPTY, SENT_BEFORE
from ticket_app.state.conversation.conversation import Conversation
from ticket_app.state.notices import Notice
from ticket_app.vocabulary import MESSAGE_MAX

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _sends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDO_SEND_SECONDS", "0")
    get_settings.cache_clear()


def said(ticket_id: int) -> list[tuple[str, str]]:
    found = list_messages(over_rest(), ticket_id, MessageListQuery(limit=200))
    return [(each.kind, each.body) for each in reversed(found)]


def put(page: Page) -> dict[str, Any]:
    """Returns what the desk has put into the fields of this page."""
    events = [payload for name, payload in page.browser_events if name == "_set_value"]
    return {each["ref"].removeprefix("ref_"): each["value"] for each in events}


async def test_two_presses_and_a_lost_answer_post_one_message(tabs: Tabs) -> None:
    ticket = opened()
    page = await tabs.open(f"/t/{ticket.id}")
    await page.do(Composer.meet(ticket.id, {}))
    key = page.shown(Composer)["puts"]["reply"]["key"]
    for _ in range(2):
        await page.do(Composer.send(ticket.id, "reply", "Hello *you*", key, False))
    elsewhere = await tabs.open(f"/t/{ticket.id}")  # as the same page, on a server that is new
    await elsewhere.do(Composer.send(ticket.id, "reply", "Hello *you*", key, False))
    assert said(ticket.id) == [("reply", "Hello *you*")]
    assert page.shown(Conversation)["newest"][-1]["html"] == (
        '<p dir="auto">Hello <em>you</em></p>\n'
    )
    assert (page.shown(Composer)["sent_text"], page.shown(Composer)["refusal"]) == (
        "Hello *you*",
        "",
    )
    assert page.shown(Notice)["said"].strip() == "Your reply is sent."
    assert put(page)["reply_key"] != key
    await page.do(Composer.send(ticket.id, "reply", "Hello *you*, and more", key, False))
    assert page.shown(Composer)["refusal"] == SENT_BEFORE
    await page.do(Composer.send(ticket.id, "reply", "and more", put(page)["reply_key"], False))
    assert [body for _, body in said(ticket.id)] == ["Hello *you*", "and more"]


async def test_two_presses_before_the_key_has_arrived_post_one_message(tabs: Tabs) -> None:
    ticket = opened()
    page = await tabs.open(f"/t/{ticket.id}")
    await page.do(Composer.meet(ticket.id, {}))
    for key in ("", "", page.shown(Composer)["puts"]["reply"]["key"]):
        await page.do(Composer.send(ticket.id, "reply", "Hello", key, False))
    assert said(ticket.id) == [("reply", "Hello")]


async def test_a_reply_that_resolves_and_a_note(tabs: Tabs) -> None:
    ticket = opened()
    page = await tabs.open(f"/t/{ticket.id}")
    await page.do(Composer.send(ticket.id, "note", "Ask Cay.", "k1", False))
    await page.do(Composer.send(ticket.id, "reply", "It is mended.", "k2", True))
    assert said(ticket.id) == [("note", "Ask Cay."), ("reply", "It is mended.")]
    assert get_ticket(over_rest(), ticket.id).status == "resolved"
    assert page.shown(Conversation)["ticket"]["status"] == "resolved"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", EMPTY),
        (" \n", EMPTY),
        (None, EMPTY),
        (5, EMPTY),
        ("x" * (MESSAGE_MAX + 1), "Shorten this"),
    ],
)
async def test_what_cannot_be_posted_gets_a_sentence(
    tabs: Tabs, text: object, sentence: str
) -> None:
    ticket = opened()
    page = await tabs.open(f"/t/{ticket.id}")
    handler = Composer.event_handlers["send"]
    await page.send(handler, ticket_id=ticket.id, kind="reply", text=text, key="k", resolve=False)
    assert sentence in page.shown(Composer)["refusal"]
    assert (said(ticket.id), page.shown(Composer)["sent"]) == ([], 0)


async def test_a_preview_is_as_harmless_as_a_message(tabs: Tabs) -> None:
    page = await tabs.open(f"/t/{opened().id}")
    await page.do(Composer.look("**x** <script>alert(1)</script>"))
    assert page.shown(Composer)["preview"] == (
        '<p dir="auto"><strong>x</strong> &lt;script&gt;alert(1)&lt;/script&gt;</p>\n'
    )
    await page.do(Composer.write_on())
    assert page.shown(Composer)["preview"] == ""


async def test_a_sent_message_is_taken_back_into_its_field(
    tabs: Tabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNDO_SEND_SECONDS", "10")
    get_settings.cache_clear()
    ticket = opened()
    page = await tabs.open(f"/t/{ticket.id}")
    for _ in range(2):
        await page.do(Composer.send(ticket.id, "reply", "Hello", "k", True))
    (held,) = page.shown(Conversation)["held"]
    assert "resolves" in held["waits"]
    assert said(ticket.id) == []
    await page.do(Composer.undo(held["id"], {"reply-text": "And more"}))
    assert page.shown(Conversation)["held"] == []
    back = page.shown(Composer)["puts"]["reply"]
    assert (back["text"], back["over"], back["exact"]) == ("Hello\n\nAnd more", "And more", False)
    assert [each.body for each in own_drafts(in_browser(), ticket.id)] == [back["text"]]
    await page.do(Composer.send(ticket.id, "reply", "Hello", "k", True))  # it comes late
    assert page.shown(Conversation)["held"] == []
    await page.do(Composer.undo(held["id"], {}))
    assert page.shown(Notice)["text"] == TOO_LATE
    assert (said(ticket.id), get_ticket(over_rest(), ticket.id).status) == ([], "open")
