"""A role may need a second factor: without one nobody of it can do anything but set it up."""

import pytest

from harness.accounts import (
    PASSWORD,
    account,
    acting,
    administrator,
    code_of,
    factor,
    session_token,
)
from ticket_app.actor import NOBODY, Actor, over_rest
from ticket_app.errors import SecondFactorRequiredError
from ticket_app.schemas.people import TokenCreate
from ticket_app.services.people import identity, sessions
from ticket_app.services.people.api_tokens import issuing
from ticket_app.services.people.api_tokens.bearer import identify_bearer
from ticket_app.services.people.permission import Verb, may, require, scope_of
from ticket_app.services.people.signing_in import second_factor
from ticket_app.settings import get_settings
from ticket_app.vocabulary import Role

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.anyio]


def require_of(monkeypatch: pytest.MonkeyPatch, *roles: Role) -> None:
    """Lets these roles need a second factor from now on, as after a new start."""
    monkeypatch.setenv("REQUIRE_SECOND_FACTOR", ",".join(roles))
    get_settings.cache_clear()
    identity.forget()


async def actor_with(token: str) -> Actor:
    return over_rest(await identity.identify(token))


async def test_a_session_without_the_factor_sets_one_up_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = session_token(administrator())
    before = await actor_with(token)
    assert may(before, Verb.MANAGE_PEOPLE)
    require_of(monkeypatch, Role.ADMINISTRATOR)
    waiting = await actor_with(token)
    assert waiting.identity.role is None
    assert [verb for verb in Verb if may(waiting, verb)] == [Verb.SET_UP_FACTOR]
    assert scope_of(waiting).ticket_id == 0
    with pytest.raises(SecondFactorRequiredError):
        require(waiting, Verb.READ_TICKETS)
    with pytest.raises(SecondFactorRequiredError):
        issuing.make_own_token(waiting, TokenCreate(name="export"))
    assert second_factor.own_factor(waiting).is_needed
    new = await second_factor.begin_factor(waiting, "Desk", PASSWORD, "127.0.0.1", "test")
    assert (await actor_with(token)).identity.awaits_factor  # it is not confirmed yet
    second_factor.confirm_factor(waiting, code_of(new.secret, waiting.at))
    assert (await actor_with(token)).identity == before.identity


async def test_it_is_the_role_that_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    administrator()
    require_of(monkeypatch, Role.ADMINISTRATOR, Role.AGENT)
    bea = session_token(account("bea@example.com", Role.AGENT))
    rob = session_token(account("rob@example.com", Role.REQUESTER))
    assert (await actor_with(bea)).identity.awaits_factor
    assert (await actor_with(rob)).identity.role is Role.REQUESTER


async def test_a_removed_factor_has_to_be_set_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    ada = administrator()
    require_of(monkeypatch, Role.ADMINISTRATOR)
    _, codes = factor(ada, Role.ADMINISTRATOR)
    token = session_token(ada)
    own = await actor_with(token)
    await second_factor.turn_off(own, codes[0], "127.0.0.1", "test")
    assert (await actor_with(token)).identity.awaits_factor


async def test_a_provider_asks_for_a_factor_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    ada = administrator()
    require_of(monkeypatch, Role.ADMINISTRATOR)
    token = sessions.begin(over_rest(NOBODY), ada, "127.0.0.1", "test", by_provider=True)
    assert (await actor_with(token)).identity.role is Role.ADMINISTRATOR


async def test_tokens_from_before_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    own = acting(administrator(), Role.ADMINISTRATOR)
    made = issuing.make_own_token(own, TokenCreate(name="export"))
    require_of(monkeypatch, Role.ADMINISTRATOR)
    assert may(over_rest(await identify_bearer(made.token)), Verb.READ_TICKETS)
