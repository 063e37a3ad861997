"""Stores the state of open pages in Redis, so that another process can continue them."""

import logging
from collections.abc import Awaitable, Mapping
from time import monotonic
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import TimeoutError as RedisTimeoutError

from ticket_app.live.redis_server import UNREACHABLE

log = logging.getLogger(__name__)

Parts = dict[str, bytes]
"""The serialized parts of one page, by name."""

PAUSE_SECONDS = 5.0
"""After a timeout the circuit breaker stays open for so long, so that not every page waits."""


class PageStore:
    """Pages by their token, each with a few named parts. Its callers work without it, too.

    Only processes of the same `version` find a page: another version may not be able to read it.
    """

    def __init__(self, redis: Redis, *, version: str, seconds_kept: int) -> None:
        self._redis = redis
        self._prefix = f"desk:page:{version}:"
        self._seconds_kept = seconds_kept
        self._open_until = 0.0
        self._outage_logged = False

    async def read(self, token: str) -> Parts | None:
        """Return the parts of a page; {} for an unknown page, None if Redis does not answer."""
        if self._is_circuit_open():
            return None
        try:
            # Redis's types cover the client with and without asyncio in one union.
            reply = cast("Awaitable[dict[bytes, bytes]]", self._redis.hgetall(self._prefix + token))
            found = await reply
        except UNREACHABLE as error:
            self._log_outage(error)
            return None
        self._outage_logged = False
        return {name.decode(): part for name, part in found.items()}

    async def write(self, pages: Mapping[str, Parts]) -> bool:
        """Replace these parts and renew the pages' expiry. Return True if Redis answered."""
        if self._is_circuit_open():
            return False
        pipeline = self._redis.pipeline(transaction=False)
        for token, parts in pages.items():
            if parts:
                pipeline.hset(self._prefix + token, mapping=parts)
            pipeline.expire(self._prefix + token, self._seconds_kept)
        try:
            await pipeline.execute()
        except UNREACHABLE as error:
            self._log_outage(error)
            return False
        self._outage_logged = False
        return True

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    def _is_circuit_open(self) -> bool:
        return monotonic() < self._open_until

    def _log_outage(self, error: Exception) -> None:
        if isinstance(error, TimeoutError | RedisTimeoutError):  # other failures cost no time
            self._open_until = monotonic() + PAUSE_SECONDS
        if self._outage_logged:
            return
        self._outage_logged = True
        log.warning(
            "Redis does not answer (%s): pages of other processes start anew in this one, and its "
            "own pages are stored in its memory only",
            type(error).__name__,
        )
