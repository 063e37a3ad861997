"""API tokens on the pages: one's own, and those of a person for an administrator."""

import pytest

from harness.accounts import account, acting, administrator, session_token
from tests.state.page import Page, Tabs
from ticket_app.actor import NOBODY, Identity, by_command, over_rest
from ticket_app.errors import NotAllowedError, TokenNotFoundError
from ticket_app.schemas.people import TokenCreate
from ticket_app.services.people.api_tokens import issuing
from ticket_app.services.people.api_tokens.bearer import read_bearer
from ticket_app.services.people.tokens import digest
from ticket_app.state.acting import Visitor, visitors
from ticket_app.state.people.tokens import PersonTokens, Tokens
from ticket_app.vocabulary import Role, TokenScope

pytestmark = pytest.mark.anyio


async def page_of(tabs: Tabs, person: int, address: str) -> Page:
    """Returns a page of this person, who signs in."""
    page = tabs.new()
    visitors[page._token] = Visitor(digest(session_token(person)), "127.0.0.1")
    await page.open(address)
    return page


def works(token: str) -> bool:
    return read_bearer(by_command(), digest(token)) != NOBODY


async def test_a_token_is_shown_once_and_revoked(tabs: Tabs) -> None:
    page = await page_of(tabs, administrator(), "/account")
    await page.do(Tokens.load())
    await page.do(Tokens.make({"name": " Export ", "scope": "write", "days": "30"}))
    token = page.shown(Tokens)["made"]
    (row,) = page.shown(Tokens)["rows"]
    assert works(token) and (row["name"], row["scope"]) == ("Export", "write")
    assert (row["last_used_at"], row["has_expired"]) == ("", False)
    await page.do(Tokens.put_away())
    assert page.shown(Tokens)["made"] == ""
    await page.do(Tokens.revoke(row["id"]))
    assert page.shown(Tokens)["rows"] == [] and not works(token)
    await page.do(Tokens.revoke(row["id"]))
    assert page.shown(Tokens)["problem"].startswith("There is no token")


@pytest.mark.parametrize(
    "given",
    [
        {"name": " ", "scope": "read", "days": "30"},
        {"name": "A", "scope": "all", "days": "30"},
        {"name": "A", "scope": "read", "days": "366"},
        {"name": "A", "scope": "read", "days": "x"},
        {"name": ["A"]},
        {},
    ],
)
async def test_a_wrong_form_makes_no_token(tabs: Tabs, given: dict[str, object]) -> None:
    page = await page_of(tabs, administrator(), "/account")
    await page.do(Tokens.make(given))
    shown = page.shown(Tokens)
    assert (shown["problem"] != "", shown.get("made", ""), shown.get("rows", [])) == (True, "", [])


async def test_an_administrator_revokes_a_token_of_another(tabs: Tabs) -> None:
    ada = administrator()
    bea = account("bea@example.com", Role.AGENT)
    made = issuing.make_token_for(by_command(), bea, TokenCreate(name="Export"))
    page = await page_of(tabs, ada, "/people")
    await page.do(PersonTokens.show(bea))
    assert [row["name"] for row in page.shown(PersonTokens)["rows"]] == ["Export"]
    await page.do(PersonTokens.revoke(made.id))
    assert page.shown(PersonTokens)["rows"] == [] and not works(made.token)
    await page.do(PersonTokens.show(bea))
    assert page.shown(PersonTokens)["of"] == 0
    agent = await page_of(tabs, bea, "/")
    await agent.do(PersonTokens.show(ada))
    assert agent.shown(PersonTokens)["rows"] == []


def test_no_agent_and_no_token_sees_or_revokes_tokens_of_others(sqlite_database: str) -> None:
    ada = administrator()
    bea = account("bea@example.com", Role.AGENT)
    made = issuing.make_token_for(by_command(), ada, TokenCreate(name="Export"))
    program = over_rest(Identity(Role.ADMINISTRATOR, ada, token_scope=TokenScope.ADMIN))
    for actor in (acting(bea, Role.AGENT), program):
        with pytest.raises(NotAllowedError):
            issuing.tokens_of(actor, ada)
        with pytest.raises(NotAllowedError):
            issuing.revoke_token_of(actor, ada, made.id)
    with pytest.raises(TokenNotFoundError):
        issuing.revoke_token_of(acting(ada, Role.ADMINISTRATOR), bea, made.id)
    assert works(made.token)
