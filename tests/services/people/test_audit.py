"""The audit tells what people did to accounts and tickets, with the act itself, and is bounded."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

import pytest
from sqlalchemy import text

from harness.accounts import (
    ADMINISTRATOR,
    PASSWORD,
    PASSWORD_HASH,
    account,
    administrator,
    session_token,
)
from tests.services.desk import opened
from ticket_app.actor import NOBODY, Actor, Identity, by_command, over_rest
from ticket_app.data.engine import get_engine
from ticket_app.data.people import audit as stored
from ticket_app.errors import (
    LastAdministratorError,
    TicketNotFoundError,
    TokenNotFoundError,
    TooManyAttemptsError,
    TooManyRequestsError,
    WrongCredentialsError,
)
from ticket_app.schemas.people import PersonUpdate, TokenCreate
from ticket_app.services.people import audit, identity, sessions
from ticket_app.services.people.accounts import directory, invitations, rights
from ticket_app.services.people.api_tokens import issuing
from ticket_app.services.people.signing_in import lockout, passwords, sign_in
from ticket_app.services.tickets import deleting
from ticket_app.vocabulary import Role, TokenScope

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.anyio]

CLIENT, OFFICE = "203.0.113.9", "198.51.100.7"
BEA = "bea@example.com"


class Entry(NamedTuple):
    """What an entry says, without its time."""

    action: str
    actor_id: int | None = None
    person_id: int | None = None
    ticket_id: int | None = None
    client_address: str = ""
    detail: str = ""


def entries() -> list[Entry]:
    columns = ", ".join(Entry._fields)
    with get_engine().connect() as connection:
        found = connection.execute(text(f"SELECT {columns} FROM audit_entry ORDER BY id"))
        return [Entry(*row) for row in found]


def added_by(act: Callable[[], Any]) -> list[Entry]:
    before = len(entries())
    act()
    return entries()[before:]


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compares without work: these tests are about entries."""
    monkeypatch.setattr(
        passwords, "_verify", lambda password, stored: stored is not None and password == PASSWORD
    )


@pytest.fixture
def ada() -> int:
    return administrator()


@pytest.fixture
def bea(ada: int) -> int:
    return account(BEA, Role.AGENT)


def as_administrator(person_id: int) -> Actor:
    return over_rest(Identity(Role.ADMINISTRATOR, person_id), OFFICE)


async def tried(email: str, password: str, client: str = CLIENT, minutes: int = 0) -> str:
    """Tries a sign-in, so many minutes from now."""
    actor = over_rest(NOBODY)
    actor = replace(actor, at=actor.at + timedelta(minutes=minutes))
    try:
        return (await sign_in.sign_in(actor, email, password, client, "test")).token
    except WrongCredentialsError:
        return "wrong"
    except TooManyAttemptsError:
        return "wait"
    except TooManyRequestsError:
        return "often"


def test_an_account_from_its_invitation_to_its_end(ada: int) -> None:
    assert entries() == [Entry("administrator_created", person_id=ada)]
    by_ada = as_administrator(ada)
    link = invitations.invite(by_ada, BEA, None, Role.AGENT)
    bea = invitations.use_link(over_rest(NOBODY, CLIENT), link, PASSWORD_HASH)
    invitations.reset(by_ada, bea)
    rights.change_role(by_ada, bea, Role.REQUESTER)
    rights.change_role(by_ada, bea, Role.REQUESTER)  # nothing changes
    rights.set_active(by_ada, bea, False)
    rights.set_active(by_ada, bea, True)
    session_token(bea)
    sessions.end_all(by_ada, bea)
    administrator()
    assert entries()[1:] == [
        Entry("invited", ada, bea, client_address=OFFICE, detail="agent"),
        Entry("password_set", None, bea, client_address=CLIENT),
        Entry("reset_link", ada, bea, client_address=OFFICE),
        Entry("role_changed", ada, bea, client_address=OFFICE, detail="agent -> requester"),
        Entry("deactivated", ada, bea, client_address=OFFICE),
        Entry("activated", ada, bea, client_address=OFFICE),
        Entry("sign_in", None, bea, client_address="127.0.0.1"),
        Entry("session_ended", ada, bea, client_address=OFFICE),
        Entry("password_set", None, ada),
    ]


