"""Relays the news of the bus between the processes of one desk through a Redis channel.

A writer never waits for the relay and never sees its errors. The queue is bounded: news that cannot
be sent are dropped and replaced by one MISSED message. A process that receives it reads everything
again, and so does a process whose own connection was lost. A message that a
process cannot read counts as MISSED, too: during an upgrade two versions share the channel.
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from ticket_app.bus import (
    MISSED,
    Attendance,
    Attendee,
    Bus,
    Change,
    Drafted,
    Ending,
    News,
    Notified,
    Origin,
    bus,
)
from ticket_app.live.backoff import Backoff
from ticket_app.live.redis_server import UNREACHABLE, connect, database_of
from ticket_app.presence import ATTENDEES_MAX
from ticket_app.settings import get_settings
from ticket_app.vocabulary import EventKind

log = logging.getLogger(__name__)

WAITING_MAX = 1_000
"""News not sent yet. Of a larger burst the others are reported as missed."""
BATCH_SECONDS = 0.05
"""Pause between two messages. The changes of a pause are sent as one batch."""
UNREADABLE = (ValueError, KeyError, TypeError, OverflowError, RecursionError)
"""Errors of a message that has another form. It may tell of changes, so it counts as MISSED."""
SILENCE_SECONDS = 5.0
"""After so long without a message Redis gets a ping, and has as long to answer it."""


class Relay:
    """The channel's sender and receiver in one process."""

    def __init__(self, redis: Redis, own: Bus = bus) -> None:
        self.connections = 0
        self._redis = redis
        self._bus = own
        self._bus.reach = "unavailable"
        self._channel = f"desk:{database_of(redis)}:changes"
        self._name = uuid4().hex
        self._waiting: deque[News] = deque()
        self._dropped = False
        self._attendance: Attendance | None = None
        self._news = asyncio.Event()
        self._outage_logged = False
        self._unknown_logged = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Relay news in both directions during the block."""
        tasks = [asyncio.create_task(self._send()), asyncio.create_task(self._receive())]
        try:
            with self._bus.relayed_by(self._take):
                yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with suppress(*UNREACHABLE):
                await self._publish()  # the last changes

    def _take(self, news: News) -> None:
        if isinstance(news, Attendance):
            self._attendance = news  # it says all that the one before said
        elif len(self._waiting) < WAITING_MAX:
            self._waiting.append(news)
        else:
            self._dropped = True
        self._news.set()

    async def _send(self) -> None:
        backoff = Backoff()
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self._publish()
            except UNREACHABLE:  # the receiver logs the outage
                self._waiting.clear()
                self._dropped = True
                self._news.set()
                await asyncio.sleep(backoff.next())
            else:
                backoff.reset()
                await asyncio.sleep(BATCH_SECONDS)

    async def _publish(self) -> None:
        if not self._waiting and not self._dropped and self._attendance is None:
            return
        dropped, self._dropped = self._dropped, False
        attendance, self._attendance = self._attendance, None
        changes = [
            (each.ticket_id, each.kind, sorted(each.fields), each.origin == "handed_on")
            for each in self._waiting
            if isinstance(each, Change)
        ]
        endings = [(each.key, each.person_id) for each in self._waiting if isinstance(each, Ending)]
        drafts = [
            (each.person_id, each.ticket_id) for each in self._waiting if isinstance(each, Drafted)
        ]
        people = {each.person_id for each in self._waiting if isinstance(each, Notified)}
        self._waiting.clear()
        message = {
            "from": self._name,
            "missed": dropped,
            "changes": changes,
            "endings": endings,
            "notified": list(people),
            "drafts": drafts,
        }
        if attendance is not None:  # if it is lost, the next one comes soon
            message["attendees"] = attendance.attendees
        await self._redis.publish(self._channel, json.dumps(message))

    async def _receive(self) -> None:
        backoff = Backoff()
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(self._channel)
                    await self._listen(channel, backoff)
            except UNREACHABLE as error:
                self._log_outage(error)
            except Exception:
                # The edge of a background task: it tries again with a new connection.
                log.exception("changes of other processes could not be received")
            await asyncio.sleep(backoff.next())

    async def _listen(self, channel: PubSub, backoff: Backoff) -> None:
        """Deliver messages until the connection is lost."""
        pinged = False
        while True:
            message = await channel.get_message(timeout=SILENCE_SECONDS)
            if message is None:
                if pinged:
                    raise TimeoutError
                await channel.ping()
            elif message["type"] == "subscribe":
                backoff.reset()
                self._is_connected()
            elif message["type"] == "message":
                self._handle(message["data"])
            pinged = message is None

    def _is_connected(self) -> None:
        log.info("changes are shared with the desk's other processes")
        self._bus.reach = "ok"
        self._outage_logged = self._unknown_logged = False
        self.connections += 1
        self._deliver_missed()

    def _log_outage(self, error: Exception) -> None:
        self._bus.reach = "unavailable"
        if not self._outage_logged:
            self._outage_logged = True
            log.warning(
                "Redis does not answer (%s): the pages of this process do not hear of changes in "
                "others until it does",
                type(error).__name__,
            )

    def _handle(self, data: bytes) -> None:
        try:
            message = json.loads(data)
            if message["from"] == self._name:
                return
            changes = [_change(*each) for each in message["changes"]]
            # The version before sends none: its processes notice an ending when they look.
            endings = [_ending(*each) for each in message.get("endings", ())]
            people = [_notified(each) for each in message.get("notified", ())]
            drafts = [_drafted(*each) for each in message.get("drafts", ())]
            attendance = _attendance(message)
            missed = bool(message["missed"])
        except UNREADABLE as error:
            self._log_unknown(error)
            changes, endings, people, drafts, attendance, missed = [], [], [], [], None, True
        for change in changes:
            self._bus.deliver(change)
        for ending in endings:
            self._bus.deliver_ending(ending)
        self._deliver_to_people(people, drafts)
        if attendance is not None:
            self._bus.deliver_attendance(attendance)
        if missed:
            self._deliver_missed()

    def _deliver_to_people(self, people: list[Notified], drafts: list[Drafted]) -> None:
        for notified in people:
            self._bus.deliver_notified(notified)
        for drafted in drafts:
            self._bus.deliver_draft(drafted)

    def _deliver_missed(self) -> None:
        self._bus.deliver(MISSED)
        self._bus.deliver_ending(Ending())
        self._bus.deliver_notified(Notified(None))

    def _log_unknown(self, error: Exception) -> None:
        if not self._unknown_logged:
            self._unknown_logged = True
            log.warning(
                "an unknown message was received on %s (%s), as the desk of another version sends "
                "them: after each the pages read everything again",
                self._channel,
                type(error).__name__,
            )


def _change(ticket_id: int, kind: str, fields: list[str], handed_on: bool) -> Change:
    """Reads a change of a message. Raises an error of UNREADABLE for anything else."""
    origin: Origin = "handed_on" if handed_on else "elsewhere"
    return Change(int(ticket_id), EventKind(kind), frozenset(map(str, fields)), origin)


def _ending(key: str | None, person_id: int | None) -> Ending:
    """Reads an ending of a message, as `_change`."""
    return Ending(None if key is None else str(key), None if person_id is None else int(person_id))


def _attendance(message: dict[str, Any]) -> Attendance | None:
    """Reads who is in another process, as `_change`; None if the message does not say."""
    if (attendees := message.get("attendees")) is None:
        return None
    read = tuple(
        Attendee(int(ticket_id), str(who), str(name), writes is True)
        for ticket_id, who, name, writes in attendees[:ATTENDEES_MAX]
    )
    return Attendance(read, str(message["from"]))


def _notified(person_id: int | None) -> Notified:
    """Reads whose notifications changed, as `_change`."""
    return Notified(None if person_id is None else int(person_id))


def _drafted(person_id: int | None, ticket_id: int) -> Drafted:
    """Reads news of a draft, as `_change`."""
    return Drafted(None if person_id is None else int(person_id), int(ticket_id), True)


_running: list[Relay] = []
"""The relay of this process: at most one item."""


@asynccontextmanager
async def relaying() -> AsyncIterator[None]:
    """Share changes with other processes during the block, if REDIS_URL is set."""
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
    """Return how often Redis was connected. After each connection its data may have been lost."""
    return _running[0].connections if _running else 0
