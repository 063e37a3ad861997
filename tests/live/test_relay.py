"""Changes reach every process of the desk, and an unavailable Redis delays no request."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import replace

import pytest
from pydantic import SecretStr

from tests.redis_server import RedisServer
from ticket_app.bus import MISSED, Bus, Change, Ending, Notified
from ticket_app.live import relay as relaying
from ticket_app.live.redis_server import connect
from ticket_app.live.relay import Relay
from ticket_app.vocabulary import EventKind

SECONDS = 30
"""Far longer than anything here takes, so that endless waiting becomes a failure."""


class Process:
    """One process of the desk: its bus, and its relay."""

    def __init__(self, bus: Bus, relay: Relay, heard: "asyncio.Queue[Change]") -> None:
        self.bus, self.relay, self.heard = bus, relay, heard

    def take_heard(self) -> list[Change]:
        """Returns the changes heard so far, and empties the queue."""
        return [self.heard.get_nowait() for _ in range(self.heard.qsize())]


@asynccontextmanager
async def process(url: str) -> AsyncIterator[Process]:
    """Yields a process that has joined the channel."""
    bus, redis = Bus(), connect(SecretStr(url))
    relay = Relay(redis, bus)
    async with bus.running():
        with bus.subscribe(10_000) as heard:
            async with relay.running():
                yield Process(bus, relay, heard)
    await redis.aclose()


def run(server: RedisServer, count: int, work: Callable[[list[Process]], Awaitable[None]]) -> None:
    """Run this with this many connected processes, whose queues are empty."""

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


def changed(ticket_id: int) -> Change:
    """Returns a change of two fields by this process."""
    return Change(ticket_id, EventKind.CHANGED, frozenset({"status", "resolved_at"}))


def changed_elsewhere(ticket_id: int) -> Change:
    """Returns the same change as another process receives it."""
    return replace(changed(ticket_id), origin="elsewhere")


def test_a_change_reaches_every_process_once(redis: RedisServer) -> None:
    async def work(desk: list[Process]) -> None:
        here, *others = desk
        for number in range(50):
            here.bus.publish(changed(number))
        for other in others:
            assert [await other.heard.get() for _ in range(50)] == [
                changed_elsewhere(number) for number in range(50)
            ]
        await asyncio.sleep(0.1)  # an echo would have arrived by now
        assert here.take_heard() == [changed(number) for number in range(50)]
        assert not any(other.take_heard() for other in others)

    run(redis, 3, work)


def test_other_processes_are_asked_to_work_only_where_nobody_here_can(redis: RedisServer) -> None:
    async def work(desk: list[Process]) -> None:
        here, other = desk
        filed = Change(1, EventKind.CREATED)
        here.bus.publish(filed)
        assert await other.heard.get() == Change(1, EventKind.CREATED, origin="elsewhere")
        here.bus.hand_on(filed)
        assert await other.heard.get() == Change(1, EventKind.CREATED, origin="handed_on")
        assert here.take_heard() == [filed]

    run(redis, 2, work)


def test_an_ending_reaches_every_other_process(redis: RedisServer) -> None:
    async def work(desk: list[Process]) -> None:
        told: list[list[Ending]] = [[] for _ in desk]
        with ExitStack() as stack:
            for each, endings in zip(desk, told, strict=True):
                stack.enter_context(each.bus.told_of_endings(endings.append))
            endings = [Ending(key="k"), Ending(person_id=7), Ending()]
            for ending in endings:
                desk[0].bus.publish_ending(ending)
            await until(lambda: told == [[], endings, endings])
            desk[0].relay._dropped = True  # what could not be sent may have been endings
            desk[0].bus.publish(changed(1))
            await until(lambda: told == [[], [*endings, Ending()], [*endings, Ending()]])

    run(redis, 3, work)


def test_news_of_a_person_reach_their_pages_in_every_process(redis: RedisServer) -> None:
    async def work(desk: list[Process]) -> None:
        with (
            desk[1].bus.told_of_notifications(1) as told,
            desk[1].bus.told_of_notifications(2) as other,
        ):
            desk[0].bus.publish_notified(Notified(1))
            await until(told.is_set)
            assert not other.is_set()
            desk[0].relay._dropped = True  # what could not be sent may have been this
            desk[0].bus.publish(changed(1))
            await until(other.is_set)

    run(redis, 2, work)


def test_a_process_that_was_cut_off_forgets_who_was_signed_in(redis: RedisServer) -> None:
    async def work(desk: list[Process]) -> None:
        told: list[Ending] = []
        with desk[0].bus.told_of_endings(told.append):
            redis.stop()
            await until(lambda: desk[0].bus.reach == "unavailable")
            redis.start()
            await until(lambda: desk[0].bus.reach == "ok")
        assert told == [Ending()]

    run(redis, 1, work)


def test_a_redis_that_went_away_and_came_back_is_one_word_to_read_all_again(
    redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(desk: list[Process]) -> None:
        here, other = desk
        redis.stop()
        await until(lambda: {each.bus.reach for each in desk} == {"unavailable"})
        began = time.monotonic()
        for number in range(5_000):
            here.bus.publish(changed(number))
        assert time.monotonic() - began < 5  # one that waited for Redis would take minutes
        await until(lambda: here.heard.qsize() == 5_000)  # the pages of this process hear as ever
        assert len(here.relay._waiting) <= relaying.WAITING_MAX
        here.take_heard()
        redis.start()
        await until(lambda: {each.bus.reach for each in desk} == {"ok"})
        await until(lambda: not here.relay._dropped)
        assert here.take_heard() == [MISSED]
        here.bus.publish(changed(7))
        heard = [await other.heard.get()]
        while heard[-1] != changed_elsewhere(7):
            heard.append(await other.heard.get())
        assert set(heard[:-1]) == {MISSED}  # from its own reconnection, and from the other's

    run(redis, 2, work)
    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(said) == 2  # once for each process, for any number of retries
    assert all("Redis does not answer" in line for line in said)


def test_a_redis_that_says_nothing_is_as_good_as_away(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaying, "SILENCE_SECONDS", 0.3)

    async def work(desk: list[Process]) -> None:
        await asyncio.sleep(1)  # an idle connection is pinged and stays
        assert [each.relay.connections for each in desk] == [1, 1]
        redis.freeze()
        desk[0].bus.publish(changed(1))
        await until(lambda: {each.bus.reach for each in desk} == {"unavailable"})
        redis.thaw()
        await until(lambda: {each.bus.reach for each in desk} == {"ok"})
        await until(lambda: MISSED in desk[1].take_heard())

    run(redis, 2, work)


def test_a_burst_that_nobody_can_take_is_bounded_and_told_as_missed(redis: RedisServer) -> None:
    async def work(desk: list[Process]) -> None:
        here, other = desk
        for number in range(relaying.WAITING_MAX * 2):
            here.relay._take(changed(number))  # before the sender has its turn
        assert len(here.relay._waiting) == relaying.WAITING_MAX
        heard = [await other.heard.get() for _ in range(relaying.WAITING_MAX + 1)]
        assert heard[-1] == MISSED

    run(redis, 2, work)


@pytest.mark.parametrize(
    "junk",
    [
        "",
        "[]",
        '{"from": 1}',
        '{"from": "x", "changes": [[1]]}',
        '{"from": "x", "missed": false, "changes": [[1, "painted", [], false]]}',
        '{"from": "x", "missed": false, "changes": [[Infinity, "changed", [], false]]}',
        '{"from": "x", "missed": false, "changes": [[1, true]]}',
        '{"from": "x", "missed": false, "changes": [], "endings": [["k"]]}',
        "[" * 100_000,
    ],
)
def test_unknown_messages_on_the_channel_are_read_as_missed_changes(
    redis: RedisServer, caplog: pytest.LogCaptureFixture, junk: str
) -> None:
    """The desk of another version, which runs during an upgrade, sends messages of its own form."""

    async def work(desk: list[Process]) -> None:
        for _ in range(20):
            await desk[0].relay._redis.publish(desk[0].relay._channel, junk)
        desk[0].bus.publish(changed(1))
        heard = [await desk[1].heard.get() for _ in range(21)]
        assert heard == [*[MISSED] * 20, changed_elsewhere(1)]
        assert [each.relay.connections for each in desk] == [1, 1]

    run(redis, 2, work)
    logged = [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]
    assert len(logged) == 2  # once for each process


def test_what_was_written_last_is_told_before_the_end(redis: RedisServer) -> None:
    async def work(desk: list[Process]) -> None:
        async with process(redis.url) as leaving:
            await leaving.heard.get()
            leaving.relay._waiting.append(changed(9))  # the sender has not woken yet
        assert await desk[0].heard.get() == changed_elsewhere(9)

    run(redis, 1, work)


def test_desks_in_other_databases_of_one_redis_hear_nothing(redis: RedisServer) -> None:
    async def work(desk: list[Process]) -> None:
        async with process(redis.url.removesuffix("/0") + "/1") as stranger:
            await stranger.heard.get()
            desk[0].bus.publish(changed(1))
            assert (await desk[1].heard.get()).ticket_id == 1
            await asyncio.sleep(0.1)
            assert stranger.take_heard() == []

    run(redis, 2, work)
