"""The section of one's second factor: what is secret is shown once, and put away."""

from datetime import UTC, datetime
from urllib.parse import unquote

import pytest

from harness.accounts import PASSWORD, account, administrator, code_of, factor, session_token
from tests.state.conftest import AWAY, Database
from tests.state.page import Page, Tabs
from ticket_app.actor import NOBODY
from ticket_app.services.people import identity
from ticket_app.services.people.signing_in import passwords
from ticket_app.services.people.tokens import digest
from ticket_app.settings import get_settings
from ticket_app.state.acting import Visitor, visitors
from ticket_app.state.people.account import Account
from ticket_app.state.people.second_factor import SecondFactor
from ticket_app.vocabulary import Role

pytestmark = pytest.mark.anyio

OWN = {"password": PASSWORD}


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_verify", lambda password, _: password == PASSWORD)


async def page_of(tabs: Tabs, person_id: int) -> tuple[Page, str]:
    """Returns the page of this person who has signed in, and the token of the session."""
    page, token = tabs.new(), session_token(person_id)
    visitors[page._token] = Visitor(digest(token), "127.0.0.1")
    await page.open("/account")
    await page.do(SecondFactor.load())
    return page, token


def secrets_shown(page: Page) -> list[object]:
    shown = page.shown(SecondFactor)
    return [shown[name] for name in ("secret", "picture", "codes", "codes_file") if shown[name]]


async def test_one_sets_it_up_and_sees_the_codes_once(tabs: Tabs) -> None:
    ada = administrator()
    other = session_token(ada)
    page, own = await page_of(tabs, ada)
    assert page.shown(SecondFactor)["is_set"] is False
    await page.do(SecondFactor.begin({"password": "not the password"}))
    assert page.shown(SecondFactor)["problem"] == "This is not your password."
    assert secrets_shown(page) == []
    await page.do(SecondFactor.begin(OWN))
    secret = page.shown(SecondFactor)["secret"].replace(" ", "")
    await page.do(SecondFactor.confirm({"code": "1"}))
    assert page.shown(SecondFactor)["problem"].startswith("This code is wrong")
    await page.do(SecondFactor.confirm({"code": code_of(secret, datetime.now(UTC))}))
    shown = page.shown(SecondFactor)
    assert (shown["is_set"], shown["codes_left"], shown["secret"]) == (True, 10, "")
    kept = unquote(shown["codes_file"])
    assert kept.startswith("data:text/plain") and all(code in kept for code in shown["codes"])
    assert [row["is_this"] for row in page.shown(Account)["rows"]] == [True]
    assert await identity.identify(other) == NOBODY != await identity.identify(own)
    await page.do(SecondFactor.put_away())
    assert secrets_shown(page) == []


async def test_a_page_that_loads_again_shows_no_secret(tabs: Tabs) -> None:
    page, _ = await page_of(tabs, administrator())
    for leave in (SecondFactor.load, SecondFactor.cancel):
        await page.do(SecondFactor.begin(OWN))
        assert len(secrets_shown(page)) == 2
        await page.do(leave())
        assert secrets_shown(page) == []


async def test_new_codes_and_the_end_need_a_proof(tabs: Tabs) -> None:
    ada = administrator()
    _, codes = factor(ada, Role.ADMINISTRATOR)
    page, _ = await page_of(tabs, ada)
    for act in (SecondFactor.renew, SecondFactor.turn_off):
        for wrong in ({"proof": "not the password at all"}, {"proof": 5}, {}):
            await page.do(act(wrong))
            assert "neither the password nor a code" in page.shown(SecondFactor)["problem"]
    await page.do(SecondFactor.renew({"proof": codes[0]}))
    assert len(page.shown(SecondFactor)["codes"]) == 10
    await page.do(SecondFactor.turn_off({"proof": codes[1]}))  # which the new ones have ended
    assert page.shown(SecondFactor)["is_set"] is True
    await page.do(SecondFactor.turn_off({"proof": PASSWORD}))
    assert page.shown(SecondFactor)["told"].startswith("The second factor is off.")
    assert page.shown(SecondFactor)["is_set"] is False


async def test_whose_role_needs_one_is_led_to_set_it_up_anew(
    tabs: Tabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    administrator()
    bea = account("bea@example.com", Role.AGENT)
    _, codes = factor(bea, Role.AGENT)
    monkeypatch.setenv("REQUIRE_SECOND_FACTOR", "agent")
    get_settings.cache_clear()
    page, _ = await page_of(tabs, bea)
    await page.do(SecondFactor.turn_off({"proof": codes[0]}))
    assert page.redirects == ["/second-factor"]


async def test_a_database_that_is_away_is_told(tabs: Tabs, file: Database) -> None:
    page, _ = await page_of(tabs, administrator())
    with file.away():
        await page.do(SecondFactor.load())
        assert page.shown(SecondFactor)["failed"].startswith(AWAY)
        await page.do(SecondFactor.begin(OWN))
        assert page.shown(SecondFactor)["problem"].startswith(AWAY)
    await page.do(SecondFactor.load())
    assert page.shown(SecondFactor)["failed"] == ""