async def test_sign_ins_and_their_endings(bea: int) -> None:
    before = len(entries())
    token = await tried(f"Bea <{BEA.upper()}>", PASSWORD)
    own = over_rest(await identity.identify(token), OFFICE)
    token = await sign_in.change_password(own, PASSWORD, "staples of my own", CLIENT, "test")
    own = over_rest(await identity.identify(token), OFFICE)
    sessions.begin(over_rest(NOBODY), bea, CLIENT, "another browser")
    other = next(each for each in sessions.own_sessions(own) if not each.is_this)
    sessions.end_one_of_own(own, other.handle)
    sessions.end_one_of_own(own, other.handle)  # it has ended
    sessions.end_own(own)
    assert entries()[before:] == [
        Entry("sign_in", None, bea, client_address=CLIENT),
        Entry("password_changed", bea, bea, client_address=CLIENT),
        Entry("sign_in", bea, bea, client_address=CLIENT, detail="new password"),
        Entry("sign_in", None, bea, client_address=CLIENT),
        Entry("session_ended", bea, bea, client_address=OFFICE, detail="one"),
        Entry("sign_out", bea, bea, client_address=OFFICE),
    ]


async def test_failures_name_a_person_by_the_number_and_nobody_by_the_address(bea: int) -> None:
    ticket = opened(requester_name="Rita", requester_email="rita@example.com")
    rita = rights.set_active(by_command(), _person_of(ticket.id), False).id
    before = len(entries())
    for email in (BEA, "rita@example.com", "nobody@example.com", "no address \0"):
        assert await tried(email, "guess") == "wrong"
    token = await tried(BEA, PASSWORD)
    own = over_rest(await identity.identify(token))
    with pytest.raises(WrongCredentialsError):
        await sign_in.change_password(own, "guess", "staples of my own", CLIENT, "test")
    failed = Entry("sign_in_failed", client_address=CLIENT)
    assert [each for each in entries()[before:] if each.action != "sign_in"] == [
        failed._replace(person_id=bea, detail="wrong password"),
        failed._replace(person_id=rita, detail="no active account"),
        failed._replace(detail="unknown address"),
        failed._replace(detail="unknown address"),
        failed._replace(actor_id=bea, person_id=bea, detail="wrong password"),
    ]


def _person_of(ticket_id: int) -> int:
    with get_engine().connect() as connection:
        asked = text("SELECT requester_id FROM ticket WHERE id = :id")
        return int(connection.execute(asked, {"id": ticket_id}).scalar_one())


async def test_a_lockout_is_told_once_and_refusals_write_nothing(ada: int) -> None:
    before = len(entries())
    most = lockout.OF_ADDRESS_AND_CLIENT.most
    assert [await tried(ADMINISTRATOR, "guess") for _ in range(most + 5)] == [
        *["wrong"] * most,
        *["wait"] * 5,
    ]
    details = [each.detail for each in entries()[before:]]
    assert details == [*["wrong password"] * (most - 1), "wrong password, locked out"]


