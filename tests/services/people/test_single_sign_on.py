"""Whose account a provider's claims are, and with which role."""

import logging
from typing import Any

import pytest
from pydantic import SecretStr
from sqlmodel import col, func, select

from harness.accounts import (
    ADMINISTRATOR,
    PASSWORD,
    PASSWORD_HASH,
    account,
    administrator,
    session_token,
)
from tests.services.desk import opened
from ticket_app.actor import NOBODY, Actor, by_command, over_rest
from ticket_app.data.engine import read_transaction
from ticket_app.data.people.accounts import find_own_login
from ticket_app.data.people.tables import AuditEntry
from ticket_app.errors import LastAdministratorError, SignOnProblem, SingleSignOnError
from ticket_app.schemas.people import PersonPublic
from ticket_app.services.people import identity, sessions
from ticket_app.services.people.accounts import directory, invitations, rights
from ticket_app.services.people.signing_in import single_sign_on
from ticket_app.services.people.signing_in.sign_in import change_password
from ticket_app.settings import SingleSignOn
from ticket_app.vocabulary import Role

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.anyio]

ISSUER = "https://id.example.com"
ROLES = {"admins": Role.ADMINISTRATOR, "support": Role.AGENT}
BEA = {"iss": ISSUER, "sub": "b-1", "email": "Bea@Example.com", "email_verified": True}


def provider(**changes: Any) -> SingleSignOn:
    """Returns a provider that decides nothing about roles, with changes."""
    plain = SingleSignOn(ISSUER, "desk", SecretStr("s"), "Provider", "groups", {}, {})
    return plain._replace(**changes)


async def enter(
    said: dict[str, Any], sso: SingleSignOn | None = None, actor: Actor | None = None
) -> PersonPublic:
    """Signs in with these claims; returns the person whose session begins."""
    actor = actor or over_rest(NOBODY)
    token = single_sign_on.enter(actor, sso or provider(), said, "127.0.0.1", "test")
    found = await identity.identify(token)
    assert found.person_id is not None
    return directory.me(over_rest(found))


async def problem(said: dict[str, Any], sso: SingleSignOn | None = None) -> SignOnProblem:
    """Returns why these claims sign nobody in."""
    with pytest.raises(SingleSignOnError) as refused:
        await enter(said, sso)
    return refused.value.reason


async def test_a_verified_address_finds_the_account_and_then_the_subject_alone_counts() -> None:
    administrator()
    bea = account("bea@example.com", Role.AGENT)
    assert (await enter(BEA)).id == bea
    later = BEA | {"email": "beatrice@example.com", "email_verified": False}
    person = await enter(later)
    assert (person.id, person.email) == (bea, "bea@example.com")
    assert await problem(BEA | {"sub": "b-2"}) is SignOnProblem.OTHER_SUBJECT
    assert (await enter(BEA | {"iss": f"{ISSUER}/other", "sub": "b-1"})).id == bea


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize("said", [False, None, "true", 1, "false"])
async def test_an_address_that_is_not_verified_gives_nobody_an_account(said: object) -> None:
    ada = administrator()
    claims = BEA | {"email": ADMINISTRATOR, "email_verified": said}
    everyone = provider(domains={"*": Role.AGENT})
    assert await problem(claims, everyone) is SignOnProblem.UNVERIFIED
    assert (await enter(claims | {"email_verified": True}, everyone)).id == ada
    without = {key: value for key, value in claims.items() if key != "email_verified"}
    assert await problem(without | {"sub": "else"}, everyone) is SignOnProblem.UNVERIFIED
    # Only Entra ID says it by this claim.
    assert await problem(without | {"sub": "else", "xms_edov": True}) is SignOnProblem.UNVERIFIED


@pytest.mark.rest_in_prove("database")
async def test_entra_says_by_a_claim_of_its_own_that_an_address_is_verified() -> None:
    ada = administrator()
    issuer = "https://login.microsoftonline.com/1-2-3/v2.0"
    claims = {"iss": issuer, "sub": "e", "email": ADMINISTRATOR, "email_verified": True}
    assert await problem(claims, provider(issuer=issuer)) is SignOnProblem.UNVERIFIED
    assert (await enter(claims | {"xms_edov": True}, provider(issuer=issuer))).id == ada


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize(
    "said",
    [
        {"sub": None}, {"sub": ""}, {"sub": "x" * 256}, {"sub": 7}, {"sub": "a\0b"},
        {"sub": "a\nb"}, {"sub": ["b-1"]},
    ],
)  # fmt: skip
async def test_a_subject_is_a_text_of_one_line(said: dict[str, Any]) -> None:
    administrator()
    account("bea@example.com", Role.AGENT)
    assert await problem(BEA | said) is SignOnProblem.NOT_BELIEVED


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize("email", ["", "no address", "a@b\r\nc.com", None, 7, ["a@example.com"]])
async def test_what_is_no_address_finds_nobody(email: object) -> None:
    administrator()
    assert await problem(BEA | {"email": email}) is SignOnProblem.UNVERIFIED


