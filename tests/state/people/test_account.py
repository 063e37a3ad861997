"""One's own account: the name changes, and sessions end."""

import pytest
from pydantic import SecretStr

from harness.accounts import administrator, session_token
from tests.state.page import Page, Tabs
from ticket_app.actor import NOBODY, over_rest
from ticket_app.services.people import identity
from ticket_app.services.people.signing_in import single_sign_on
from ticket_app.services.people.tokens import digest
from ticket_app.settings import SingleSignOn
from ticket_app.state.acting import Visitor, visitors
from ticket_app.state.people.account import Account
from ticket_app.state.people.browser_words import browser_words
from ticket_app.state.people.me import Me
from ticket_app.vocabulary import Role

pytestmark = pytest.mark.anyio


async def account_of(tabs: Tabs, session: str, address: str = "/account") -> Page:
    """Returns the page of the holder of this session's token."""
    page = tabs.new()
    visitors[page._token] = Visitor(digest(session), "127.0.0.1")
    await page.open(address)
    await page.do(Account.load())
    return page


async def test_one_changes_ones_name(tabs: Tabs) -> None:
    page = await account_of(tabs, session_token(administrator()))
    shown = page.shown(Account)
    assert (shown["name"], shown["email"], shown["role"]) == (
        "ada",
        "ada@example.com",
        "Administrator",
    )
    await page.do(Account.rename({"name": "  Ada Löv "}))
    assert page.shown(Account)["name_told"] == "Your name is Ada Löv now."
    assert page.shown(Me)["name"] == "Ada Löv"
    for wrong in ({"name": " "}, {"name": "x" * 101}, {"name": 5}, {}):
        await page.do(Account.rename(wrong))
        assert page.shown(Account)["name_problem"].startswith("Write ")
        assert page.shown(Account)["name"] == "Ada Löv"


async def test_who_has_no_password_is_not_asked_for_one(tabs: Tabs) -> None:
    page = await account_of(tabs, session_token(administrator()))
    assert page.shown(Account)["has_password"]
    domains = {"example.com": Role.AGENT}
    sso = SingleSignOn("https://id.example.com", "a", SecretStr("s"), "Id", "groups", {}, domains)
    said = {"iss": sso.issuer, "sub": "b", "email": "bea@example.com", "email_verified": True}
    other = await account_of(tabs, single_sign_on.enter(over_rest(NOBODY), sso, said, "", ""))
    assert (other.shown(Account)["email"], other.shown(Account)["has_password"]) == (
        "bea@example.com",
        False,
    )


async def test_one_ends_a_session_or_all_others(tabs: Tabs) -> None:
    ada = administrator()
    here, *others = (session_token(ada) for _ in range(3))
    page = await account_of(tabs, here)
    rows = page.shown(Account)["rows"]
    assert [row["is_this"] for row in rows].count(True) == 1
    (first,) = [row for row in rows if row["handle"] == digest(digest(others[0]))[:16]]
    await page.do(Account.end_session(first["handle"]))
    assert await identity.identify(others[0]) == NOBODY
    assert await identity.identify(others[1]) != NOBODY
    await page.do(Account.end_others())
    assert await identity.identify(others[1]) == NOBODY
    assert await identity.identify(here) != NOBODY
    assert [row["is_this"] for row in page.shown(Account)["rows"]] == [True]


async def test_the_address_says_how_a_new_password_went(tabs: Tabs) -> None:
    here = session_token(administrator())
    page = await account_of(tabs, here, "/account?problem=wrong")
    assert page.shown(Account)["problem"] == "The current password is wrong."
    page = await account_of(tabs, here, "/account?done=password")
    assert page.shown(Account)["done"].startswith("The password is changed.")


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
                "Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"
            ),
            "Edge on Windows",
        ),
        (
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
                "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
            ),
            "Safari on iPhone",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Linux",
        ),
        ("", "An unknown browser"),
    ],
)
def test_a_browser_is_told_in_words(user_agent: str, words: str) -> None:
    assert browser_words(user_agent) == words
