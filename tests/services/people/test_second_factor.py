"""A second factor: no password lets anybody in without a code, and each code works once."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from harness.accounts import (
    ADMINISTRATOR,
    PASSWORD,
    PASSWORD_HASH,
    account,
    acting,
    administrator,
    code_of,
    factor,
    session_token,
)
from ticket_app.actor import NOBODY, Actor, by_command, over_rest
from ticket_app.data.engine import get_engine, write_transaction
from ticket_app.errors import (
    NotAllowedError,
    SecondFactorError,
    SignInStepError,
    TooManyAttemptsError,
    WrongCodeError,
    WrongCredentialsError,
)
from ticket_app.services.people import identity, sessions
from ticket_app.services.people.accounts import invitations, rights
from ticket_app.services.people.accounts.person_rows import id_of, person_with
from ticket_app.services.people.signing_in import (
    code_step,
    lockout,
    passwords,
    second_factor,
    sign_in,
    totp,
)
from ticket_app.services.people.tokens import digest
from ticket_app.vocabulary import Role

pytestmark = pytest.mark.anyio

ATTACKER, OFFICE = "203.0.113.9", "198.51.100.7"
BEA = "bea@example.com"
WRONG = "000000"
SIXTEEN_LETTERS = "stop and go by tram s"


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compares without work: these tests are about codes."""
    monkeypatch.setattr(
        passwords, "_verify", lambda password, stored: stored is not None and password == PASSWORD
    )


@pytest.fixture
def ada(database: str) -> int:
    """The administrator of a closed desk."""
    assert database
    return administrator()


def stranger(later: timedelta = timedelta()) -> Actor:
    actor = over_rest(NOBODY)
    return replace(actor, at=actor.at + later)


async def password_typed(
    email: str = ADMINISTRATOR, client: str = ATTACKER, *, later: timedelta = timedelta()
) -> str:
    """Types the right password; returns the token of the sign-in that waits for a code."""
    entry = await sign_in.sign_in(stranger(later), email, PASSWORD, client, "test")
    assert entry.needs_code
    return entry.token


async def outcome(entering: Awaitable[object]) -> str:
    """Returns how a code was taken: `in`, `wrong`, `over` or `wait`."""
    try:
        await entering
    except WrongCodeError:
        return "wrong"
    except SignInStepError:
        return "over"
    except TooManyAttemptsError:
        return "wait"
    return "in"


def enter(
    step: str, code: str, client: str = ATTACKER, *, later: timedelta = timedelta()
) -> Awaitable[str]:
    return code_step.enter_code(stranger(later), step, code, client, "test")


async def begun(own: Actor, password: str = PASSWORD) -> second_factor.NewFactor:
    return await second_factor.begin_factor(own, "Desk", password, OFFICE, "test")


def wrong_code(secret: str) -> str:
    """Returns six digits that are no code of this secret for minutes."""
    now = stranger().at
    near = {code_of(secret, now, steps) for steps in range(-10, 10)}
    return next(f"{number:06}" for number in range(100) if f"{number:06}" not in near)


def audited() -> list[str]:
    asked = "SELECT action FROM audit_entry WHERE action LIKE '%factor%' OR action LIKE 'recovery%'"
    with get_engine().connect() as connection:
        return list(connection.execute(text(f"{asked} ORDER BY id")).scalars())


def count(table: str) -> int:
    with get_engine().connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


async def test_a_password_begins_no_session_beside_a_second_factor(ada: int) -> None:
    secret, _ = factor(ada, Role.ADMINISTRATOR)
    step = await password_typed()
    assert await identity.identify(step) == NOBODY
    assert sessions.in_force(by_command(), [digest(step)]) == set()
    assert count("person_session") == 0
    token = await enter(step, code_of(secret, stranger().at))
    found = await identity.identify(token)
    assert (found.person_id, found.role) == (ada, Role.ADMINISTRATOR)
    assert await outcome(enter(step, code_of(secret, stranger().at, 1))) == "over"
    assert await outcome(enter(token, code_of(secret, stranger().at, 1))) == "over"