@pytest.mark.rest_in_prove("database")
async def test_a_stranger_needs_a_role() -> None:
    administrator()
    assert await problem(BEA) is SignOnProblem.REFUSED
    assert await problem(BEA, provider(domains={"other.com": Role.AGENT})) is SignOnProblem.REFUSED
    sub = provider(domains={"sub.example.com": Role.AGENT, "ample.com": Role.AGENT})
    assert await problem(BEA, sub) is SignOnProblem.REFUSED
    person = await enter(BEA | {"name": "Bea"}, provider(domains={"example.com": Role.AGENT}))
    assert (person.name, person.email, person.role) == ("Bea", "bea@example.com", Role.AGENT)
    assert person.has_account
    cid = BEA | {"sub": "c", "email": "cid@elsewhere.org"}
    both = provider(domains={"example.com": Role.AGENT, "*": Role.REQUESTER})
    assert (await enter(cid, both)).role is Role.REQUESTER


async def test_a_requester_whose_address_is_known_needs_no_rule_and_keeps_the_name() -> None:
    administrator()
    opened(requester_name="Bea", requester_email="bea@example.com")
    person = await enter(BEA | {"name": "Mallory"})
    assert (person.name, person.role) == ("Bea", Role.REQUESTER)
    assert [each.email for each in directory.list_people(by_command())][-1] == "bea@example.com"


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"groups": ["staff", "support"]}, Role.AGENT),
        ({"groups": ["support", "admins"]}, Role.ADMINISTRATOR),
        ({"groups": "admins"}, Role.ADMINISTRATOR),
        ({"groups": ["Admins", "admin", 7, None, ["admins"]]}, Role.REQUESTER),
        ({"groups": {"admins": True}}, Role.REQUESTER),
        ({}, Role.REQUESTER),
    ],
)
async def test_the_claim_gives_the_highest_of_its_roles(
    said: dict[str, Any], expected: Role
) -> None:
    administrator()
    account("bea@example.com", Role.REQUESTER)
    assert (await enter(BEA | said, provider(roles=ROLES))).role is expected


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("realm_access.roles", {"realm_access": {"roles": ["support"]}}),
        ("https://desk.example/roles", {"https://desk.example/roles": ["support"]}),
    ],
)
async def test_a_claim_may_be_within_another_or_have_dots_of_its_own(
    path: str, said: dict[str, Any]
) -> None:
    administrator()
    person = await enter(BEA | said, provider(roles=ROLES, role_claim=path))
    assert person.role is Role.AGENT
    broken = provider(roles=ROLES, role_claim=f"{path}.deeper.x")
    assert (await enter(BEA | said, broken)).role is Role.REQUESTER


async def test_a_role_that_the_provider_changes_ends_the_other_sessions() -> None:
    administrator()
    bea = account("bea@example.com", Role.AGENT)
    before = session_token(bea)
    sso = provider(roles=ROLES)
    assert (await enter(BEA | {"groups": ["support"]}, sso)).role is Role.AGENT
    assert (await identity.identify(before)).person_id == bea
    assert (await enter(BEA, sso)).role is Role.REQUESTER
    assert (await identity.identify(before)).person_id is None
    domain = provider(roles=ROLES, domains={"example.com": Role.AGENT})
    assert (await enter(BEA, domain)).role is Role.AGENT


@pytest.mark.rest_in_prove("database")
async def test_without_roles_of_a_claim_the_desk_decides_after_the_first_sign_in() -> None:
    ada = administrator()
    bea = account("bea@example.com", Role.REQUESTER)
    sso = provider(domains={"example.com": Role.AGENT})
    assert (await enter(BEA, sso)).role is Role.AGENT
    rights.change_role(by_command(), bea, Role.REQUESTER)
    assert (await enter(BEA, sso)).role is Role.REQUESTER
    of_ada = BEA | {"sub": "a", "email": ADMINISTRATOR}
    person = await enter(of_ada, sso)
    assert (person.id, person.role) == (ada, Role.ADMINISTRATOR)


