"""A server works for the followers: changes wake them, and a poll finds what others wrote."""

import asyncio
from collections.abc import Callable
from time import monotonic, sleep

import pytest

from tests.services.desk import opened
from ticket_app.actor import Actor, by_command
from ticket_app.bus import Change, bus
from ticket_app.data.followers.record import EVERYTHING, Event
from ticket_app.live import followers
from ticket_app.services.followers.following import Following
from ticket_app.services.followers.lag import followers as lags
from ticket_app.vocabulary import EventKind

SECONDS = 30


def wait_until(done: Callable[[], bool]) -> None:
    deadline = monotonic() + SECONDS
    while not done():
        assert monotonic() < deadline
        sleep(0.01)


@pytest.mark.usefixtures("database")
@pytest.mark.rest_in_prove("database")
def test_a_change_wakes_the_followers_and_a_poll_finds_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[int] = []

    def handle(_: Actor, event: Event) -> None:
        seen.append(event.ticket_id)

    both = {"one": (handle, EVERYTHING), "two": (handle, EVERYTHING)}
    monkeypatch.setattr(followers, "FOLLOWERS", both)

    async def serve() -> list[int]:
        async with bus.running(), followers.following():
            await asyncio.to_thread(wait_until, lambda: len(lags(by_command())) == 2)
            monkeypatch.setattr(followers, "POLL_SECONDS", 600.0)
            await asyncio.sleep(0)
            first = (await asyncio.to_thread(opened)).id
            await asyncio.to_thread(wait_until, lambda: seen == [first] * 2)
        monkeypatch.setattr(followers, "POLL_SECONDS", 0.1)
        async with followers.following():  # without a bus, as for a ticket of another process
            second = (await asyncio.to_thread(opened)).id
            await asyncio.to_thread(wait_until, lambda: seen == [first] * 2 + [second] * 2)
        return seen

    assert len(asyncio.run(serve())) == 4
    assert [each.holder for each in lags(by_command())] == [None, None]


@pytest.mark.usefixtures("sqlite_database")
def test_a_burst_of_changes_wakes_a_process_without_the_lease_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks: list[str] = []

    def in_vain(_: Actor, mine: Following) -> bool:
        looks.append(mine.name)
        return False

    monkeypatch.setattr(followers, "follow", in_vain)
    monkeypatch.setattr(followers, "PAUSE_SECONDS", 600.0)

    async def serve() -> None:
        async with bus.running(), followers.following():
            for number in range(1, 30):
                bus.publish(Change(number, EventKind.CREATED))
                await asyncio.sleep(0.01)

    asyncio.run(serve())
    assert looks == list(followers.FOLLOWERS)
