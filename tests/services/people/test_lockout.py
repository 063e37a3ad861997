"""The lockout slows those who guess passwords, and nobody else."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from harness.accounts import ADMINISTRATOR, PASSWORD, account, administrator
from tests.services.desk import wait_for_a_blocked_writer
from ticket_app.actor import NOBODY, Actor, by_command, over_rest
from ticket_app.data.engine import get_engine, write_transaction
from ticket_app.data.people import failures
from ticket_app.errors import BusyError, TooManyAttemptsError, WrongCredentialsError
from ticket_app.services.people import sessions
from ticket_app.services.people.signing_in import lockout, passwords, sign_in
from ticket_app.services.people.signing_in.lockout import OF_ADDRESS_AND_CLIENT, Limit
from ticket_app.vocabulary import Role

pytestmark = pytest.mark.anyio

COLLEAGUE = "bea@example.com"
ATTACKER, OFFICE, HOME = "203.0.113.9", "198.51.100.7", "192.0.2.3"
MOST = OF_ADDRESS_AND_CLIENT.most


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compares without work: these tests are about counts."""
    monkeypatch.setattr(
        passwords, "_verify", lambda password, stored: stored is not None and password == PASSWORD
    )


@pytest.fixture(autouse=True)
def _team(database: str) -> None:
    administrator()
    account(COLLEAGUE, Role.AGENT)


def stranger(later: timedelta = timedelta()) -> Actor:
    actor = over_rest(NOBODY)
    return replace(actor, at=actor.at + later)


async def outcome(email: str, password: str, client: str, *, later: timedelta = timedelta()) -> str:
    """Tries a sign-in; returns `in`, `wrong` or `wait`."""
    try:
        await sign_in.sign_in(stranger(later), email, password, client, "test")
    except WrongCredentialsError:
        return "wrong"
    except TooManyAttemptsError as error:
        return "wait" if 0 < (error.retry_after_seconds or 0) <= 3600 else "for ever"
    return "in"


async def guess(email: str, client: str, times: int) -> list[str]:
    return [await outcome(email, "guess", client) for _ in range(times)]


def rows() -> int:
    with get_engine().connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM sign_in_failure")).scalar_one())


async def test_an_attacker_waits_while_the_team_signs_in() -> None:
    assert await guess(ADMINISTRATOR, ATTACKER, MOST + 2) == ["wrong"] * MOST + ["wait"] * 2
    assert await outcome(ADMINISTRATOR, PASSWORD, ATTACKER) == "wait"
    assert await outcome(ADMINISTRATOR, PASSWORD, OFFICE) == "in"
    assert await outcome(COLLEAGUE, PASSWORD, ATTACKER) == "in"  # behind the same router
    later = OF_ADDRESS_AND_CLIENT.window + timedelta(seconds=1)
    assert await outcome(ADMINISTRATOR, PASSWORD, ATTACKER, later=later) == "in"


async def test_unknown_addresses_are_locked_as_known_ones() -> None:
    assert await guess("nobody@example.com", ATTACKER, MOST + 1) == ["wrong"] * MOST + ["wait"]
    assert await guess("no address \0", ATTACKER, MOST + 1) == ["wrong"] * MOST + ["wait"]


async def test_spellings_of_an_address_are_one() -> None:
    for email in (ADMINISTRATOR, ADMINISTRATOR.upper(), f"Ada <{ADMINISTRATOR}>"):
        await guess(email, ATTACKER, 4)
    assert await outcome(ADMINISTRATOR, PASSWORD, ATTACKER) == "wait"


async def test_many_guesses_at_once_are_no_more_than_one_by_one() -> None:
    tries = [outcome(ADMINISTRATOR, "guess", ATTACKER) for _ in range(30)]
    assert sorted(await asyncio.gather(*tries)) == ["wait"] * (30 - MOST) + ["wrong"] * MOST


async def test_a_guessed_address_stays_open_to_the_clients_of_its_person(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lockout, "OF_ADDRESS", Limit(3, timedelta(hours=1)))
    assert await outcome(ADMINISTRATOR, PASSWORD, OFFICE) == "in"
    for number in range(4):
        await guess(ADMINISTRATOR, f"203.0.113.{number}", 1)
    assert await outcome(ADMINISTRATOR, PASSWORD, HOME) == "wait"
    assert await outcome(ADMINISTRATOR, PASSWORD, OFFICE) == "in"
    sessions.end_all(by_command(), 1)
    assert await outcome(ADMINISTRATOR, PASSWORD, OFFICE) == "wait"


async def test_one_client_tries_few_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockout, "OF_CLIENT", Limit(5, timedelta(minutes=15)))
    tried = [await outcome(f"p{number}@example.com", "guess", ATTACKER) for number in range(7)]
    assert tried == ["wrong"] * 5 + ["wait"] * 2
    assert await outcome(COLLEAGUE, PASSWORD, OFFICE) == "in"


async def test_right_passwords_count_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockout, "OF_CLIENT", Limit(5, timedelta(minutes=15)))
    for _ in range(8):
        assert await outcome(ADMINISTRATOR, PASSWORD, OFFICE) == "in"
    assert rows() == 1  # how often she has signed in
    for _ in range(3):
        await guess(ADMINISTRATOR, HOME, 1)
        assert await outcome(ADMINISTRATOR, PASSWORD, HOME) == "in"
    assert await guess(ADMINISTRATOR, HOME, 2) == ["wrong"] * 2


async def test_a_busy_desk_counts_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy(*_: object) -> bool:
        raise BusyError

    monkeypatch.setattr(sign_in, "verify_password", busy)
    for _ in range(MOST + 1):
        with pytest.raises(BusyError):
            await sign_in.sign_in(stranger(), ADMINISTRATOR, PASSWORD, OFFICE, "test")
    assert rows() == 0


async def test_old_counts_are_deleted_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "REMOVED_AT_ONCE", 2)
    await guess(ADMINISTRATOR, ATTACKER, 1)
    assert rows() == 4  # the pair, the client, the address, and the share of the audit
    assert not sign_in.expire_failures(by_command())
    assert rows() == 4
    later = replace(by_command(), at=by_command().at + timedelta(hours=25))
    assert [sign_in.expire_failures(later) for _ in range(3)] == [True, True, False]
    assert rows() == 0


def test_two_attempts_are_taken_back_at_once() -> None:
    key, now = "0" * 64, by_command().at

    def take_back() -> None:
        with write_transaction() as session:
            failures.take_back(session, key)

    with write_transaction() as session:
        for _ in range(2):
            failures.count(session, key, now, since=now - timedelta(hours=1))
    with ThreadPoolExecutor(1) as other:
        with write_transaction() as session:
            failures.take_back(session, key)
            waiting = other.submit(take_back)
            wait_for_a_blocked_writer()
        waiting.result()
    assert rows() == 0
