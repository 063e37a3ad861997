"""A running desk closes when another process makes its first account."""

import asyncio

import pytest

from harness.accounts import administrator, session_token
from ticket_app.actor import Actor
from ticket_app.services.people import identity, sessions
from ticket_app.services.people.tokens import digest
from ticket_app.state.acting import Visitor
from ticket_app.state.connection import ending

SECONDS = 30


@pytest.mark.usefixtures("database")
def test_the_first_account_of_another_process_closes_a_running_desk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ending, "CHECK_SECONDS", 0.05)

    async def serve() -> None:
        async with ending.ending_sessions(lambda: None):
            assert await identity.is_open()
            with monkeypatch.context() as elsewhere:  # another process tells this one nothing
                elsewhere.setattr(identity, "forget", lambda: None)
                await asyncio.to_thread(administrator)
            async with asyncio.timeout(SECONDS):
                while await identity.is_open():  # noqa: ASYNC110  # no event tells of it
                    await asyncio.sleep(0.01)

    asyncio.run(serve())


@pytest.mark.usefixtures("database")
def test_a_page_that_comes_during_the_check_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    ada, in_force = administrator(), sessions.in_force
    visitors = {"ended": Visitor(digest("x"), ""), "open": Visitor(digest(session_token(ada)), "")}

    def come_meanwhile(actor: Actor, keys: list[str]) -> set[str]:
        visitors["new"] = Visitor(digest(session_token(ada)), "")
        return in_force(actor, keys)

    monkeypatch.setattr(ending, "visitors", visitors)
    monkeypatch.setattr(sessions, "in_force", come_meanwhile)
    assert asyncio.run(ending.ended_pages()) == ["ended"]
