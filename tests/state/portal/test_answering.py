"""Requesters read what was said to them, answer and close, on their own page and by a link."""

import pytest

from harness.accounts import ADMINISTRATOR, account, acting
from tests.services.desk import changed, opened
from tests.state.page import Page, Tabs
from tests.state.portal.conftest import visit
from ticket_app.actor import Actor, by_command
from ticket_app.schemas.conversation import MessageCreate
from ticket_app.services.conversation.posting import post_message
from ticket_app.services.people.accounts import directory
from ticket_app.services.people.caps import MESSAGES_OF_CLIENT
from ticket_app.services.tickets.links import signed_address
from ticket_app.services.tickets.listing import get_ticket
from ticket_app.state.conversation.paged import Paged
from ticket_app.state.portal.answering import LinkedAnswer, OwnAnswer
from ticket_app.state.portal.linked_ticket import LinkedTicket
from ticket_app.state.portal.own_tickets import OwnTickets
from ticket_app.vocabulary import MessageKind, Role

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("closed")]

BEA, EVE = "bea@example.com", "eve@example.com"


def agent() -> Actor:
    ada = directory.find_person(by_command(), ADMINISTRATOR)
    return acting(ada.id, Role.ADMINISTRATOR)


def talked(ticket_id: int) -> None:
    """Lets the team write a reply and a note, and change the ticket."""
    post_message(agent(), ticket_id, MessageCreate(body="We *look*."))
    note = MessageCreate(body="xqcanary", kind=MessageKind.NOTE)
    post_message(agent(), ticket_id, note)
    changed(ticket_id, agent(), priority="high")


def said(page: Page, state: type[Paged]) -> list[tuple[str, str]]:
    entries = page.shown(state)["newest"]
    return [(each["author"], each["html"].removeprefix('<p dir="auto">')[:11]) for each in entries]


@pytest.mark.parametrize("way", ["link", "account"])
async def test_a_requester_reads_answers_and_closes(
    tabs: Tabs, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = opened(requester_email=BEA)
    person = account(BEA, Role.REQUESTER)
    talked(ticket.id)
    state, answer = (LinkedTicket, LinkedAnswer) if way == "link" else (OwnTickets, OwnAnswer)
    monkeypatch.setattr(OwnTickets, "pause_seconds", 0.0)
    if way == "link":
        page = await visit(tabs, signed_address(by_command(), ticket.id))
    else:
        page = await visit(tabs, f"/my?ticket={ticket.id}", person)
    assert said(page, state) == [("Our team", "We <em>look")]
    for _ in range(2):
        await page.do(answer.send(ticket.id, "reply", "Thank you", "k", False))
    you = "You" if way == "link" else "bea"
    assert said(page, state)[1:] == [(you, "Thank you</")]
    await page.do(answer.send(ticket.id, "note", "Let me in", "k2", False))
    assert page.shown(answer)["refusal"] != ""
    await page.do(answer.send(ticket.id, "reply", "Resolve it", "k3", True))
    assert get_ticket(by_command(), ticket.id).status == "open"
    await page.do(state.close(ticket.id))
    assert get_ticket(by_command(), ticket.id).status == "closed"
    assert page.shown(state)["ticket"]["state"] == "Closed"
    post_message(agent(), ticket.id, MessageCreate(body="Goodbye."))
    await page.until(lambda: said(page, state)[-1] == ("Our team", "Goodbye.</p"))
    await page.do(answer.send(ticket.id, "reply", "It is back", "k4", False))
    assert get_ticket(by_command(), ticket.id).status == "open"
    assert "xqcanary" not in str(page.deltas)
    assert "ada" not in str(page.shown(state))


async def test_nobody_answers_or_closes_a_foreign_ticket(tabs: Tabs) -> None:
    foreign = opened(title="xqcanary", requester_email=EVE)
    own = opened(requester_email=BEA)
    person = account(BEA, Role.REQUESTER)
    page = await visit(tabs, f"/my?ticket={foreign.id}", person)
    linked = await visit(tabs, signed_address(by_command(), own.id))
    before = get_ticket(by_command(), foreign.id).version
    await page.do(OwnAnswer.send(foreign.id, "reply", "Mine?", "k", False))
    await page.do(OwnTickets.close(foreign.id))
    await linked.do(LinkedAnswer.send(foreign.id, "reply", "Mine?", "k", False))
    wrong = await visit(tabs, f"/request?ticket={foreign.id}&key=x")
    await wrong.do(LinkedAnswer.send(foreign.id, "reply", "Mine?", "k", False))
    await wrong.do(LinkedTicket.close(foreign.id))
    assert get_ticket(by_command(), foreign.id).version == before
    assert "xqcanary" not in str([page.deltas, linked.deltas, wrong.deltas])


async def test_messages_of_a_link_end_at_the_cap(tabs: Tabs) -> None:
    ticket = opened(requester_email=BEA)
    page = await visit(tabs, signed_address(by_command(), ticket.id))
    for number in range(MESSAGES_OF_CLIENT.most + 2):
        await page.do(LinkedAnswer.send(ticket.id, "reply", f"{number}", f"k{number}", False))
    assert page.shown(LinkedAnswer)["sent"] == MESSAGES_OF_CLIENT.most
    assert "Your text is kept." in page.shown(LinkedAnswer)["refusal"]
