"""Carries changes between the processes of one desk, through a channel of Redis.

Whoever writes a ticket never waits for it, and never hears of its troubles: what cannot be sent is
dropped, within bounds, and made up for by one word that something was missed. Whoever hears that
word reads everything again, and so does a process whose own connection was away.
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from ticket_app.bus import MISSED, Bus, Change, bus
from ticket_app.live.pauses import Pauses
from ticket_app.live.redis_server import UNREACHABLE, connect, database_of
from ticket_app.settings import get_settings

log = logging.getLogger(__name__)

WAITING_MAX = 1_000
"""Changes not sent yet; a burst of more is told as missed."""
GATHERING_SECONDS = 0.05
"""Between two messages: what changes meanwhile is told of together."""
SILENCE_SECONDS = 5.0
"""Without a message for so long Redis is asked whether it is there, and given as long to answer."""


class Relay:
    """One process's end of the channel."""

    def __init__(self, redis: Redis, own: Bus = bus) -> None:
        self.connections = 0
        self._redis = redis
        self._bus = own
        self._bus.reach = "unavailable"
        self._channel = f"desk:{database_of(redis)}:changes"
        self._name = uuid4().hex
        self._waiting: deque[Change] = deque()
        self._dropped = False
        self._news = asyncio.Event()
        self._said_away = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Carry changes both ways while the block lasts."""
        tasks = [asyncio.create_task(self._send()), asyncio.create_task(self._receive())]
        try:
            with self._bus.carried_by(self._take):
                yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with suppress(*UNREACHABLE):
                await self._publish()  # what was written last

    def _take(self, change: Change) -> None:
        if len(self._waiting) < WAITING_MAX:
            self._waiting.append(change)
        else:
            self._dropped = True
        self._news.set()

    async def _send(self) -> None:
        pauses = Pauses()
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self._publish()
            except UNREACHABLE:  # the receiving end says so in the log
                self._waiting.clear()
                self._dropped = True
                self._news.set()
                await asyncio.sleep(pauses.next())
            else:
                pauses.reset()
                await asyncio.sleep(GATHERING_SECONDS)

    async def _publish(self) -> None:
        if not self._waiting and not self._dropped:
            return
        dropped, self._dropped = self._dropped, False
        changes = [(each.ticket_id, each.awaits_triage) for each in self._waiting]
        self._waiting.clear()
        message = {"from": self._name, "missed": dropped, "changes": changes}
        await self._redis.publish(self._channel, json.dumps(message))

    async def _receive(self) -> None:
        pauses = Pauses()
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(self._channel)
                    await self._listen(channel, pauses)
            except UNREACHABLE as error:
                self._is_away(error)
            except Exception:
                # The edge of a background task: a new connection may do better.
                log.exception("changes of other processes could not be heard")
            await asyncio.sleep(pauses.next())

    async def _listen(self, channel: PubSub, pauses: Pauses) -> None:
        """Deliver what comes, until the connection is lost."""
        asked = False
        while True:
            message = await channel.get_message(timeout=SILENCE_SECONDS)
            if message is None:
                if asked:
                    raise TimeoutError
                await channel.ping()
            elif message["type"] == "subscribe":
                pauses.reset()
                self._is_connected()
            elif message["type"] == "message":
                self._hear(message["data"])
            asked = message is None

    def _is_connected(self) -> None:
        log.info("changes are shared with the desk's other processes")
        self._bus.reach, self._said_away = "ok", False
        self.connections += 1
        self._bus.deliver(MISSED)

    def _is_away(self, error: Exception) -> None:
        self._bus.reach = "unavailable"
        if not self._said_away:
            self._said_away = True
            log.warning(
                "Redis does not answer (%s): the pages of this process do not hear of changes in "
                "others until it does",
                type(error).__name__,
            )

    def _hear(self, data: bytes) -> None:
        try:
            message = json.loads(data)
            if message["from"] == self._name:
                return
            changes = [Change(int(one), bool(waits), False) for one, waits in message["changes"]]
            missed = bool(message["missed"])
        except (ValueError, KeyError, TypeError):
            log.warning("what came over %s is none of the desk's words", self._channel)
            return
        for change in [*changes, *([MISSED] if missed else [])]:
            self._bus.deliver(change)


_running: list[Relay] = []
"""At most one: the relay of this process."""


@asynccontextmanager
async def relaying() -> AsyncIterator[None]:
    """Where REDIS_URL is set, share changes with other processes while the block lasts."""
    url = get_settings().redis_url
    if url is None:
        yield
        return
    redis = connect(url)
    relay = Relay(redis)
    _running.append(relay)
    try:
        async with relay.running():
            yield
    finally:
        _running.remove(relay)
        bus.reach = None
        await redis.aclose()


def connections() -> int:
    """How often Redis was reached anew: what it held before may be gone since."""
    return _running[0].connections if _running else 0
