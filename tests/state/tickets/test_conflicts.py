"""Two edits of one field show both versions, and edits of different fields go through."""

from typing import Any

import pytest

from harness.accounts import account, acting, administrator
from harness.actors import over_rest
from tests.services.desk import changed, opened
from tests.state.page import Page, Tabs
from tests.state.portal.conftest import visit
from ticket_app.actor import by_triage
from ticket_app.services.tickets.listing import get_ticket
from ticket_app.state.acting import visitors
from ticket_app.state.notices import Notice
from ticket_app.state.tickets.actions import TicketActions
from ticket_app.state.tickets.conflicts import CONFLICTS_MAX, Conflicts
from ticket_app.vocabulary import Role

pytestmark = pytest.mark.anyio


def conflicts(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.shown(Conflicts).get("open", [])
    return found


def said(page: Page) -> list[tuple[str, str, str, str]]:
    return [(each["word"], each["by"], each["theirs"], each["mine"]) for each in conflicts(page)]


async def test_both_versions_of_a_field_are_shown_and_one_is_chosen(tabs: Tabs) -> None:
    ticket = opened(status="open", priority="low", category="general")
    page = await tabs.open(f"/t/{ticket.id}")
    changed(ticket.id, by_triage(), priority="high")
    changed(ticket.id, category="billing", title="Their title")

    async def choose(field: str, value: str, number: int, version: int = ticket.version) -> None:
        await page.do(TicketActions.change(ticket.id, field, value, number, version))

    await choose("status", "closed", 1)  # nobody else has changed it
    await choose("priority", "critical", 2)
    await choose("title", "My title", 3)
    assert said(page) == [
        ("Priority", "The triage", "High", "Critical"),
        ("Title", "Somebody else", "Their title", "My title"),
    ]
    assert page.shown(TicketActions)["answered"][f"{ticket.id}.priority"] == -2
    assert page.shown(Notice).get("text", "") == ""
    await page.do(Conflicts.keep_theirs(ticket.id, "title"))
    (priority,) = conflicts(page)
    changed(ticket.id, priority="medium")
    await choose("priority", priority["value"], 4, priority["version"])
    assert said(page) == [("Priority", "Somebody else", "Medium", "Critical")]
    await choose("priority", "critical", 5, conflicts(page)[0]["version"])
    assert conflicts(page) == []
    await choose("priority", "low", 6)  # the page is slow, and the last change was its own
    now = get_ticket(over_rest(), ticket.id)
    assert (now.status, now.priority, now.title) == ("closed", "low", "Their title")


async def test_people_are_named_and_another_page_tells_it_in_its_notice(tabs: Tabs) -> None:
    ana = acting(administrator(), Role.ADMINISTRATOR)
    bo = account("bo@example.com", Role.AGENT)
    ticket = opened()
    page = await visit(tabs, f"/t/{ticket.id}", bo)
    desk = await visit(tabs, "/", bo)
    changed(ticket.id, ana, assignee_id=ana.identity.person_id)
    for each in (page, desk):
        await each.do(TicketActions.change(ticket.id, "assignee_id", "me", 1, ticket.version))
    assert said(page) == [("Assignee", "ada", "ada", "Me")]
    assert page.shown(Notice).get("text", "") == ""
    assert "Assignee now: ada." in desk.shown(Notice)["text"]
    assert conflicts(desk) == []
    visitors.clear()


async def test_a_page_keeps_few_conflicts(tabs: Tabs) -> None:
    page = await tabs.open("/")
    tickets = [opened(priority="low") for _ in range(CONFLICTS_MAX + 1)]
    for ticket in tickets:
        await page.follow(f"/t/{ticket.id}")
        changed(ticket.id, priority="high")
        await page.do(TicketActions.change(ticket.id, "priority", "medium", 1, ticket.version))
    assert len(conflicts(page)) == CONFLICTS_MAX
    assert conflicts(page)[-1]["ticket_id"] == tickets[-1].id
