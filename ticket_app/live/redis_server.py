"""The client for Redis: every command has a timeout and no automatic retry.

Only a page that connects ever waits for Redis, and every caller works without it.
"""

from pydantic import SecretStr
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

SECONDS = 2.0
"""Timeout of a command. It takes less than a millisecond, and much longer on an overloaded machine;
a server that needs so long counts as away."""

UNREACHABLE = (RedisError, OSError, TimeoutError)
"""The errors of a command that Redis did not execute."""


def connect(url: SecretStr) -> Redis:
    """Return a client with a pool that connects on demand."""
    return Redis.from_url(
        url.get_secret_value(),
        socket_connect_timeout=SECONDS,
        socket_timeout=SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def database_of(redis: Redis) -> int:
    """Return the database number in the address. Channels are shared by all databases."""
    return int(redis.connection_pool.connection_kwargs.get("db") or 0)
