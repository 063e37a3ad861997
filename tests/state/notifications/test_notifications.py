"""The list of notifications, and their number on every page: one's own, and live."""

import asyncio

import pytest

from harness.accounts import account, acting, administrator, session_token
from harness.actors import over_rest
from tests.services.desk import changed, opened
from tests.state.page import Page, Tabs
from ticket_app.actor import by_command
from ticket_app.schemas.conversation import MessageCreate
from ticket_app.services.conversation.posting import post_message
from ticket_app.services.followers.following import Following, follow
from ticket_app.services.followers.notifications import count_unread
from ticket_app.services.followers.notifying import CONCERNS, NAME, notify
from ticket_app.services.people.tokens import digest
from ticket_app.services.tickets.deleting import delete_ticket
from ticket_app.state.acting import Visitor, visitors
from ticket_app.state.notifications import notifications
from ticket_app.state.notifications.notifications import Notifications
from ticket_app.state.notifications.unread import Unread
from ticket_app.vocabulary import Role

pytestmark = pytest.mark.anyio


async def page_of(tabs: Tabs, person_id: int, address: str = "/notifications") -> Page:
    """Returns a page of this person, who signs in."""
    page = tabs.new()
    visitors[page._token] = Visitor(digest(session_token(person_id)), "127.0.0.1")
    await page.open(address)
    return page


def shown(page: Page) -> list[tuple[int, bool]]:
    """Returns the tickets in the list, and if each is unread."""
    rows = page.shown(Notifications).get("rows", [])
    return [(each["ticket_id"], each["unread"]) for each in rows]


class Desk:
    """A desk with the agents Bea and Cay, and its follower."""

    def __init__(self) -> None:
        administrator()
        self.bea, self.cay = (account(f"{name}@example.com", Role.AGENT) for name in ("bea", "cay"))
        self._following = Following(NAME, notify, CONCERNS)
        self.catch_up()

    def catch_up(self) -> None:
        while follow(by_command(), self._following):
            pass

    def assign(self, count: int = 1) -> list[int]:
        """Lets Cay assign new tickets to Bea; returns them, the newest first."""
        found = [opened(title=f"Ticket {number}").id for number in range(count)]
        for ticket in found:
            changed(ticket, acting(self.cay, Role.AGENT), assignee_id=self.bea)
        self.catch_up()
        return found[::-1]


async def test_new_ones_wait_and_the_count_follows(tabs: Tabs) -> None:
    desk = Desk()
    (first,) = desk.assign()
    bea, cay = await page_of(tabs, desk.bea), await page_of(tabs, desk.cay)
    await bea.until(lambda: bea.shown(Unread).get("in_title") == "(1) ")
    assert shown(bea) == [(first, True)] and shown(cay) == []
    row = bea.shown(Notifications)["rows"][0]
    assert (row["who"], row["did"], row["title"]) == ("cay", "assigned you", "Ticket 0")
    second = (await asyncio.to_thread(desk.assign))[0]
    await bea.until(lambda: bea.shown(Unread)["count"] == "2")
    await bea.until(lambda: bea.shown(Notifications)["waiting"] == 1)
    assert shown(bea) == [(first, True)]
    other = await page_of(tabs, desk.bea, f"/t/{first}")
    await other.until(lambda: other.shown(Unread).get("count") == "1")
    await bea.until(lambda: shown(bea) == [(first, False)])
    await bea.do(Notifications.mark_all_read())
    await bea.do(Notifications.show_waiting())
    assert shown(bea) == [(second, True), (first, False)]
    await bea.do(Notifications.mark_all_read())
    assert shown(bea) == [(second, False), (first, False)]
    await bea.until(lambda: bea.shown(Unread)["in_title"] == "")
    delete_ticket(by_command(), second)
    await asyncio.to_thread(desk.catch_up)
    await bea.until(lambda: shown(bea) == [(first, False)])
    assert cay.shown(Unread).get("count", "") == "" and shown(cay) == []


async def test_pages_and_a_capped_count(tabs: Tabs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifications, "PAGE", 3)
    monkeypatch.setattr("ticket_app.state.notifications.unread.UNREAD_MAX", 5)
    desk = Desk()
    tickets = desk.assign(7)
    page = await page_of(tabs, desk.bea)
    await page.until(lambda: page.shown(Unread).get("count") == "4+")
    seen: list[int] = []
    for _ in range(3):
        seen += [ticket for ticket, _ in shown(page)]
        if older := page.shown(Notifications)["older"]:
            await page.follow(older)
    assert seen == tickets
    assert page.shown(Notifications)["is_older"] and not page.shown(Notifications)["older"]
    await page.do(Notifications.mark_all_read())  # it is offered at the first page alone
    bea = acting(desk.bea, Role.AGENT)
    assert (await asyncio.to_thread(count_unread, bea)).unread == len(tickets)


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30])
async def test_any_address_shows_a_page(tabs: Tabs, before: str) -> None:
    desk = Desk()
    tickets = desk.assign(2)
    page = await page_of(tabs, desk.bea, f"/notifications?before={before}")
    assert [ticket for ticket, _ in shown(page)] == tickets


async def test_a_requester_is_told_of_nothing(tabs: Tabs) -> None:
    desk = Desk()
    desk.assign()
    eve = account("eve@example.com", Role.REQUESTER)
    page = await page_of(tabs, eve)
    for event in (Notifications.load(), Notifications.show_waiting(), Unread.open_ticket()):
        await page.do(event)
    assert shown(page) == [] and page.shown(Unread).get("count", "") == ""


async def test_the_agent_of_an_open_desk_is_told(tabs: Tabs) -> None:
    following = Following(NAME, notify, CONCERNS)
    follow(by_command(), following)
    page = await tabs.open("/notifications")
    ticket = opened().id
    changed(ticket, assignee_id="me")
    asked = {"body": "Are you there?", "from": "requester"}
    post_message(over_rest(), ticket, MessageCreate.model_validate(asked))
    while await asyncio.to_thread(follow, by_command(), following):
        pass
    await page.until(lambda: shown(page) == [(ticket, True)])
    assert page.shown(Notifications)["rows"][0]["did"] == "A reply came on"
    await page.until(lambda: page.shown(Unread).get("in_title") == "(1) ")