async def test_each_code_works_once_and_no_earlier_one_after_it(ada: int) -> None:
    secret, _ = factor(ada, Role.ADMINISTRATOR)
    now = stranger().at
    steps = {at: await password_typed() for at in range(8)}
    tries = [(-2, "wrong"), (-1, "in"), (-1, "wrong"), (2, "wrong"), (0, "in"), (1, "in")]
    tries += [(0, "wrong"), (1, "wrong")]
    for place, (offset, expected) in enumerate(tries):
        actor = replace(stranger(), at=now)
        code = code_of(secret, now, offset)
        entering = code_step.enter_code(actor, steps[place], code, ATTACKER, "test")
        assert (offset, await outcome(entering)) == (offset, expected)


async def test_of_two_with_the_same_code_at_once_one_comes_in(ada: int) -> None:
    secret, codes = factor(ada, Role.ADMINISTRATOR)
    steps = [await password_typed() for _ in range(8)]
    for code in (code_of(secret, stranger().at), codes[0]):
        some, steps = steps[:4], steps[4:]
        tried = await asyncio.gather(*(outcome(enter(each, code)) for each in some))
        assert sorted(tried) == ["in", "wrong", "wrong", "wrong"]


async def test_five_wrong_codes_end_a_sign_in(ada: int) -> None:
    secret, _ = factor(ada, Role.ADMINISTRATOR)
    step, wrong = await password_typed(), wrong_code(secret)
    tried = [await outcome(enter(step, code)) for code in (wrong, "", "x" * 2_000, "12", wrong)]
    assert tried == ["wrong"] * 4 + ["over"]
    assert await outcome(enter(step, code_of(secret, stranger().at))) == "over"
    assert audited() == ["second_factor_set"] + ["second_factor_failed"] * 5


async def test_who_knows_a_password_tries_few_codes_a_day(ada: int) -> None:
    secret, _ = factor(ada, Role.ADMINISTRATOR)
    office = sessions.begin(stranger(), ada, OFFICE, "test")
    wrong, most = wrong_code(secret), lockout.OF_CODES.most
    step = ""
    for number in range(most):
        client = f"203.0.113.{number}"
        step = step if number % 4 else await password_typed(client=client)
        assert await outcome(enter(step, wrong, client)) == "wrong"
    step = await password_typed()
    assert await outcome(enter(step, code_of(secret, stranger().at))) == "wait"
    step = await password_typed(client=OFFICE)
    assert await outcome(enter(step, code_of(secret, stranger().at), OFFICE)) == "in"
    assert await identity.identify(office) != NOBODY
    day = lockout.OF_CODES.window + timedelta(seconds=1)
    step = await password_typed(later=day)
    assert await outcome(enter(step, code_of(secret, stranger(day).at), later=day)) == "in"


async def test_a_new_password_gives_new_tries(ada: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockout, "OF_CODES", lockout.Limit(1, timedelta(days=1)))
    secret, _ = factor(ada, Role.ADMINISTRATOR)
    step = await password_typed()
    assert await outcome(enter(step, wrong_code(secret))) == "wrong"
    assert await outcome(enter(step, code_of(secret, stranger().at))) == "wait"
    link = invitations.reset(by_command(), ada)
    entry = await sign_in.set_password(stranger(), link, PASSWORD, ATTACKER, "test")
    assert entry.needs_code  # a link for a password removes no second factor
    assert await outcome(enter(step, code_of(secret, stranger().at))) == "over"
    assert await outcome(enter(entry.token, code_of(secret, stranger().at))) == "in"


async def test_a_recovery_code_works_once_however_it_is_typed(ada: int) -> None:
    _, codes = factor(ada, Role.ADMINISTRATOR)
    assert len(set(codes)) == 10
    spelled = codes[0].upper().replace("-", " ").replace("0", "O").replace("1", "l")
    assert await outcome(enter(await password_typed(), f" {spelled}")) == "in"
    step = await password_typed()
    assert await outcome(enter(step, codes[0])) == "wrong"
    assert await outcome(enter(step, codes[1])) == "in"
    own = acting(ada, Role.ADMINISTRATOR)
    assert second_factor.own_factor(own).codes_left == 8
    newer = await second_factor.renew_codes(own, PASSWORD, OFFICE, "test")
    step = await password_typed()
    assert await outcome(enter(step, codes[2])) == "wrong"
    assert await outcome(enter(step, newer[2])) == "in"
    assert audited() == [
        "second_factor_set", "recovery_code_used", "second_factor_failed", "recovery_code_used",
        "recovery_codes_made", "second_factor_failed", "recovery_code_used",
    ]  # fmt: skip


