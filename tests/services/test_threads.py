"""A kind of work may fill its own threads: others do not wait for it, and its queue is bounded."""

import asyncio
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import pytest

from harness.accounts import ADMINISTRATOR, acting, administrator
from ticket_app.data.engine import sqlite_write_lock
from ticket_app.errors import BusyError
from ticket_app.services import bulkhead as bulkheads
from ticket_app.services.bulkhead import Bulkhead, Leaving
from ticket_app.services.people import sessions
from ticket_app.services.people.accounts import directory, invitations
from ticket_app.services.threads import QUICK, SEARCHING, run
from ticket_app.vocabulary import Role


class Slow:
    """Work that lasts until it is released; `begun` records what has started."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.release = Event()

    def work(self, number: int) -> int:
        self.begun.append(number)
        assert self.release.wait(60)
        return number


@pytest.fixture
def slow() -> Iterator[Slow]:
    slow = Slow()
    yield slow
    slow.release.set()


def asked(
    bulkhead: Bulkhead, slow: Slow, number: int, leaving: Leaving | None = None
) -> asyncio.Task[int]:
    return asyncio.create_task(bulkhead.do(lambda: slow.work(number), leaving))


async def begun(slow: Slow, count: int) -> None:
    async with asyncio.timeout(30):
        while len(slow.begun) < count:  # noqa: ASYNC110  # a thread does it
            await asyncio.sleep(0.01)


def test_one_kind_does_not_wait_for_another(slow: Slow) -> None:
    async def scene() -> None:
        searches = [asked(SEARCHING, slow, number) for number in range(12)]
        await begun(slow, 4)
        assert await QUICK.do(lambda: 7) == 7
        slow.release.set()
        assert await asyncio.gather(*searches) == list(range(12))

    asyncio.run(scene())


@pytest.mark.usefixtures("sqlite_database")
@pytest.mark.parametrize(
    ("change", "values"),
    [
        (directory.rename_self, ("Ada",)),
        (invitations.invite, ("bea@example.com", None, Role.AGENT)),
        (sessions.end_all, (1,)),
    ],
)
def test_changes_of_people_that_wait_for_a_lock_hold_up_no_reads(
    change: Callable[..., Any], values: tuple[Any, ...]
) -> None:
    own = acting(administrator(), Role.ADMINISTRATOR)

    async def scene() -> None:
        with sqlite_write_lock():
            changes = [asyncio.create_task(run(own, change, *values)) for _ in range(6)]
            await asyncio.sleep(0)
            assert (await run(own, directory.me)).email == ADMINISTRATOR
        await asyncio.gather(*changes)

    asyncio.run(scene())


def test_what_waits_too_long_or_behind_too_many_is_refused(
    slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulkheads, "WAITING_MAX", 2)
    monkeypatch.setattr(bulkheads, "WAITING_SECONDS", 0.2)
    bulkhead = Bulkhead("test", 1)

    async def scene() -> None:
        first, *behind = [asked(bulkhead, slow, number) for number in range(4)]
        answers = await asyncio.gather(*behind, return_exceptions=True)
        assert {type(answer) for answer in answers} == {BusyError}
        slow.release.set()
        assert await first == 0
        assert await bulkhead.do(lambda: 7) == 7

    asyncio.run(scene())
    assert slow.begun == [0]


def test_who_waits_behind_what_was_given_up_is_refused_in_time(
    slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulkheads, "WAITING_SECONDS", 0.2)
    bulkhead = Bulkhead("test", 1)

    async def scene() -> None:
        first = asked(bulkhead, slow, 0)
        await begun(slow, 1)
        first.cancel()  # its thread still runs
        await asyncio.wait([first])
        async with asyncio.timeout(30):
            with pytest.raises(BusyError):
                await asked(bulkhead, slow, 1)
        slow.release.set()
        assert [await bulkhead.do(lambda: 7) for _ in range(9)] == [7] * 9

    asyncio.run(scene())
    assert slow.begun == [0]


def test_what_nobody_waits_for_any_more_never_begins(slow: Slow) -> None:
    bulkhead = Bulkhead("test", 1)

    async def leave() -> None:
        """Return at once."""

    async def scene() -> None:
        first = asked(bulkhead, slow, 0)
        left = asked(bulkhead, slow, 1, leave)
        ended = asked(bulkhead, slow, 2)
        last = asked(bulkhead, slow, 3)
        await begun(slow, 1)
        ended.cancel()
        first.cancel()  # its thread still runs, and does not count as free
        with pytest.raises(BusyError):
            await left
        assert slow.begun == [0]
        slow.release.set()
        assert await last == 3
        assert [await bulkhead.do(lambda: 7) for _ in range(9)] == [7] * 9

    asyncio.run(scene())
    assert slow.begun == [0, 3]
