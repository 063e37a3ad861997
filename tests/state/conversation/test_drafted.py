"""A draft comes beside the field, once for a press, and stays marked until it is sent."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from harness.fake_provider import FakeProvider, Script
from tests.services.conftest import Providing
from tests.services.drafting.desk import (
    ADVICE,
    DRAFT,
    answered_ticket,
    answering,
    asked_ticket,
    rows,
    settled,
)
from tests.state.page import Tabs
from ticket_app.settings import get_settings
from ticket_app.state.conversation.composer import Composer
from ticket_app.state.conversation.conversation import Conversation
from ticket_app.state.conversation.drafted import CHANGED, Drafted

pytestmark = pytest.mark.anyio

COPYING = f"Hello. {ADVICE} Does it run?"


@contextmanager
def holding(fake: FakeProvider) -> Iterator[threading.Event]:
    """Holds every answer back until the block ends; yields what is set when a call has arrived."""
    arrived, free = threading.Event(), threading.Event()

    def hold() -> None:
        arrived.set()
        free.wait(20)

    fake.during_call = hold
    try:
        yield arrived
    finally:
        free.set()
        fake.during_call = lambda: None


async def test_without_a_provider_nothing_offers_a_draft(tabs: Tabs) -> None:
    ticket = asked_ticket()
    page = await tabs.open(f"/t/{ticket}")
    await page.do(Drafted.meet(ticket))
    assert page.shown(Drafted)["possible"] is False
    await page.do(Drafted.ask(ticket))
    shown = page.shown(Drafted)
    assert (shown["asking"], shown["draft_id"]) == (False, 0)
    assert "no AI provider" in shown["problem"]


async def test_a_draft_is_marked_until_it_is_sent(tabs: Tabs, providing: Providing) -> None:
    source, ticket = answered_ticket(), asked_ticket()
    fake = providing(Script.GOOD)
    answering(fake, COPYING)
    page = await tabs.open(f"/t/{ticket}")
    await page.do(Drafted.meet(ticket))
    await page.do(Drafted.ask(ticket))
    shown = page.shown(Drafted)
    assert (shown["by"], shown["sources"], shown["inserted"]) == ("a-model", [source], False)
    assert [(each["text"], each["source"]) for each in shown["parts"]] == [
        ("Hello. ", 0),
        (ADVICE.rstrip("."), source),
        (". Does it run?", 0),
    ]
    assert page.browser_events == []  # nothing was put into the field
    await page.do(Drafted.check(ticket, "Dear Bea"))
    assert page.shown(Drafted)["written"] is True
    both = f"Dear Bea\n\n{COPYING}"
    await page.do(Drafted.insert("Dear Bea", both))
    shown = page.shown(Drafted)
    assert (shown["inserted"], shown["copied"][0]["source"]) == (True, source)
    await page.do(Drafted.undo(f"{both} And"))
    assert page.shown(Drafted)["problem"] == CHANGED
    await page.do(Drafted.undo(both))
    assert (page.shown(Drafted)["inserted"], page.shown(Drafted)["before"]) == (False, "Dear Bea")
    edited = "Dear Bea, open the settings of the export and raise the quota to 10000. Does it run?"
    await page.do(Drafted.check(ticket, edited))
    shown = page.shown(Drafted)
    assert shown["inserted"] is True
    assert [each["text"] for each in shown["copied"]] == [
        "open the settings of the export and raise the quota to"
    ]
    reload = await tabs.open(f"/t/{ticket}")
    await reload.do(Drafted.meet(ticket))
    assert reload.shown(Drafted)["body"] == COPYING
    await page.do(Composer.send(ticket, "reply", edited, "k", False))
    assert (page.shown(Drafted)["draft_id"], page.shown(Drafted)["parts"]) == (0, [])
    assert [each.outcome for each in rows()] == ["edited"]
    (held,) = page.shown(Conversation)["held"]
    await page.do(Composer.undo(held["id"], {}))
    assert (page.shown(Drafted)["body"], page.shown(Drafted)["inserted"]) == (COPYING, True)
    assert [each.outcome for each in rows()] == [None]
    await page.do(Composer.send(ticket, "note", "Ask Cay.", "k2", False))
    assert page.shown(Drafted)["inserted"] is True
    await page.do(Drafted.throw_away())
    assert page.shown(Drafted)["draft_id"] == 0
    assert [each.outcome for each in rows()] == ["thrown_away"]


async def test_two_presses_are_one_call_and_leaving_ends_it(
    tabs: Tabs,
    providing: Providing,
) -> None:
    ticket, other = asked_ticket(), asked_ticket()
    fake = providing(Script.GOOD)
    answering(fake, DRAFT)
    page = await tabs.open(f"/t/{ticket}")
    ask = Drafted.event_handlers["ask"]
    for ending in (Drafted.cancel(), Drafted.leave(ticket), Drafted.meet(other)):
        with holding(fake) as arrived:
            await page.do(Drafted.meet(ticket))
            await page.send(ask, ticket_id=ticket, wait=False)
            assert await asyncio.to_thread(arrived.wait, 20)
            await page.do(Drafted.ask(ticket))
            await page.do(ending)
            assert page.shown(Drafted)["asking"] is False
    assert len(fake.received) == 3
    assert (page.shown(Drafted)["draft_id"], rows()) == (0, [])
    assert set(await asyncio.to_thread(settled, 3)) == {"cancelled"}


async def test_a_fault_is_said_and_the_next_press_asks_again(
    tabs: Tabs,
    providing: Providing,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticket = asked_ticket()
    fake = providing(Script.HANG)
    monkeypatch.setenv("AI_BACKGROUND_SECONDS", "0.4")
    get_settings.cache_clear()
    page = await tabs.open(f"/t/{ticket}")
    await page.do(Drafted.meet(ticket))
    await page.do(Drafted.ask(ticket))
    shown = page.shown(Drafted)
    assert (shown["asking"], shown["draft_id"]) == (False, 0)
    assert "did not answer in time" in shown["problem"]
    monkeypatch.setenv("AI_BACKGROUND_SECONDS", "20")
    get_settings.cache_clear()
    fake.script = Script.GOOD
    answering(fake, DRAFT)
    await page.do(Drafted.ask(ticket))
    assert (page.shown(Drafted)["body"], page.shown(Drafted)["problem"]) == (DRAFT, "")
