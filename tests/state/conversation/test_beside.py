"""Beside a conversation: who cares for the ticket, who asked it, what was suggested, neighbours."""

import pytest

from harness.accounts import account, administrator
from harness.actors import over_rest
from tests.services.desk import changed, opened
from tests.state.page import Tabs
from tests.state.portal.conftest import visit
from ticket_app.services.tickets.listing import get_ticket
from ticket_app.state.conversation.beside import Beside, neighbours
from ticket_app.state.conversation.conversation import Conversation
from ticket_app.state.notices import Notice
from ticket_app.state.tickets.actions import TicketActions
from ticket_app.state.tickets.rows import row_of
from ticket_app.vocabulary import Role

pytestmark = pytest.mark.anyio

OUTAGE = "The login page of the portal answers with error 503 since this morning."


async def test_facts_similar_tickets_and_neighbours(tabs: Tabs) -> None:
    tickets = [opened(description=OUTAGE, requester_email="bea@example.com") for _ in range(3)]
    first, second, third = (each.id for each in tickets)
    page = await tabs.open("/")
    await page.follow(f"/t/{second}")
    shown = page.shown(Beside)
    assert (shown["number"], shown["previous"], shown["following"]) == (second, third, first)
    assert shown["facts"]["others_at"] == "/?requester=bea%40example.com"
    assert {each["id"] for each in shown["similar"]} == {first, third}
    assert "Category" in [line["what"] for line in shown["facts"]["suggestions"]]
    changed(second, requester_name="Bea B.")
    await page.until(lambda: page.shown(Beside)["facts"]["requester_name"] == "Bea B.")
    await page.follow(f"/t/{third}")
    assert (page.shown(Beside)["previous"], page.shown(Beside)["following"]) == (0, second)


async def test_a_ticket_is_assigned_and_a_suggestion_accepted_in_place(tabs: Tabs) -> None:
    administrator()
    ana = account("ana@example.com", Role.AGENT)
    ticket = opened()
    page = await visit(tabs, f"/t/{ticket.id}", ana)
    assert [each["name"] for each in page.shown(Beside)["team"]] == ["ada", "ana"]
    await page.do(TicketActions.change(ticket.id, "assignee_id", "me", 1, ticket.version))
    await page.until(lambda: page.shown(Beside)["facts"]["assignee"] == ana)
    assert page.shown(Notice)["said"].strip() == f"The assignee of ticket {ticket.id} is saved."
    now = get_ticket(over_rest(), ticket.id)
    await page.do(TicketActions.change(ticket.id, "assignee_id", "", 2, now.version))
    await page.until(lambda: page.shown(Beside)["facts"]["assignee"] == 0)
    now = get_ticket(over_rest(), ticket.id)
    await page.do(TicketActions.change(ticket.id, "category", now.category, 3, now.version))
    await page.until(lambda: page.shown(Conversation)["ticket"]["category_by"] == "person")


@pytest.mark.usefixtures("sqlite_database")
def test_neighbours_end_with_the_list() -> None:
    rows = [row_of(opened()) for _ in range(2)]
    assert neighbours(rows[0].id, rows) == (0, rows[1].id)
    assert neighbours(rows[1].id, rows) == (rows[0].id, 0)
    assert neighbours(99, rows) == neighbours(0, rows) == (0, 0)
