"""A message stops once before what others wrote meanwhile, and a double press is no answer."""

from typing import Any

import pytest

from harness.actors import over_rest
from tests.services.desk import opened
from tests.state.page import Page, Tabs
from ticket_app.schemas.conversation import MessageCreate
from ticket_app.services.conversation.posting import post_message
from ticket_app.settings import get_settings
from ticket_app.state.conversation import stop
from ticket_app.state.conversation.composer import Composer
from ticket_app.state.conversation.conversation import Conversation
from ticket_app.state.conversation.entries import CROSSED, WAITS
from ticket_app.state.conversation.stop import Stop

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _sends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDO_SEND_SECONDS", "0")
    get_settings.cache_clear()


def written(ticket_id: int, body: str) -> int:
    """Posts what the requester says."""
    new = MessageCreate.model_validate({"body": body, "from": "requester"})
    return post_message(over_rest(), ticket_id, new).id


def newer(page: Page) -> list[tuple[str, str]]:
    shown: list[dict[str, Any]] = page.shown(Stop).get("newer", [])
    return [(each["author"], each["html"]) for each in shown]


async def test_a_send_stops_once_and_a_second_press_sends(
    tabs: Tabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = opened(requester_name="Henry")
    seen = written(ticket.id, "It is broken.")
    page = await tabs.open(f"/t/{ticket.id}")
    assert page.shown(Conversation)["seen"] == seen
    written(ticket.id, "It *works* again.")
    await page.until(lambda: page.shown(Conversation)["seen"] > seen)

    async def press(seen: int, key: str = "k") -> int:
        await page.do(Composer.send(ticket.id, "reply", "We send another.", key, True, seen))
        sent: int = page.shown(Composer)["sent"]
        return sent

    later = page.shown(Conversation)["seen"]
    assert [await press(each) for each in (seen, seen, later)] == [0, 0, 0]  # a double press
    said = '<p dir="auto">It <em>works</em> again.</p>\n'
    assert newer(page) == [("Henry", said)]
    assert (
        page.shown(Composer)["refusal"]
        == "Not sent yet: there is a newer message. Your text is kept."
    )
    assert (page.shown(Stop)["kind"], page.shown(Stop)["resolves"]) == ("reply", True)
    monkeypatch.setattr(stop, "READING_SECONDS", 0.0)
    written(ticket.id, "Or not.")
    assert await press(seen) == 0  # there is one more
    assert [html for _, html in newer(page)] == ['<p dir="auto">Or not.</p>\n']
    assert await press(seen) == 1
    assert (newer(page), page.shown(Composer)["sent_text"]) == ([], "We send another.")
    written(ticket.id, "Thank you.")
    assert await press(later, "k2") == 1
    await page.do(Stop.keep_writing())
    assert newer(page) == []
    assert await press(later, "k2") == 2


async def test_what_comes_while_a_message_is_held_is_said_beside_undo(
    tabs: Tabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNDO_SEND_SECONDS", "10")
    get_settings.cache_clear()
    ticket = opened()
    page = await tabs.open(f"/t/{ticket.id}")
    seen = written(ticket.id, "It is broken.")
    await page.do(Composer.send(ticket.id, "reply", "Hello", "k", False, seen))
    post_message(over_rest(), ticket.id, MessageCreate(body="The team's own."))

    def waits() -> str:
        (held,) = page.shown(Conversation)["held"]
        return str(held["waits"])

    assert waits() == WAITS
    written(ticket.id, "It works.")
    await page.until(lambda: waits() == CROSSED + WAITS)