async def test_the_last_administrator_with_a_password_stays_whatever_the_provider_says(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ada = administrator()
    sso = provider(roles=ROLES)
    bea = await enter(BEA | {"groups": ["admins"]}, sso)
    assert bea.role is Role.ADMINISTRATOR
    of_ada = BEA | {"sub": "a", "email": ADMINISTRATOR}
    with caplog.at_level(logging.WARNING):
        person = await enter(of_ada, sso)
    assert (person.id, person.role) == (ada, Role.ADMINISTRATOR)
    assert f"person {ada} stays an administrator" in caplog.text
    with pytest.raises(LastAdministratorError):
        rights.set_active(by_command(), ada, False)
    # Who signs in by the provider alone may be lowered: the desk keeps Ada.
    assert rights.change_role(by_command(), bea.id, Role.AGENT).role is Role.AGENT
    rights.change_role(by_command(), bea.id, Role.ADMINISTRATOR)
    rights.create_administrator(by_command(), "cid@example.com", None, PASSWORD_HASH)
    assert (await enter(of_ada, sso)).role is Role.REQUESTER


@pytest.mark.rest_in_prove("database")
async def test_a_deactivated_person_is_told_what_a_stranger_is_told() -> None:
    administrator()
    bea = account("bea@example.com", Role.AGENT)
    rights.set_active(by_command(), bea, False)
    everyone = provider(domains={"*": Role.AGENT})
    assert await problem(BEA, everyone) is SignOnProblem.REFUSED
    rights.set_active(by_command(), bea, True)
    await enter(BEA, everyone)
    rights.set_active(by_command(), bea, False)
    assert await problem(BEA, everyone) is SignOnProblem.REFUSED


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Eve\r\nSet-Cookie: x=1", "EveSet-Cookie: x=1"),
        ("  Eve\u2028\x1b[31m ", "Eve[31m"),
        ("\u200b \n", "eve"),
        ("x" * 500, "x" * 100),
        (["Eve"], "eve"),
        (None, "eve"),
    ],
)
async def test_a_name_becomes_one_line(said: object, name: str) -> None:
    administrator()
    claims = BEA | {"email": "eve@example.com", "name": said}
    assert (await enter(claims, provider(domains={"*": Role.REQUESTER}))).name == name


async def test_the_session_before_ends_and_the_new_one_knows_its_provider() -> None:
    administrator()
    bea = account("bea@example.com", Role.AGENT)
    before = session_token(bea)
    actor = over_rest(await identity.identify(before))
    assert not single_sign_on.began_by_provider(actor)
    token = single_sign_on.enter(actor, provider(), BEA, "127.0.0.1", "test")
    assert (await identity.identify(before)).person_id is None
    now = over_rest(await identity.identify(token))
    assert single_sign_on.began_by_provider(now)
    assert not single_sign_on.began_by_provider(over_rest(NOBODY))


async def test_a_new_password_leaves_a_session_to_its_provider() -> None:
    administrator()
    bea = account("bea@example.com", Role.AGENT)
    current, new = PASSWORD, "staples of my own"
    for by_provider in (True, False):
        stranger = over_rest(NOBODY)
        token = sessions.begin(stranger, bea, "127.0.0.1", "test", by_provider=by_provider)
        own = over_rest(await identity.identify(token))
        token = await change_password(own, current, new, "127.0.0.1", "test")
        now = over_rest(await identity.identify(token))
        assert single_sign_on.began_by_provider(now) is by_provider
        current, new = new, "teapot lantern gravel"


async def test_who_is_unlinked_signs_in_by_the_address_again() -> None:
    administrator()
    bea = account("bea@example.com", Role.AGENT)
    kept = session_token(bea)
    token = single_sign_on.enter(over_rest(NOBODY), provider(), BEA, "127.0.0.1", "test")
    assert single_sign_on.unlink(by_command(), bea)
    assert (await identity.identify(token)).person_id is None
    assert (await identity.identify(kept)).person_id == bea
    assert not single_sign_on.unlink(by_command(), bea)
    assert (await enter(BEA | {"sub": "b-2"})).id == bea


async def test_an_account_without_a_password_is_an_account() -> None:
    administrator()
    bea = await enter(BEA, provider(domains={"*": Role.AGENT}))
    with read_transaction() as session:
        assert find_own_login(session, bea.id).password_hash is None
    invitations.invite(by_command(), "bea@example.com", None, Role.REQUESTER)
    person = directory.find_person(by_command(), "bea@example.com")
    assert (person.role, person.has_account) == (Role.AGENT, True)


async def test_the_audit_tells_of_links_roles_sign_ins_and_failures() -> None:
    administrator()
    bea = account("bea@example.com", Role.AGENT)
    with read_transaction() as session:
        before = session.scalars(select(func.max(AuditEntry.id))).one()
    sso = provider(roles=ROLES)
    await enter(BEA | {"groups": ["admins"]}, sso)
    single_sign_on.unlink(by_command(), bea)
    rights.set_active(by_command(), bea, False)
    with pytest.raises(SingleSignOnError) as refused:
        await enter(BEA, sso)
    single_sign_on.record_failure(over_rest(NOBODY), refused.value)
    stale = SingleSignOnError(SignOnProblem.STALE)
    single_sign_on.record_failure(over_rest(NOBODY), stale)
    with read_transaction() as session:
        asked = select(AuditEntry).where(col(AuditEntry.id) > before).order_by(col(AuditEntry.id))
        said = [(each.action, each.detail) for each in session.scalars(asked)]
        assert {each.person_id for each in session.scalars(asked)} == {bea}
    assert said == [
        ("identity_linked", "OpenID Connect"),
        ("role_changed", "agent -> administrator, by OpenID Connect"),
        ("sign_in", "OpenID Connect"),
        ("identity_unlinked", ""),
        ("deactivated", ""),
        ("sign_in_failed", "OpenID Connect: refused"),
    ]
