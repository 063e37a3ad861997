"""Who is at a ticket is known in every process, and forgotten when a process is gone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from pydantic import SecretStr

from tests.redis_server import RedisServer
from ticket_app import presence
from ticket_app.bus import Attendance, Attendee, Bus
from ticket_app.live.attending import attending
from ticket_app.live.redis_server import connect
from ticket_app.live.relay import Relay
from ticket_app.presence import Presence

SECONDS = 30


class Process:
    """One process of the desk. `frozen` are its pages whose sockets do not answer."""

    def __init__(self, bus: Bus) -> None:
        self.bus, self.people = bus, Presence(bus)
        self.frozen: set[str] = set()
        self.heard: list[Attendance] = []

    def seen(self, but: str = "") -> list[tuple[str, bool]]:
        return [(each.name, each.writes) for each in self.people.at(7, but)]


@asynccontextmanager
async def process(url: str) -> AsyncIterator[Process]:
    """Yields a process that has joined the channel."""
    bus, redis = Bus(), connect(SecretStr(url))
    here = Process(bus)
    async with (
        bus.running(),
        Relay(redis, bus).running(),
        attending(lambda page: page not in here.frozen, bus, here.people),
    ):
        with bus.told_of_attendances(here.heard.append):
            await until(lambda: bus.reach == "ok")
            yield here
    await redis.aclose()


async def until(condition: Callable[[], bool]) -> None:
    """Return once this holds; `run` bounds the wait."""
    while not condition():  # noqa: ASYNC110  # it comes true in Redis, which has no event
        await asyncio.sleep(0.01)


def run(server: RedisServer, work: Callable[[Process, Process], Awaitable[None]]) -> None:
    async def within() -> None:
        async with asyncio.timeout(SECONDS), AsyncExitStack() as stack:
            here, there = [await stack.enter_async_context(process(server.url)) for _ in range(2)]
            await work(here, there)

    asyncio.run(within())


@pytest.fixture(autouse=True)
def _short_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "LIFE_SECONDS", 1.0)
    monkeypatch.setattr(presence, "HEARTBEAT_SECONDS", 0.3)
    monkeypatch.setattr("ticket_app.live.attending.LOOK_SECONDS", 0.1)


def test_people_come_write_and_go_in_every_process(redis: RedisServer) -> None:
    async def work(here: Process, there: Process) -> None:
        with here.people.visit("a", 7, "ana", "Ana"), there.people.visit("b", 7, "bo", "Bo"):
            await until(lambda: there.seen("bo") == [("Ana", False)])
            await until(lambda: here.seen("ana") == [("Bo", False)])
            with there.people.visit("c", 7, "ana", "Ana"), there.people.visit("d", 8, "cy", "Cy"):
                there.people.write("c", 7, writes=True)
                there.people.write("c", 8, writes=True)  # it is at another ticket
                await until(lambda: here.seen() == [("Ana", True), ("Bo", False)])
                there.frozen.add("c")
                await until(lambda: here.seen() == [("Ana", False), ("Bo", False)])
            there.frozen.add("b")
            await until(lambda: here.seen("ana") == [])
            there.frozen.clear()
            await until(lambda: here.seen("ana") == [("Bo", False)])
        await until(lambda: here.seen() == there.seen() == [])
        told = len(here.heard)
        await asyncio.sleep(0.8)  # some heartbeats
        assert len(here.heard) == told, "nobody is here, and still it is told"

    run(redis, work)


def test_the_people_of_a_killed_process_go(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(here: Process, there: Process) -> None:
        with (
            here.people.visit("a", 7, "ana", "Ana") as news,
            there.people.visit("b", 7, "bo", "Bo"),
        ):
            await until(lambda: here.seen("ana") == [("Bo", False)])
            await asyncio.sleep(1.3)  # more than a life, with heartbeats
            assert here.seen("ana") == [("Bo", False)]
            monkeypatch.setattr(there.bus, "tell_attendance", lambda _: None)  # as if killed
            news.clear()
            await until(lambda: here.seen("ana") == [])
            assert news.is_set()

    run(redis, work)


def test_a_burst_is_few_messages_and_a_crowd_is_cut(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "ATTENDEES_MAX", 3)

    async def work(here: Process, there: Process) -> None:
        with here.people.visit("a", 7, "ana", "Ana"):
            for number in range(200):
                here.people.write("a", 7, writes=number % 2 == 0)
                await asyncio.sleep(0)
            await until(lambda: there.seen() != [])
            assert len(there.heard) <= 2
        async with AsyncExitStack() as stack:
            for number in range(9):
                visit = here.people.visit(str(number), 7, str(number), str(number))
                stack.enter_context(visit)
            await until(lambda: len(there.seen()) == 3)
            assert len(here.seen()) == 9

    run(redis, work)


def test_what_no_process_of_this_version_says_changes_nothing(redis: RedisServer) -> None:
    async def work(here: Process, there: Process) -> None:
        there.bus.tell_attendance(Attendance((Attendee("x", "bo", "Bo", False),)))  # type: ignore[arg-type]
        there.bus.tell_attendance(Attendance(((1, 2),)))  # type: ignore[arg-type]
        with there.people.visit("b", 7, "bo", "Bo"):
            await until(lambda: here.seen() == [("Bo", False)])

    run(redis, work)