async def test_the_database_has_no_recovery_code(ada: int) -> None:
    _, codes = factor(ada, Role.ADMINISTRATOR)
    with get_engine().connect() as connection:
        keys = set(connection.execute(text("SELECT key FROM recovery_code")).scalars())
    assert keys == {digest(code.replace("-", "")) for code in codes}


@pytest.mark.parametrize("ending", ["time", "inactive", "role", "password", "out", "factor"])
async def test_a_sign_in_that_waits_ends_with_what_it_stands_for(ada: int, ending: str) -> None:
    bea = account(BEA, Role.AGENT)
    secret, _ = factor(bea, Role.AGENT)
    step, later = await password_typed(BEA), timedelta()
    if ending == "time":
        later = code_step.LIFETIME
    elif ending == "inactive":
        rights.set_active(by_command(), bea, False)
    elif ending == "role":
        rights.change_role(by_command(), bea, Role.REQUESTER)
    elif ending == "password":
        invitations.use_link(stranger(), invitations.reset(by_command(), bea), PASSWORD_HASH)
    elif ending == "out":
        sessions.end_all(by_command(), bea)
    else:
        second_factor.remove_factor(by_command(), bea)
    code = code_of(secret, stranger(later).at)
    assert await outcome(enter(step, code, later=later)) == "over"


async def test_few_sign_ins_of_a_person_wait(ada: int) -> None:
    factor(ada, Role.ADMINISTRATOR)
    steps = [await password_typed() for _ in range(code_step.OF_PERSON_MAX + 2)]
    assert count("sign_in_step") == code_step.OF_PERSON_MAX
    assert await outcome(enter(steps[0], WRONG)) == "over"
    assert await outcome(enter(steps[-1], "x")) == "wrong"


async def test_what_waits_in_vain_is_deleted_in_steps(
    ada: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_step, "EXPIRED_AT_ONCE", 2)
    monkeypatch.setattr(invitations, "EXPIRED_AT_ONCE", 1)
    factor(ada, Role.ADMINISTRATOR)
    for _ in range(3):
        await password_typed()
    invitations.reset(by_command(), ada)
    assert not code_step.expire_steps(by_command())
    assert not invitations.expire_links(by_command())
    assert (count("sign_in_step"), count("account_link")) == (3, 1)
    late = replace(by_command(), at=by_command().at + timedelta(days=1))
    assert [code_step.expire_steps(late) for _ in range(2)] == [True, False]
    assert [invitations.expire_links(late) for _ in range(2)] == [True, False]
    assert (count("sign_in_step"), count("account_link")) == (0, 0)


async def test_what_changes_a_second_factor_ends_the_other_sessions(ada: int) -> None:
    async def others_after(change: Awaitable[object] | None) -> bool:
        other = session_token(ada)
        if change is not None:
            await change
        return await identity.identify(other) != NOBODY

    own = over_rest(await identity.identify(session_token(ada)))
    new = await begun(own)
    with pytest.raises(WrongCodeError):
        second_factor.confirm_factor(own, wrong_code(new.secret))
    assert await others_after(None)
    other = session_token(ada)
    codes = second_factor.confirm_factor(own, code_of(new.secret, own.at))
    assert await identity.identify(other) == NOBODY
    assert not await others_after(second_factor.renew_codes(own, codes[0], OFFICE, "test"))
    assert not await others_after(second_factor.turn_off(own, PASSWORD, OFFICE, "test"))
    assert await identity.identify_by_key(str(own.identity.session_key)) != NOBODY


