"""The page of people: an administrator invites, changes roles and ends accounts."""

from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text

from harness.accounts import PASSWORD_HASH, account, administrator, factor, session_token
from tests.services.desk import changed, opened
from tests.state import page as page_module
from tests.state.page import Page, Tabs
from ticket_app.actor import NOBODY, by_command, over_rest
from ticket_app.data.engine import write_transaction
from ticket_app.services.people import identity
from ticket_app.services.people.accounts import directory, invitations
from ticket_app.services.people.tokens import digest
from ticket_app.services.tickets.assigning.handing_on import hand_on
from ticket_app.services.tickets.listing import get_ticket
from ticket_app.state.acting import Visitor, visitors
from ticket_app.state.people.people import People
from ticket_app.vocabulary import Role

pytestmark = pytest.mark.anyio


async def page_of(tabs: Tabs, person_id: int) -> Page:
    """Returns the page of this person, who signs in."""
    page = tabs.new()
    visitors[page._token] = Visitor(digest(session_token(person_id)), "127.0.0.1")
    await page.open("/people")
    await page.do(People.load())
    return page


def emails(page: Page) -> list[str]:
    """Returns the addresses that the page lists."""
    return [row["email"] for row in page.shown(People)["rows"]]


async def test_an_invitation_shows_its_link_once(tabs: Tabs) -> None:
    page = await page_of(tabs, administrator())
    await page.do(People.invite({"email": "Bea@Example.com", "name": "Bea", "role": "agent"}))
    shown = page.shown(People)
    (token,) = parse_qs(urlsplit(shown["link"]).query)["token"]
    assert [(row["name"], row["state"]) for row in shown["rows"]] == [
        ("ada", "Active"),
        ("Bea", "Invited"),
    ]
    invitations.use_link(over_rest(NOBODY), token, PASSWORD_HASH)
    await page.do(People.load())
    assert page.shown(People)["link"] == ""
    assert page.shown(People)["rows"][1]["state"] == "Active"


async def test_an_invitation_that_has_ended_is_told_and_renewed(tabs: Tabs) -> None:
    ada = administrator()
    invitations.invite(by_command(), "bea@example.com", "Bea", Role.AGENT)
    with write_transaction() as session:
        for column, year in (("created_at", 2020), ("expires_at", 2021)):
            at = f"{year}-01-01 00:00:00.000000"
            session.execute(text(f"UPDATE account_link SET {column} = '{at}'"))
    page = await page_of(tabs, ada)
    bea = page.shown(People)["rows"][1]
    assert bea["state"] == "Invitation ended"
    await page.do(People.new_link(bea["id"]))
    states = [row["state"] for row in page.shown(People)["rows"]]
    assert states == ["Active", "Invited"]


async def test_a_link_begins_with_the_desks_own_address(
    tabs: Tabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_module, "ORIGIN", "http://evil.example")
    ada = administrator()
    page = await page_of(tabs, ada)
    await page.do(People.invite({"email": "bea@example.com", "role": "agent"}))
    assert page.shown(People)["link"].startswith("http://localhost:8000/welcome?token=")
    await page.do(People.new_link(ada))
    assert page.shown(People)["link"].startswith("http://localhost:8000/welcome?token=")


@pytest.mark.parametrize(
    "given",
    [{"email": "bea", "role": "agent"}, {"email": 5, "role": "agent"}, {"role": "agent"}],
)
async def test_a_wrong_invitation_is_told(tabs: Tabs, given: dict[str, object]) -> None:
    page = await page_of(tabs, administrator())
    await page.do(People.invite(given))
    assert "Write an e-mail address" in page.shown(People)["invite_problem"]
    assert page.shown(People)["link"] == ""


async def test_a_role_changes_and_the_last_administrator_stays(tabs: Tabs) -> None:
    ada = administrator()
    bea = account("bea@example.com", Role.AGENT)
    held = session_token(bea)
    page = await page_of(tabs, ada)
    await page.do(People.change_role(ada, "agent"))
    shown = page.shown(People)
    assert "last active administrator" in shown["problem"]
    assert (shown["at"], shown["told"]) == (ada, "")
    await page.do(People.change_role(bea, "administrator"))
    assert page.shown(People)["told"] == "bea is Administrator now, and has to sign in again."
    assert await identity.identify(held) == NOBODY
    await page.do(People.set_active(bea, False))
    assert page.shown(People)["rows"][1]["state"] == "Deactivated"
    await page.do(People.new_link(bea))
    assert "is not active" in page.shown(People)["problem"]
    assert page.shown(People)["link"] == ""
    await page.do(People.set_active(bea, True))
    await page.do(People.new_link(bea))
    assert "/welcome?token=" in page.shown(People)["link"]


