"""Accounts: the desk closes for good, links work once, and an administrator always remains."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from harness.accounts import (
    ADMINISTRATOR,
    PASSWORD_HASH,
    account,
    acting,
    administrator,
    session_token,
)
from harness.actors import over_rest
from tests.services.desk import opened, wait_for_a_blocked_writer
from ticket_app.actor import NOBODY, OPEN_DESK, Actor, Identity, by_command
from ticket_app.actor import over_rest as rest_actor
from ticket_app.data.engine import get_engine, write_transaction
from ticket_app.errors import (
    AccountLinkError,
    InvalidInputError,
    LastAdministratorError,
    NoAccountsError,
    NotAllowedError,
    PersonInactiveError,
    SignInRequiredError,
)
from ticket_app.services.people import identity, sessions
from ticket_app.services.people.accounts import directory, invitations, rights
from ticket_app.services.people.permission import scope_of
from ticket_app.services.people.tokens import digest
from ticket_app.vocabulary import Role

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.anyio]


def stranger(**changes: Any) -> Actor:
    """Returns someone who has not signed in."""
    return replace(rest_actor(NOBODY), **changes)


def roles_of_active_people() -> list[Role]:
    return [each.role for each in directory.list_people(by_command()) if each.active]


async def test_the_first_account_closes_the_desk() -> None:
    assert await identity.identify(None) == OPEN_DESK
    ada = administrator()
    assert await identity.identify(None) == NOBODY
    token = session_token(ada)
    found = await identity.identify(token)
    assert (found.role, found.person_id) == (Role.ADMINISTRATOR, ada)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE desk_fact SET accounts_since = NULL",
        "UPDATE desk_fact SET accounts_since = '2030-01-01 00:00:00.000000'",
        "DELETE FROM desk_fact",
        "UPDATE person SET role = 'agent'",
        f"UPDATE person SET active = (1 = 0) WHERE email = '{ADMINISTRATOR}'",
        "DELETE FROM credential",
        "UPDATE credential SET person_id = (SELECT id FROM person WHERE role = 'agent')",
    ],
)
def test_no_writer_opens_the_desk_again_or_takes_its_last_administrator(statement: str) -> None:
    ada = administrator()
    invitations.invite(by_command(), "bea@example.com", None, Role.AGENT)
    with get_engine().begin() as connection, pytest.raises(DBAPIError):
        connection.execute(text(statement))
    assert Role.ADMINISTRATOR in roles_of_active_people()
    assert directory.find_person(by_command(), ADMINISTRATOR).has_account
    account("cid@example.com", Role.ADMINISTRATOR)
    with get_engine().begin() as connection:  # one of two passwords may go
        connection.execute(text("DELETE FROM credential WHERE person_id = :ada"), {"ada": ada})


def test_the_last_administrator_stays_and_another_may_go() -> None:
    ada = administrator()
    with pytest.raises(LastAdministratorError):
        rights.change_role(by_command(), ada, Role.AGENT)
    with pytest.raises(LastAdministratorError):
        rights.set_active(by_command(), ada, False)
    bea = account("bea@example.com", Role.ADMINISTRATOR)
    assert rights.change_role(by_command(), ada, Role.AGENT).role is Role.AGENT
    with pytest.raises(LastAdministratorError):
        rights.set_active(by_command(), bea, False)


@pytest.mark.rest_in_prove("database")
def test_one_invited_without_a_password_is_no_administrator_yet() -> None:
    ada = administrator()
    invitations.invite(by_command(), "bea@example.com", None, Role.ADMINISTRATOR)
    with pytest.raises(LastAdministratorError):
        rights.set_active(by_command(), ada, False)


def test_two_administrators_cannot_lower_each_other_at_once() -> None:
    both = [administrator(), account("bea@example.com", Role.ADMINISTRATOR)]

    def lower(person_id: int) -> bool:
        try:
            rights.change_role(by_command(), person_id, Role.AGENT)
        except LastAdministratorError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(lower, both)) == [False, True]
    assert Role.ADMINISTRATOR in roles_of_active_people()


def test_a_link_works_once_and_only_the_last_one() -> None:
    administrator()
    first = invitations.invite(by_command(), "Bea@Example.com", "Bea", Role.AGENT)
    second = invitations.invite(by_command(), "bea@example.com", None, Role.AGENT)
    with pytest.raises(AccountLinkError):
        invitations.use_link(stranger(), first, PASSWORD_HASH)
    shown = invitations.link_holder(stranger(), second)
    assert (shown.name, shown.email, shown.role) == ("Bea", "bea@example.com", Role.AGENT)
    bea = invitations.use_link(stranger(), second, PASSWORD_HASH)
    for again in (second, "", "x" * 43):
        with pytest.raises(AccountLinkError):
            invitations.use_link(stranger(), again, PASSWORD_HASH)
    assert directory.find_person(by_command(), "bea@example.com").id == bea


def test_an_expired_link_is_removed_in_the_end() -> None:
    administrator()
    invitations.invite(by_command(), "bea@example.com", None, Role.AGENT)
    bea = directory.find_person(by_command(), "bea@example.com")
    now = by_command().at
    assert bea.is_invited(now) and not bea.is_invited(now + timedelta(days=7))
    assert not invitations.expire_links(by_command())
    assert directory.find_person(by_command(), "bea@example.com") == bea
    late = replace(by_command(), at=now + timedelta(days=7, seconds=1))
    assert not invitations.expire_links(late)
    assert directory.find_person(by_command(), "bea@example.com").link_until is None


@pytest.mark.rest_in_prove("database")
def test_a_link_ends_in_time_and_with_its_person() -> None:
    ada = administrator()
    token = invitations.reset(by_command(), ada)
    late = stranger(at=stranger().at + timedelta(hours=25))
    with pytest.raises(AccountLinkError):
        invitations.use_link(late, token, PASSWORD_HASH)
    bea = account("bea@example.com", Role.AGENT)
    token = invitations.reset(by_command(), bea)
    rights.set_active(by_command(), bea, False)
    rights.set_active(by_command(), bea, True)
    with pytest.raises(AccountLinkError):
        invitations.use_link(stranger(), token, PASSWORD_HASH)


@pytest.mark.parametrize("ending", ["role", "inactive"])
def test_links_end_with_the_administrator_who_made_them(ending: str) -> None:
    ada, bea = administrator(), account("bea@example.com", Role.ADMINISTRATOR)
    by_bea, invited = acting(bea, Role.ADMINISTRATOR), "cleo@example.com"
    made = [
        invitations.reset(by_bea, ada),
        invitations.invite(by_bea, invited, None, Role.ADMINISTRATOR),
    ]
    others = invitations.reset(
        acting(ada, Role.ADMINISTRATOR), account("dan@example.com", Role.AGENT)
    )
    if ending == "role":
        rights.change_role(by_command(), bea, Role.REQUESTER)
    else:
        rights.set_active(by_command(), bea, False)
    for link in made:
        with pytest.raises(AccountLinkError):
            invitations.use_link(stranger(), link, PASSWORD_HASH)
    assert invitations.link_holder(stranger(), others).email == "dan@example.com"


@pytest.mark.parametrize("ending", ["role", "inactive", "reset", "all", "out"])
async def test_a_session_ends_with_what_it_stood_for(ending: str) -> None:
    administrator()
    bea = account("bea@example.com", Role.AGENT)
    token = session_token(bea)
    known = await identity.identify(token)
    assert known.role is Role.AGENT
    if ending == "role":
        rights.change_role(by_command(), bea, Role.REQUESTER)
    elif ending == "inactive":
        rights.set_active(by_command(), bea, False)
    elif ending == "reset":
        invitations.use_link(stranger(), invitations.reset(by_command(), bea), PASSWORD_HASH)
    elif ending == "all":
        sessions.end_all(by_command(), bea)
    else:
        sessions.end_own(rest_actor(known))
    assert await identity.identify(token) == NOBODY


@pytest.mark.rest_in_prove("database")
async def test_a_new_sign_in_ends_the_session_before_it() -> None:
    ada = administrator()
    token = session_token(ada)
    known = await identity.identify(token)
    again = sessions.begin(rest_actor(known), ada, "::1", "a browser\r\nSet-Cookie: x")
    assert await identity.identify(token) == NOBODY
    (only,) = sessions.own_sessions(rest_actor(await identity.identify(again)))
    assert only.is_this
    assert only.user_agent == "a browserSet-Cookie: x"


@pytest.mark.rest_in_prove("database")
async def test_a_session_expires() -> None:
    ada = administrator()
    token = session_token(ada)
    key = (await identity.identify(token)).session_key
    assert key is not None
    late = replace(by_command(), at=by_command().at + sessions.LIFETIME)
    assert identity.read_identity(late, key) == NOBODY
    assert sessions.in_force(late, [key]) == set()
    assert sessions.expire_sessions(late) is False


@pytest.mark.rest_in_prove("database")
def test_nobody_is_invited_while_the_desk_is_open() -> None:
    with pytest.raises(NoAccountsError):
        invitations.invite(by_command(), "bea@example.com", None, Role.AGENT)


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize(
    ("email", "name"), [("", None), ("bea", None), ("a@b.org, c@d.org", None), ("b@x.org", "a\nb")]
)
def test_a_wrong_address_or_name_is_told(email: str, name: str | None) -> None:
    administrator()
    with pytest.raises(InvalidInputError):
        invitations.invite(by_command(), email, name, Role.AGENT)


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize("role", [None, Role.REQUESTER, Role.AGENT])
def test_only_an_administrator_manages_people(role: Role | None) -> None:
    ada = administrator()
    bea = account("bea@example.com", role or Role.REQUESTER)
    actor = stranger() if role is None else acting(bea, role)
    for attempt in (
        lambda: invitations.invite(actor, "eve@example.com", None, Role.ADMINISTRATOR),
        lambda: rights.change_role(actor, bea, Role.ADMINISTRATOR),
        lambda: rights.set_active(actor, ada, False),
        lambda: invitations.reset(actor, ada),
        lambda: directory.list_people(actor),
        lambda: directory.find_person(actor, ADMINISTRATOR),
        lambda: sessions.end_all(actor, ada),
        lambda: rights.create_administrator(actor, "eve@example.com", None, PASSWORD_HASH),
    ):
        with pytest.raises(SignInRequiredError if role is None else NotAllowedError):
            attempt()


@pytest.mark.rest_in_prove("database")
def test_an_open_desk_gives_no_power_over_people() -> None:
    with pytest.raises(NotAllowedError):
        rights.create_administrator(over_rest(), "eve@example.com", None, PASSWORD_HASH)


def test_a_requester_keeps_the_name_and_gets_the_role() -> None:
    administrator()
    invitations.invite(by_command(), "bea@example.com", None, Role.AGENT)
    account("cid@example.com", Role.REQUESTER)
    listed = {each.email: each for each in directory.list_people(by_command())}
    assert listed["bea@example.com"].role is Role.AGENT
    assert not listed["bea@example.com"].has_account
    assert listed["cid@example.com"].has_account


@pytest.mark.rest_in_prove("database")
def test_a_signed_link_names_one_ticket() -> None:
    assert scope_of(rest_actor(Identity(None, ticket_id=7))).ticket_id == 7


def test_a_password_that_the_operator_sets_ends_sessions_and_links() -> None:
    ada = administrator()
    token, link = session_token(ada), invitations.reset(by_command(), ada)
    assert administrator() == ada
    with pytest.raises(AccountLinkError):
        invitations.link_holder(stranger(), link)
    assert identity.read_identity(by_command(), digest(token)) == NOBODY


def test_one_process_creates_the_first_administrator() -> None:
    def create(email: str) -> bool:
        return rights.create_first_administrator(by_command(), email, PASSWORD_HASH)

    with ThreadPoolExecutor(4) as processes:
        created = list(processes.map(create, ["ada@example.com", "bea@example.com"] * 2))
    assert sorted(created) == [False, False, False, True]
    assert len(directory.list_people(by_command())) == 1


@pytest.mark.rest_in_prove("database")
def test_who_was_deactivated_gets_no_link() -> None:
    administrator()
    bea = account("bea@example.com", Role.AGENT)
    assert rights.set_active(by_command(), bea, False).active is False
    with pytest.raises(PersonInactiveError):
        invitations.invite(by_command(), "bea@example.com", None, Role.AGENT)
    with pytest.raises(PersonInactiveError):
        invitations.reset(by_command(), bea)
    assert rights.set_active(by_command(), bea, True).active is True
    assert invitations.reset(by_command(), bea)


def test_a_person_whom_a_ticket_adds_at_the_same_time_is_invited() -> None:
    administrator()
    with ThreadPoolExecutor(1) as other:
        with write_transaction() as session:
            session.execute(text("INSERT INTO person (name, email) VALUES ('B', 'bea@x.org')"))
            inviting = other.submit(account, "bea@x.org", Role.AGENT)
            wait_for_a_blocked_writer()
        bea = directory.find_person(by_command(), "bea@x.org")
        assert (inviting.result(), bea.name) == (bea.id, "B")


def test_a_link_is_looked_up_while_another_request_uses_it() -> None:
    administrator()
    token = invitations.invite(by_command(), "bea@x.org", None, Role.AGENT)
    with write_transaction() as session:
        session.execute(text("DELETE FROM account_link"))
        assert invitations.link_holder(stranger(), token).email == "bea@x.org"


def test_people_are_found_whatever_the_case_in_any_script_and_no_others() -> None:
    administrator()
    invitations.invite(by_command(), "løv@example.com", "Løv Ångström", Role.AGENT)
    for search in ("ÅNGSTRÖM", "ångs", "LØV@example", "løv@EXAMPLE.com"):
        found = directory.list_people(by_command(), search=search)
        assert [person.name for person in found] == ["Løv Ångström"], search
    opened(requester_email="eve@example.com")
    for search in ("%", "_", "\\", "\x00xeve@", "x" * 300):
        assert directory.list_people(by_command(), search=search) == [], search
