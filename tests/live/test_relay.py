"""Changes reach every process of the desk; a Redis that is away holds nobody up."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from pydantic import SecretStr

from tests.redis_server import RedisServer
from ticket_app.bus import MISSED, Bus, Change
from ticket_app.live import relay as relaying
from ticket_app.live.redis_server import connect
from ticket_app.live.relay import Relay

SECONDS = 30
"""Far longer than anything here takes: what waits for ever must end as a failure."""


class Process:
    """What one process of the desk has of it: a bus, and its end of the channel."""

    def __init__(self, bus: Bus, relay: Relay, heard: "asyncio.Queue[Change]") -> None:
        self.bus, self.relay, self.heard = bus, relay, heard

    def told(self) -> list[Change]:
        """Take what was heard so far."""
        return [self.heard.get_nowait() for _ in range(self.heard.qsize())]


@asynccontextmanager
async def process(url: str) -> AsyncIterator[Process]:
    """A process that has joined the channel."""
    bus, redis = Bus(), connect(SecretStr(url))
    relay = Relay(redis, bus)
    async with bus.running():
        with bus.subscribe(10_000) as heard:
            async with relay.running():
                yield Process(bus, relay, heard)
    await redis.aclose()


def run(server: RedisServer, count: int, work: Callable[[list[Process]], Awaitable[None]]) -> None:
    """Run this with so many processes that are connected, and have heard nothing yet."""

    async def within() -> None:
        async with asyncio.timeout(SECONDS), AsyncExitStack() as stack:
            desk = [await stack.enter_async_context(process(server.url)) for _ in range(count)]
            for each in desk:
                assert await each.heard.get() == MISSED  # it has just joined
            await work(desk)

    asyncio.run(within())


async def until(condition: Callable[[], bool]) -> None:
    """Return once this holds; `run` bounds the wait."""
    while not condition():  # noqa: ASYNC110  # it comes true in Redis, which has no event
        await asyncio.sleep(0.01)


def test_a_change_reaches_every_process_once(redis: RedisServer) -> None:
    async def work(desk: list[Process]) -> None:
        here, *others = desk
        for number in range(50):
            here.bus.publish(Change(number))
        for other in others:
            assert [await other.heard.get() for _ in range(50)] == [
                Change(number, from_here=False) for number in range(50)
            ]
        await asyncio.sleep(0.1)  # an echo would come by now
        assert here.told() == [Change(number) for number in range(50)]
        assert not any(other.told() for other in others)

    run(redis, 3, work)


def test_other_processes_are_asked_to_work_only_where_nobody_here_can(redis: RedisServer) -> None:
    async def work(desk: list[Process]) -> None:
        here, other = desk
        filed = Change(1, awaits_triage=True)
        here.bus.publish(filed)
        assert await other.heard.get() == Change(1, from_here=False)
        here.bus.pass_on(filed)
        assert await other.heard.get() == Change(1, awaits_triage=True, from_here=False)
        assert here.told() == [filed]

    run(redis, 2, work)


def test_a_redis_that_went_away_and_came_back_is_one_word_to_read_all_again(
    redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(desk: list[Process]) -> None:
        here, other = desk
        redis.stop()
        await until(lambda: {each.bus.reach for each in desk} == {"unavailable"})
        began = time.monotonic()
        for number in range(5_000):
            here.bus.publish(Change(number))
        assert time.monotonic() - began < 1
        await until(lambda: here.heard.qsize() == 5_000)  # who is here hears as ever
        assert len(here.relay._waiting) <= relaying.WAITING_MAX
        here.told()
        redis.start()
        await until(lambda: {each.bus.reach for each in desk} == {"ok"})
        await until(lambda: not here.relay._dropped)
        assert here.told() == [MISSED]
        here.bus.publish(Change(7))
        heard = [await other.heard.get()]
        while heard[-1] != Change(7, from_here=False):
            heard.append(await other.heard.get())
        assert set(heard[:-1]) == {MISSED}  # of its own accord, and by the word of the other

    run(redis, 2, work)
    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(said) == 2  # each process once, however often it tried
    assert all("Redis does not answer" in line for line in said)


def test_a_redis_that_says_nothing_is_as_good_as_away(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaying, "SILENCE_SECONDS", 0.3)

    async def work(desk: list[Process]) -> None:
        await asyncio.sleep(1)  # a quiet desk asks, is answered, and stays
        assert [each.relay.connections for each in desk] == [1, 1]
        redis.freeze()
        desk[0].bus.publish(Change(1))
        await until(lambda: {each.bus.reach for each in desk} == {"unavailable"})
        redis.thaw()
        await until(lambda: {each.bus.reach for each in desk} == {"ok"})
        await until(lambda: MISSED in desk[1].told())

    run(redis, 2, work)


def test_a_burst_that_nobody_can_take_is_bounded_and_told_as_missed(redis: RedisServer) -> None:
    async def work(desk: list[Process]) -> None:
        here, other = desk
        for number in range(relaying.WAITING_MAX * 2):
            here.relay._take(Change(number))  # before the sender has had its turn
        assert len(here.relay._waiting) == relaying.WAITING_MAX
        heard = [await other.heard.get() for _ in range(relaying.WAITING_MAX + 1)]
        assert heard[-1] == MISSED

    run(redis, 2, work)


@pytest.mark.parametrize("junk", ["", "[]", '{"from": 1}', '{"from": "x", "changes": [[1]]}'])
def test_words_of_others_on_the_channel_harm_nobody(redis: RedisServer, junk: str) -> None:
    async def work(desk: list[Process]) -> None:
        await desk[0].relay._redis.publish(desk[0].relay._channel, junk)
        desk[0].bus.publish(Change(1))
        assert await desk[1].heard.get() == Change(1, from_here=False)

    run(redis, 2, work)


def test_what_was_written_last_is_told_before_the_end(redis: RedisServer) -> None:
    async def work(desk: list[Process]) -> None:
        async with process(redis.url) as leaving:
            await leaving.heard.get()
            leaving.relay._waiting.append(Change(9))  # the sender was not woken yet
        assert await desk[0].heard.get() == Change(9, from_here=False)

    run(redis, 1, work)


def test_desks_in_other_databases_of_one_redis_hear_nothing(redis: RedisServer) -> None:
    async def work(desk: list[Process]) -> None:
        async with process(redis.url.removesuffix("/0") + "/1") as stranger:
            await stranger.heard.get()
            desk[0].bus.publish(Change(1))
            assert (await desk[1].heard.get()).ticket_id == 1
            await asyncio.sleep(0.1)
            assert stranger.told() == []

    run(redis, 2, work)
