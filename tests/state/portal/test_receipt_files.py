"""The files of the public form go to the ticket that it has filed, once, as its requester's."""

import pytest

from harness.accounts import account, acting
from tests.services.conversation.test_held_files import waiting
from tests.services.desk import all_tickets, opened
from tests.state.page import Tabs
from tests.state.portal.conftest import visit
from tests.state.portal.test_public_form import sent
from ticket_app import actor
from ticket_app.actor import Identity, by_command
from ticket_app.schemas.conversation import MessageListQuery
from ticket_app.services.conversation.reading import list_messages
from ticket_app.services.tickets.listing import get_ticket
from ticket_app.state.form.form import Form
from ticket_app.state.portal.receipt import Receipt
from ticket_app.state.portal.receipt_files import ReceiptFiles
from ticket_app.vocabulary import Role

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("closed", "attachments_folder")]


def said(ticket_id: int) -> list[tuple[str, str, int]]:
    found = list_messages(by_command(), ticket_id, MessageListQuery())
    return [(each.side, each.body, len(each.attachments)) for each in reversed(found)]


@pytest.mark.parametrize("who", ["a stranger", "a requester"])
async def test_the_files_of_a_form_are_sent_once_by_its_requester(tabs: Tabs, who: str) -> None:
    person = account("bea@example.com", Role.REQUESTER) if who == "a requester" else None
    foreign = opened(requester_email="eve@example.com").id
    page = await visit(tabs, "/new", person)
    await page.do(ReceiptFiles.file_came(foreign, 0))
    assert page.shown(Receipt)["uploads_to"] == ""
    await page.do(Form.submit(sent()))
    ticket = max(each.id for each in all_tickets())
    by_link = Identity(None, ticket_id=ticket)
    sender = acting(person, Role.REQUESTER) if person else actor.over_rest(by_link)
    where = "tickets" if person else "linked"
    assert page.shown(Receipt)["uploads_to"].startswith(f"/api/{where}/{ticket}/attachments/?")
    before = get_ticket(by_command(), ticket)
    for content in (b"one", b"two"):
        waiting(sender, ticket, content)
        await page.do(ReceiptFiles.file_came(ticket, 2 if content == b"one" else 0))
    for number in (ticket, foreign, "x"):
        await page.do(ReceiptFiles.file_came(number, 0))
    assert page.shown(ReceiptFiles)["said"] == "2 files sent with it."
    assert said(ticket) == [("requester", "Sent 2 files.", 2)]
    assert said(foreign) == []
    now = get_ticket(by_command(), ticket)
    assert (now.waiting_since, now.first_responded_at) == (before.waiting_since, None)
    await page.do(Receipt.put_away())
    await page.do(ReceiptFiles.forget())
    assert (page.shown(Receipt)["uploads_to"], page.shown(ReceiptFiles)["said"]) == ("", "")
