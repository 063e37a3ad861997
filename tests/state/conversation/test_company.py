"""The page of a ticket tells the team, and nobody else, who else is there and who writes."""

import asyncio

import pytest

from harness.accounts import account, administrator
from tests.services.desk import opened
from tests.state.conftest import Database
from tests.state.page import SECONDS, Page, Tabs
from tests.state.portal.conftest import visit
from ticket_app.bus import Attendee
from ticket_app.data.engine import write_transaction
from ticket_app.data.people.accounts import find_person
from ticket_app.presence import people
from ticket_app.state.acting import visitors
from ticket_app.state.conversation import company
from ticket_app.state.conversation.company import Company, here_sentence, names_of
from ticket_app.state.conversation.composer import Composer
from ticket_app.vocabulary import Role

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(company, "PAUSE_SECONDS", 0.0)


def named(person_id: int, name: str) -> int:
    with write_transaction() as session:
        person = find_person(session, person_id)
        assert person
        person.name = name
        session.add(person)
    return person_id


def sees(page: Page) -> tuple[str, str]:
    """Returns the two sentences of a page, without the marks of directions."""
    shown = page.shown(Company)
    plain = str.maketrans("", "", "\N{FIRST STRONG ISOLATE}\N{POP DIRECTIONAL ISOLATE}")
    return shown.get("here", "").translate(plain), shown.get("writing", "").translate(plain)


async def test_a_colleague_comes_writes_sends_and_goes(tabs: Tabs) -> None:
    ticket = opened()
    ana = named(administrator(), "Ana")
    bo = named(account("bo@example.com", Role.AGENT), "Bo")
    bea = account("bea@example.com", Role.REQUESTER)
    hers = await visit(tabs, f"/t/{ticket.id}", ana)
    also_hers = await visit(tabs, f"/t/{ticket.id}", ana)
    his = await visit(tabs, f"/t/{ticket.id}", bo)
    await hers.until(lambda: sees(hers) == ("Bo is here too", ""))
    await his.until(lambda: sees(his) == ("Ana is here too", ""))
    await also_hers.do(Company.write(ticket.id))
    await his.until(lambda: sees(his) == ("Ana is here too", "Ana is writing"))
    assert sees(hers) == ("Bo is here too", "")  # nobody sees themselves
    await his.do(Company.write(ticket.id + 1))
    await also_hers.do(Composer.send(ticket.id, "reply", "Hello", "k", False))
    await his.until(lambda: sees(his) == ("Ana is here too", ""))
    outsiders = [await visit(tabs, f"/t/{ticket.id}", each) for each in (bea, None)]
    assert "Ana" not in str([each.deltas for each in outsiders])
    assert [each.who for each in people.at(ticket.id, "")] == [f"person {ana}", f"person {bo}"]
    await also_hers.follow("/t/99")
    await hers.follow("/t/99")
    await his.until(lambda: sees(his) == ("", ""))
    assert people.at(99, "person 0")
    visitors.clear()


async def test_an_open_desk_tells_windows_apart_and_no_people(tabs: Tabs) -> None:
    ticket = opened()
    one, other = [await tabs.open(f"/t/{ticket.id}") for _ in range(2)]
    await one.until(lambda: sees(one) == ("Also open in another window", ""))
    await one.do(Company.write(ticket.id))
    await other.until(lambda: sees(other)[1] == "Somebody is writing there")
    await one.follow("/")
    await other.until(lambda: sees(other) == ("", ""))


async def test_a_page_comes_when_the_database_is_back(
    tabs: Tabs, file: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(company, "AGAIN_SECONDS", 0.0)
    ticket = opened()
    administrator()
    page = await visit(tabs, "/t/0", account("bo@example.com", Role.AGENT))
    with file.away():
        await page.follow(f"/t/{ticket.id}")
        assert people.at(ticket.id, "") == []
    async with asyncio.timeout(SECONDS):
        while not people.at(ticket.id, ""):  # noqa: ASYNC110  # it comes by itself
            await asyncio.sleep(0.01)
    visitors.clear()


def test_many_are_a_few_names_and_a_number() -> None:
    def of(*names: str) -> list[Attendee]:
        return [Attendee(1, name, name, writes=False) for name in names]

    def plain(text: str) -> str:
        return text.replace("\u2068", "").replace("\u2069", "")

    assert plain(names_of(of("Ana", "Bo"))) == "Ana and Bo"
    assert plain(here_sentence(of(*"ABCDE"))) == "A, B, C and 2 more are here too"
    assert here_sentence(of("\u202eevil")).startswith("\u2068\u202eevil\u2069")