async def test_a_stolen_session_without_the_password_sets_none_up(ada: int) -> None:
    stolen, most = acting(ada, Role.ADMINISTRATOR), lockout.OF_ADDRESS_AND_CLIENT.most
    for _ in range(most):
        with pytest.raises(WrongCredentialsError):
            await begun(stolen, "not the password at all")
    with pytest.raises(TooManyAttemptsError):
        await begun(stolen)
    with pytest.raises(SecondFactorError):
        second_factor.confirm_factor(stolen, "123456")
    assert count("second_factor") == 0


async def test_whoever_has_no_password_needs_none_to_set_it_up(ada: int) -> None:
    with write_transaction() as session:
        bea = id_of(person_with(session, by_command(), BEA, "Bea"))
    assert (await begun(acting(bea, Role.AGENT), "")).secret


async def test_only_a_proof_turns_it_off(ada: int) -> None:
    secret, _ = factor(ada, Role.ADMINISTRATOR)
    own = acting(ada, Role.ADMINISTRATOR)
    for act in (second_factor.turn_off, second_factor.renew_codes):
        with pytest.raises(WrongCodeError):
            await act(own, wrong_code(secret), OFFICE, "test")
        with pytest.raises(WrongCredentialsError):
            await act(own, "not the password at all", OFFICE, "test")
    assert second_factor.own_factor(own) == (True, False, 10, True)
    with pytest.raises(SecondFactorError):
        await begun(own)
    await second_factor.turn_off(own, code_of(secret, own.at), OFFICE, "test")
    assert second_factor.own_factor(own) == (False, False, 0, True)
    with pytest.raises(SecondFactorError):
        await second_factor.turn_off(own, PASSWORD, OFFICE, "test")


async def test_a_password_of_the_form_of_a_recovery_code_is_a_password(
    ada: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    factor(ada, Role.ADMINISTRATOR)
    monkeypatch.setattr(passwords, "_verify", lambda password, _: password == SIXTEEN_LETTERS)
    assert totp.read_code(SIXTEEN_LETTERS).recovery_code
    own = acting(ada, Role.ADMINISTRATOR)
    await second_factor.turn_off(own, SIXTEEN_LETTERS, OFFICE, "test")


async def test_an_unconfirmed_secret_counts_for_nothing(ada: int) -> None:
    own = acting(ada, Role.ADMINISTRATOR)
    first, second = await begun(own), await begun(own)
    assert first.secret != second.secret
    entry = await sign_in.sign_in(stranger(), ADMINISTRATOR, PASSWORD, OFFICE, "test")
    assert not entry.needs_code
    with pytest.raises(WrongCodeError):
        second_factor.confirm_factor(own, code_of(first.secret, own.at))
    used = code_of(second.secret, own.at)
    second_factor.confirm_factor(own, used)
    assert await outcome(enter(await password_typed(), used)) == "wrong"


async def test_an_administrator_removes_that_of_another(ada: int) -> None:
    bea = account(BEA, Role.AGENT)
    factor(bea, Role.AGENT)
    factor(ada, Role.ADMINISTRATOR)
    token, own = session_token(bea), acting(ada, Role.ADMINISTRATOR)
    with pytest.raises(NotAllowedError):
        second_factor.remove_factor(acting(bea, Role.AGENT), ada)
    with pytest.raises(SecondFactorError):
        second_factor.remove_factor(own, ada)
    assert second_factor.remove_factor(own, bea)
    assert not second_factor.remove_factor(own, bea)
    assert await identity.identify(token) == NOBODY
    entry = await sign_in.sign_in(stranger(), BEA, PASSWORD, OFFICE, "test")
    assert not entry.needs_code


def test_codes_are_read_as_people_type_them() -> None:
    assert totp.read_code(" 123 456 ") == ("123456", None)
    assert totp.read_code("\N{FULLWIDTH DIGIT ONE}23-456") == ("123456", None)
    assert totp.read_code("abcd-efgh-jkmn-pqrs") == (None, "abcdefghjkmnpqrs")
    for neither in ("", "12345", "1234567", "abcd", "u" * 16, PASSWORD, "x" * 10**6):
        assert totp.read_code(neither) == (None, None)


def test_the_picture_is_an_svg_of_the_secret() -> None:
    picture = totp.qr_code(totp.new_secret(), "ada@example.com", "Support desk")
    assert picture.startswith("data:image/svg+xml")
    assert len(picture) < 10_000
