"""Keeps what open pages show and hold in Redis, so that another process can go on with them."""

import logging
from collections.abc import Awaitable, Mapping
from time import monotonic
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import TimeoutError as RedisTimeoutError

from ticket_app.live.redis_server import UNREACHABLE

log = logging.getLogger(__name__)

Parts = dict[str, bytes]
"""The parts of one page, by name."""

PAUSE_SECONDS = 5.0
"""After a silence Redis is left alone for so long: not every page is to wait for it."""


class PageStore:
    """Pages by their token, each a few named parts. Whoever uses it can do without.

    A page is found by processes of the same `version` alone: another may not be able to read it.
    """

    def __init__(self, redis: Redis, *, version: str, seconds_kept: int) -> None:
        self._redis = redis
        self._prefix = f"desk:page:{version}:"
        self._seconds_kept = seconds_kept
        self._left_alone_until = 0.0
        self._said_away = False

    async def read(self, token: str) -> Parts | None:
        """The parts of a page, none of a page that is not known; None: Redis does not answer."""
        if self._is_left_alone():
            return None
        try:
            # Typed for clients with and without a loop at once.
            asked = cast("Awaitable[dict[bytes, bytes]]", self._redis.hgetall(self._prefix + token))
            found = await asked
        except UNREACHABLE as error:
            self._is_away(error)
            return None
        self._said_away = False
        return {name.decode(): part for name, part in found.items()}

    async def write(self, pages: Mapping[str, Parts]) -> bool:
        """Replace these parts of these pages, and keep the pages from now on; whether it worked."""
        if self._is_left_alone():
            return False
        pipeline = self._redis.pipeline(transaction=False)
        for token, parts in pages.items():
            if parts:
                pipeline.hset(self._prefix + token, mapping=parts)
            pipeline.expire(self._prefix + token, self._seconds_kept)
        try:
            await pipeline.execute()
        except UNREACHABLE as error:
            self._is_away(error)
            return False
        self._said_away = False
        return True

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    def _is_left_alone(self) -> bool:
        return monotonic() < self._left_alone_until

    def _is_away(self, error: Exception) -> None:
        if isinstance(error, TimeoutError | RedisTimeoutError):  # any other failure costs no time
            self._left_alone_until = monotonic() + PAUSE_SECONDS
        if self._said_away:
            return
        self._said_away = True
        log.warning(
            "Redis does not answer (%s): pages that come from other processes begin anew, those of "
            "this one are kept here alone",
            type(error).__name__,
        )
