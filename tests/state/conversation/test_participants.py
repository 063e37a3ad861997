"""People are copied on a ticket from its page, by name or address, and taken off it again."""

import pytest

from harness.accounts import account, administrator
from harness.actors import over_rest
from tests.services.desk import opened
from tests.state.page import Page, Tabs
from tests.state.portal.conftest import visit
from ticket_app.schemas.conversation import ParticipantCreate
from ticket_app.services.conversation.participants import add_participant, list_participants
from ticket_app.state.conversation.beside import Beside
from ticket_app.state.conversation.participants import CHOOSE, NOBODY, Participants
from ticket_app.vocabulary import Role

pytestmark = pytest.mark.anyio


def copied(page: Page) -> list[str]:
    return [each["email"] for each in page.shown(Beside).get("copied", [])]


async def test_people_are_added_by_name_or_address_and_removed(tabs: Tabs) -> None:
    opened(requester_name="Bea Lima", requester_email="bea@example.com")
    opened(requester_name="Beatrix Lund", requester_email="trix@example.com")
    ticket = opened().id
    page = await tabs.open("/")
    await page.follow(f"/t/{ticket}")
    await page.do(Participants.seek("bea"))
    found = page.shown(Participants)["found"]
    assert {each["name"] for each in found} == {"Bea Lima", "Beatrix Lund"}
    await page.do(Participants.add_typed(ticket, {"participant": "bea"}))
    assert page.shown(Participants)["problem"] == CHOOSE
    await page.do(Participants.add_typed(ticket, {"participant": "nobody of this name"}))
    assert page.shown(Participants)["problem"] == NOBODY
    await page.do(Participants.add(ticket, found[0]["id"]))
    await page.do(Participants.add_typed(ticket, {"participant": "bea l"}))
    await page.do(Participants.add_typed(ticket, {"participant": " New@Example.com "}))
    assert sorted(copied(page)) == ["bea@example.com", "new@example.com"]
    assert (page.shown(Participants)["found"], page.shown(Participants)["problem"]) == ([], "")
    await page.do(Participants.add_typed(ticket, {"participant": "bea@"}))
    assert "address" in page.shown(Participants)["problem"]
    for each in list_participants(over_rest(), ticket):
        await page.do(Participants.remove(ticket, each.id))
    assert copied(page) == []


async def test_what_was_sought_at_one_ticket_is_not_offered_at_another(tabs: Tabs) -> None:
    opened(requester_name="Bea Lima", requester_email="bea@example.com")
    first, second = opened().id, opened().id
    page = await tabs.open("/")
    await page.follow(f"/t/{first}")
    await page.do(Participants.seek("bea"))
    assert len(page.shown(Participants)["found"]) == 1
    await page.do(Participants.meet())
    assert len(page.shown(Participants)["found"]) == 1
    await page.do(Participants.add_typed(first, {"participant": "bea@"}))
    await page.follow(f"/t/{second}")
    await page.until(lambda: page.shown(Participants)["found"] == [])
    assert page.shown(Participants)["problem"] == ""


async def test_what_others_do_is_shown_and_the_requester_is_refused(tabs: Tabs) -> None:
    ticket = opened(requester_email="bea@example.com").id
    page = await tabs.open("/")
    await page.follow(f"/t/{ticket}")
    add_participant(over_rest(), ticket, ParticipantCreate(person="cay@example.com"))
    await page.until(lambda: copied(page) == ["cay@example.com"])
    await page.do(Participants.add_typed(ticket, {"participant": "bea@example.com"}))
    assert "requester" in page.shown(Participants)["problem"]
    assert copied(page) == ["cay@example.com"]


async def test_a_requester_can_do_none_of_it(tabs: Tabs) -> None:
    administrator()
    bea = account("bea@example.com", Role.REQUESTER)
    ticket = opened(requester_email="bea@example.com").id
    page = await visit(tabs, "/my", bea)
    for event in (
        Participants.add_typed(ticket, {"participant": "cay@example.com"}),
        Participants.seek("b"),
    ):
        await page.do(event)
    assert list_participants(over_rest(), ticket) == []
    assert page.shown(Participants)["found"] == []
