"""Keeps what open pages show and hold in Redis, so that another process can go on with them."""

import logging
from collections.abc import Awaitable, Mapping
from time import monotonic
from typing import cast

from redis.asyncio import Redis

from ticket_app.live.redis_server import UNREACHABLE

log = logging.getLogger(__name__)

Parts = dict[str, bytes]
"""The parts of one page, by name."""

PAUSE_SECONDS = 1.0
"""After a failure Redis is left alone for so long: nobody else waits for the same answer."""


class PageStore:
    """Pages by their token, each a few named parts. Whoever uses it can do without.

    A page is found by processes of the same `version` alone: another may not be able to read it.
    """

    def __init__(self, redis: Redis, *, version: str, seconds_kept: int) -> None:
        self._redis = redis
        self._prefix = f"desk:page:{version}:"
        self._seconds_kept = seconds_kept
        self._left_alone_until = 0.0

    async def read(self, token: str) -> Parts | None:
        """The parts of a page, none of a page that is not known; None: Redis does not answer."""
        if self._is_left_alone():
            return None
        try:
            # Typed for clients with and without a loop at once.
            asked = cast("Awaitable[dict[bytes, bytes]]", self._redis.hgetall(self._prefix + token))
            found = await asked
        except UNREACHABLE as error:
            self._leave_alone(error)
            return None
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
            self._leave_alone(error)
            return False
        return True

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    def _is_left_alone(self) -> bool:
        return monotonic() < self._left_alone_until

    def _leave_alone(self, error: Exception) -> None:
        self._left_alone_until = monotonic() + PAUSE_SECONDS
        log.info("pages are kept in this process alone for now: %s", type(error).__name__)