async def test_open_tickets_go_to_whom_the_page_says(tabs: Tabs) -> None:
    ada = administrator()
    bea, cay = (account(f"{name}@example.com", Role.AGENT) for name in ("bea", "cay"))
    tickets = [changed(opened().id, by_command(), assignee_id=each).id for each in (bea, cay)]
    page = await page_of(tabs, ada)
    assert page.shown(People)["heirs"] == [
        [str(number), name] for number, name in ((ada, "ada"), (bea, "bea"), (cay, "cay"))
    ]
    await page.do(People.choose_heir("999"))
    assert page.shown(People)["hand_to"] == ""
    await page.do(People.choose_heir(str(cay)))
    await page.do(People.change_role(ada, "agent"))
    assert "last active administrator" in page.shown(People)["problem"]
    await page.do(People.set_active(bea, False))
    assert hand_on(by_command()) == 1
    assert {get_ticket(by_command(), each).assignee_id for each in tickets} == {cay}
    await page.do(People.change_role(cay, "requester"))
    shown = page.shown(People)
    assert (shown["hand_to"], len(shown["heirs"])) == ("", 1)
    assert hand_on(by_command()) == 2
    assert {get_ticket(by_command(), each).assignee_id for each in tickets} == {None}


async def test_people_are_found_by_the_beginning_of_a_name_or_an_address(tabs: Tabs) -> None:
    ada = administrator()
    account("bea@example.com", Role.AGENT)
    opened(requester_name="100% Cid", requester_email="cid@example.com")
    page = await page_of(tabs, ada)
    assert emails(page) == ["ada@example.com", "bea@example.com"]
    for search, found in {
        "BEA": ["bea@example.com"],
        "cid": ["cid@example.com"],
        "xample.com": [],
        "Cid@Example.com": ["cid@example.com"],
        "%": [],
        "": ["ada@example.com", "bea@example.com"],
    }.items():
        await page.do(People.find({"person": search}))
        assert emails(page) == found, search


async def test_all_sessions_of_a_person_end(tabs: Tabs) -> None:
    ada = administrator()
    bea = account("bea@example.com", Role.AGENT)
    held = session_token(bea)
    page = await page_of(tabs, ada)
    await page.do(People.end_sessions(bea))
    assert await identity.identify(held) == NOBODY


async def test_a_long_list_comes_in_pages(tabs: Tabs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "PAGE_MAX", 2)
    ada = administrator()
    for name in "bcd":
        account(f"{name}@example.com", Role.AGENT)
    page = await page_of(tabs, ada)
    assert len(emails(page)) == 2
    await page.do(People.load_more())
    assert len(emails(page)) == 4


async def test_a_list_that_is_full_offers_no_more_and_says_so(
    tabs: Tabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "PAGE_MAX", 2)
    monkeypatch.setattr("ticket_app.state.people.people.ROWS_MAX", 2)
    ada = administrator()
    for name in "bcd":
        account(f"{name}@example.com", Role.AGENT)
    shown = (await page_of(tabs, ada)).shown(People)
    assert (shown["more"], shown["full"]) == (False, True)


async def test_an_administrator_removes_the_second_factor_of_another(tabs: Tabs) -> None:
    ada, bea = administrator(), account("bea@example.com", Role.AGENT)
    factor(ada, Role.ADMINISTRATOR)
    factor(bea, Role.AGENT)
    session = session_token(bea)
    page = await page_of(tabs, ada)
    assert [row["has_second_factor"] for row in page.shown(People)["rows"]] == [True, True]
    await page.do(People.remove_factor(bea))
    assert page.shown(People)["told"].startswith("bea signs in by the password alone")
    assert [row["has_second_factor"] for row in page.shown(People)["rows"]] == [True, False]
    assert await identity.identify(session) == NOBODY
    await page.do(People.remove_factor(ada))
    assert "on the page of your account" in page.shown(People)["problem"]
    await page.do(People.load())
    assert [row["has_second_factor"] for row in page.shown(People)["rows"]] == [True, False]
