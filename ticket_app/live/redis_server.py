"""The way to Redis: every command has a deadline, and what failed is not tried again by itself.

Nothing but a page that connects ever waits for Redis, and all that use it can go on without.
"""

from pydantic import SecretStr
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

SECONDS = 2.0
"""A command takes less than a millisecond, on a machine that is out of breath much longer; a server
that needs so long is as good as away."""

UNREACHABLE = (RedisError, OSError, TimeoutError)
"""Whatever a command raises that Redis did not carry out."""


def connect(url: SecretStr) -> Redis:
    """A client, with a pool of connections that are made when they are needed."""
    return Redis.from_url(
        url.get_secret_value(),
        socket_connect_timeout=SECONDS,
        socket_timeout=SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def database_of(redis: Redis) -> int:
    """The number of the database that the address names; channels know no databases."""
    return int(redis.connection_pool.connection_kwargs.get("db") or 0)
