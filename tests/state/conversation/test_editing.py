"""The title and the description are edited on the page of the ticket, and nothing is lost."""

import pytest

from harness.actors import over_rest
from tests.services.desk import changed, opened
from tests.state.page import Page, Tabs
from ticket_app.services.tickets.listing import get_ticket
from ticket_app.state.conversation.editing import Editing
from ticket_app.state.notices import Notice
from ticket_app.state.tickets.conflicts import Conflicts

pytestmark = pytest.mark.anyio


def done(page: Page) -> int:
    return int(page.shown(Editing).get("done", 0))


async def test_a_text_is_saved_or_stays_in_its_field(tabs: Tabs) -> None:
    ticket = opened(title="Prnter", description="It is blue.")
    page = await tabs.open(f"/t/{ticket.id}")
    await page.do(Editing.save(ticket.id, "title", "  ", ticket.version))
    assert done(page) == 0
    assert "title" in page.shown(Notice)["text"].lower()
    await page.do(Editing.save(ticket.id, "status", "closed", ticket.version))
    await page.do(Editing.save(ticket.id, "title", "Printer", ticket.version))
    await page.do(Editing.save(ticket.id, "description", "It is red.", ticket.version))
    assert done(page) == 2
    now = get_ticket(over_rest(), ticket.id)
    assert (now.title, now.description, now.status) == ("Printer", "It is red.", ticket.status)


async def test_what_others_wrote_meanwhile_is_shown_beside_it(tabs: Tabs) -> None:
    ticket = opened(title="Prnter")
    page = await tabs.open(f"/t/{ticket.id}")
    changed(ticket.id, title="Their printer")
    await page.do(Editing.save(ticket.id, "title", "My printer", ticket.version))
    assert get_ticket(over_rest(), ticket.id).title == "Their printer"
    (conflict,) = page.shown(Conflicts)["open"]
    assert (conflict["theirs"], conflict["mine"]) == ("Their printer", "My printer")
    assert done(page) == 1