async def test_failures_of_many_addresses_leave_few_entries(
    ada: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One client is locked out; from many clients the hour's share is used up."""
    before, most = len(entries()), lockout.OF_CLIENT.most
    for number in range(most + 30):
        await tried(f"p{number}@example.com", "guess")
    assert len(entries()) - before == most
    assert most == audit.FAILURES_RECORDED
    monkeypatch.setattr(audit, "FAILURES_RECORDED", most + 2)
    for number in range(6):
        await tried(f"p{number}@example.com", "guess", f"198.51.100.{number}")
    assert [each.detail for each in entries()[before + most :]] == [
        *["unknown address"] * 2,
        audit.NO_MORE,
    ]
    # The share of an account is its own, and the next hour has one again.
    assert await tried(ADMINISTRATOR, "guess", OFFICE) == "wrong"
    assert entries()[-1].person_id == ada
    await tried("p@example.com", "guess", OFFICE, minutes=61)
    assert entries()[-1].detail == "unknown address"


def test_tokens_made_and_revoked(bea: int) -> None:
    own = over_rest(Identity(Role.AGENT, bea, "k"), OFFICE)
    new = TokenCreate(name="Nightly export", scope=TokenScope.WRITE)

    def make_and_revoke() -> None:
        token = issuing.make_own_token(own, new)
        issuing.revoke_own_token(own, token.id)
        with pytest.raises(TokenNotFoundError):
            issuing.revoke_own_token(own, token.id)

    entry = Entry("token_made", bea, bea, None, OFFICE, "#1 (write)")
    assert added_by(make_and_revoke) == [entry, entry._replace(action="token_revoked")]


async def test_nobody_fills_the_audit_by_what_is_done_to_their_own_account(
    bea: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "OWN_ACTS", 3)
    own, before = over_rest(Identity(Role.AGENT, bea, "k"), OFFICE), len(entries())
    signed_in = [await tried(BEA, PASSWORD) for _ in range(5)]
    assert signed_in[3:] == ["often", "often"]
    refused = list[int]()
    for number in range(5):
        try:
            directory.rename_self(own, f"Bea {number}")
            made = issuing.make_own_token(own, TokenCreate(name="export"))
            issuing.revoke_own_token(own, made.id)
        except TooManyRequestsError:
            refused.append(number)
    assert refused == [3, 4]
    acts = Counter(each.action for each in entries()[before:])
    assert acts == dict.fromkeys(("sign_in", "renamed", "token_made", "token_revoked"), 3)
    assert directory.me(own).name == "Bea 2"
    # What others do is theirs, and the next hour is another one.
    issuing.make_token_for(by_command(), bea, TokenCreate(name="export"))
    assert await tried(ADMINISTRATOR, PASSWORD) not in ("often", "wait")
    assert await tried(BEA, PASSWORD, minutes=61) not in ("often", "wait")


def test_tickets_deleted_and_restored(bea: int) -> None:
    own, ticket_id = over_rest(Identity(Role.AGENT, bea), OFFICE), opened().id

    def delete_and_restore() -> None:
        deleting.delete_ticket(own, ticket_id)
        deleting.ensure_deleted(own, ticket_id)  # a second click
        deleting.restore_ticket(own, ticket_id)
        deleting.restore_ticket(own, ticket_id)
        with pytest.raises(TicketNotFoundError):
            deleting.delete_ticket(own, 999)

    entry = Entry("ticket_deleted", bea, None, ticket_id, OFFICE)
    assert added_by(delete_and_restore) == [entry, entry._replace(action="ticket_restored")]


def test_what_did_not_happen_is_not_told(ada: int) -> None:
    def lower_the_last_one() -> None:
        with pytest.raises(LastAdministratorError):
            rights.change_role(by_command(), ada, Role.AGENT)

    assert added_by(lower_the_last_one) == []


def test_nothing_happens_that_cannot_be_told(bea: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the audit takes nothing")

    monkeypatch.setattr(stored, "write", fail)
    with pytest.raises(RuntimeError):
        rights.set_active(by_command(), bea, False)
    with pytest.raises(RuntimeError):
        sessions.begin(over_rest(NOBODY), bea, CLIENT, "test")
    assert added_by(lambda: None) == []
    with get_engine().connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM person_session")).scalar_one() == 0
        asked = text("SELECT count(*) FROM person WHERE NOT active")
        assert connection.execute(asked).scalar_one() == 0


def test_a_new_name_is_recorded_without_it(ada: int, bea: int) -> None:
    own = over_rest(Identity(Role.AGENT, bea), OFFICE)
    assert added_by(lambda: directory.rename_self(own, "Ada")) == [
        Entry("renamed", bea, bea, client_address=OFFICE)
    ]
    assert added_by(lambda: directory.rename_self(own, "Ada")) == []
    update = PersonUpdate(name="Bea")
    assert added_by(lambda: rights.change_person(as_administrator(ada), bea, update)) == [
        Entry("renamed", ada, bea, client_address=OFFICE)
    ]


def test_an_end_of_sessions_that_ends_none_is_no_entry(ada: int, bea: int) -> None:
    session_token(bea)
    end = partial(sessions.end_all, as_administrator(ada), bea)
    assert [each.action for each in added_by(end)] == ["session_ended"]
    assert added_by(end) == []


def test_api_tokens_end_when_a_role_rises(ada: int) -> None:
    """One from before could go around the second factor that the new role requires."""
    bea = account(BEA, Role.REQUESTER)
    issuing.make_token_for(by_command(), bea, TokenCreate(name="export", scope=TokenScope.WRITE))
    own = over_rest(Identity(Role.REQUESTER, bea, "k"))
    rights.change_person(as_administrator(ada), bea, PersonUpdate(name="Bea"))
    assert len(issuing.own_tokens(own)) == 1
    rights.change_role(as_administrator(ada), bea, Role.AGENT)
    assert issuing.own_tokens(own) == []
