"""Sessions: their use is recorded, and their ending counts at once in this process."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import text

from harness.accounts import account, administrator, session_token
from tests.services.desk import wait_for_a_blocked_writer
from ticket_app.actor import NOBODY, Actor, Identity, by_command
from ticket_app.actor import over_rest as rest_actor
from ticket_app.bus import Ending, bus
from ticket_app.data.engine import write_transaction
from ticket_app.errors import PersonNotFoundError
from ticket_app.schemas.people import TokenCreate
from ticket_app.services.people import identity, sessions
from ticket_app.services.people.api_tokens.bearer import read_bearer, record_token_uses
from ticket_app.services.people.api_tokens.issuing import make_token_for
from ticket_app.services.people.tokens import digest
from ticket_app.vocabulary import Role

SECONDS = 30

pytestmark = pytest.mark.anyio


@pytest.mark.usefixtures("database")
async def test_the_use_of_a_session_is_recorded_beside_requests() -> None:
    ada = administrator()
    begun = rest_actor(NOBODY)
    early = replace(begun, at=begun.at - timedelta(minutes=5))
    token = sessions.begin(early, ada, "127.0.0.1", "test")
    own = rest_actor(await identity.identify(token))
    assert sessions.own_sessions(own)[0].last_seen_at == early.at  # a request writes nothing
    assert not identity.record_uses(by_command())
    assert sessions.own_sessions(own)[0].last_seen_at > early.at


@pytest.mark.usefixtures("postgres_database")
async def test_the_record_of_uses_waits_for_nobody_who_ends_sessions() -> None:
    ada = administrator()
    keys = [digest(session_token(ada)) for _ in range(3)]
    late = replace(by_command(), at=by_command().at + timedelta(minutes=5))
    for key in keys:
        identity.read_identity(late, key)
    token = make_token_for(by_command(), ada, TokenCreate(name="export")).token
    read_bearer(late, digest(token))
    with write_transaction() as ending:
        for table in ("person_session", "api_token"):
            ending.execute(text(f"DELETE FROM {table} WHERE key IN (:one, :token)"),
                           {"one": keys[1], "token": digest(token)})  # fmt: skip
        async with asyncio.timeout(SECONDS):
            assert not await asyncio.to_thread(identity.record_uses, late)
            assert not await asyncio.to_thread(record_token_uses, late)
    own = rest_actor(Identity(Role.ADMINISTRATOR, ada))
    assert [each.last_seen_at == late.at for each in sessions.own_sessions(own)] == [True, True]


@pytest.mark.usefixtures("database")
async def test_a_session_that_ends_while_it_is_read_is_not_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token, read = session_token(administrator()), identity.read_identity

    def end_after_reading(actor: Actor, key: str) -> Identity:
        found = read(actor, key)
        sessions.end_own(rest_actor(found))
        return found

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(identity, "read_identity", end_after_reading)
        await identity.identify(token)
    assert await identity.identify(token) == NOBODY


@pytest.mark.usefixtures("database")
async def test_a_desk_that_closes_while_it_is_read_is_not_remembered_as_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = identity.read_is_open

    def close_after_reading(actor: Actor) -> bool:
        found = read(actor)
        administrator()
        return found

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(identity, "read_is_open", close_after_reading)
        await identity.is_open()
    assert not await identity.is_open()


@pytest.mark.usefixtures("database")
async def test_an_ending_is_told_once_it_is_stored() -> None:
    own = rest_actor(await identity.identify(session_token(administrator())))
    (only,) = sessions.own_sessions(own)
    in_force: list[set[str]] = []

    def look() -> None:
        in_force.append(sessions.in_force(by_command(), [str(own.identity.session_key)]))

    with identity.told_of_endings(look):
        sessions.end_one_of_own(own, only.handle)
    assert in_force == [set()]


@pytest.mark.usefixtures("database")
async def test_requests_that_come_together_read_a_session_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token, read = session_token(administrator()), identity.read_identity
    assert not await identity.is_open()
    reads, release = [0], Event()

    def held(actor: Actor, key: str) -> Identity:
        reads[0] += 1
        assert release.wait(SECONDS)
        return read(actor, key)

    monkeypatch.setattr(identity, "read_identity", held)
    requests = [asyncio.create_task(identity.identify(token)) for _ in range(50)]
    await asyncio.sleep(0)
    requests[0].cancel()  # the one that began the lookup
    sessions.end_own(rest_actor(Identity(None, session_key="of someone else")))
    later = [asyncio.create_task(identity.identify(token)) for _ in range(50)]
    await asyncio.sleep(0)
    release.set()
    found = await asyncio.gather(*requests[1:], *later)
    assert len(set(found)) == 1 and found[0] != NOBODY
    assert reads == [2]  # the second for those who came after something had ended


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("how", ["session", "person", "anything"])
async def test_what_ends_in_another_process_is_not_remembered_here(
    monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    ada = administrator()
    token = session_token(ada)
    key = (await identity.identify(token)).session_key
    endings = {"session": Ending(key=key), "person": Ending(person_id=ada), "anything": Ending()}
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(identity, "forget_person", lambda _: None)
        sessions.end_all(by_command(), ada)
    assert await identity.identify(token) != NOBODY  # for CACHE_SECONDS, if nothing tells
    told: list[bool] = []
    with identity.hearing_of_endings(), identity.told_of_endings(lambda: told.append(True)):
        bus.deliver_ending(endings[how])
    assert told == [True]
    monkeypatch.delattr(identity, "read_is_open")  # a desk that is closed stays so
    assert await identity.identify(token) == NOBODY


@pytest.mark.usefixtures("database")
def test_sessions_of_an_unknown_person_are_refused_in_words() -> None:
    administrator()
    with pytest.raises(PersonNotFoundError):
        sessions.end_all(by_command(), 999)


@pytest.mark.usefixtures("database")
def test_no_session_begins_beside_a_deactivation() -> None:
    administrator()
    bea = account("bea@example.com", Role.AGENT)

    def begin() -> bool:
        try:
            session_token(bea)
        except PersonNotFoundError:
            return False
        return True

    with ThreadPoolExecutor(1) as other:
        with write_transaction() as session:
            session.execute(text(f"UPDATE person SET active = (1 = 0) WHERE id = {bea}"))
            beginning = other.submit(begin)
            wait_for_a_blocked_writer()
        assert not beginning.result()
