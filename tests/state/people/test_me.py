"""The frame knows who one is, and the sign of an open desk."""

import pytest

from harness.accounts import account, administrator, session_token
from tests.state.conftest import Database
from tests.state.page import Page, Tabs
from ticket_app.services.people import identity
from ticket_app.services.people.tokens import digest
from ticket_app.state.acting import Visitor, visitors
from ticket_app.state.people.me import Me
from ticket_app.vocabulary import Role

pytestmark = pytest.mark.anyio


async def shown_to(tabs: Tabs, session: str | None) -> dict[str, object]:
    """Returns what the frame shows to the holder of this session's token."""
    page: Page = tabs.new()
    visitors[page._token] = Visitor(session and digest(session), "127.0.0.1")
    await page.open("/sign-in")
    await page.do(Me.load())
    return page.shown(Me)


async def test_an_open_desk_says_so(tabs: Tabs) -> None:
    shown = await shown_to(tabs, None)
    assert (shown["is_open"], shown["name"]) == (True, "")


async def test_the_frame_says_who_one_is(tabs: Tabs) -> None:
    ada = await shown_to(tabs, session_token(administrator()))
    assert (ada["is_open"], ada["name"], ada["role"]) == (False, "ada", "Administrator")
    assert ada["manages"] is True
    bea = await shown_to(tabs, session_token(account("bea@example.com", Role.AGENT)))
    assert (bea["name"], bea["role"], bea["manages"]) == ("bea", "Agent", False)
    assert bea["is_unread"] is False
    nobody = await shown_to(tabs, None)
    assert (nobody["is_open"], nobody["name"]) == (False, "")


async def test_who_cannot_be_read_may_still_sign_out(tabs: Tabs, file: Database) -> None:
    token = session_token(administrator())
    page = tabs.new()
    visitors[page._token] = Visitor(digest(token), "127.0.0.1")
    await page.open("/sign-in")
    with file.away():
        identity.forget()
        await page.do(Me.load())
    shown = page.shown(Me)
    assert (shown["is_unread"], shown["name"]) == (True, "")
    await page.do(Me.load())
    shown = page.shown(Me)
    assert (shown["is_unread"], shown["name"]) == (False, "ada")
    nobody = tabs.new()
    visitors[nobody._token] = Visitor(None, "127.0.0.1", is_public=True)
    await nobody.open("/sign-in")
    with file.away():
        identity.forget()
        await nobody.do(Me.load())
    assert nobody.shown(Me)["is_unread"] is False
