"""Engines for PostgreSQL: how a connection is made, what its session is set to, when it is tried.

Settings are made after connecting, in one round trip: a pooler such as PgBouncer refuses them in
the startup packet. No query relies on the session's time zone. What the address of the database
sets by itself, be it as a parameter or among its `options`, is kept.
"""

import re
from math import inf
from time import monotonic
from typing import Any

import psycopg2
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from ticket_app.data import bounds
from ticket_app.errors import ConfigurationError

IDLE_SECONDS = 1.0
"""A connection that has been idle for longer is tried before it is used: the server may be another
one by now. To try each one each time would cost every request a round trip."""

PARAMETERS: dict[str, Any] = {
    "connect_timeout": 3,
    # A connection may rest for long, and something on the way drop it without a word.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
SESSION = {"timezone": "UTC", "jit": "off"}
DIRECT_SESSION = SESSION | {
    # What is prepared is planned once, whatever it is first asked for.
    "plan_cache_mode": "force_generic_plan"
}
NAMED = re.compile(r"(?:-c\s*|--)([\w.-]+)=")
"""A setting among the `options` of an address; PostgreSQL takes a - for a _ there."""


def make_postgresql_engine(url: URL, pool: dict[str, Any]) -> Engine:
    """For sessions, whose statements are parts of a transaction."""
    return _watched(create_engine(url, connect_args=_parameters(url), **pool), SESSION)


def make_direct_engine(url: URL, pool: dict[str, Any]) -> Engine:
    """Each statement is a transaction of its own."""
    # The driver changes a connection from one kind to the other by asking the server.
    engine = create_engine(url, connect_args=_parameters(url), isolation_level="AUTOCOMMIT", **pool)
    return _watched(engine, DIRECT_SESSION)


def session_statement(settings: dict[str, str], options: str = "") -> str:
    """What sets a session, but for what `options` name already."""
    milliseconds = {
        "statement_timeout": str(bounds.STATEMENT_TIMEOUT_MS),
        "lock_timeout": str(bounds.BUSY_TIMEOUT_SECONDS * 1000),
    }
    kept = {name.lower().replace("-", "_") for name in NAMED.findall(options)}
    wanted = {name: value for name, value in (settings | milliseconds).items() if name not in kept}
    return "; ".join(f"SET {name} = '{value}'" for name, value in wanted.items())


def require_sessions(engine: Engine) -> None:
    """Raise ConfigurationError where a pooler gives a connection another server at each
    transaction: what was set and prepared would be gone, or somebody else's."""
    with engine.connect() as one, engine.connect() as other:
        if len({_server_process(connection) for connection in (one, other, one)}) != 2:
            raise ConfigurationError(
                "The pooler in front of PostgreSQL changes the server between transactions, and "
                "with it what the desk has set and prepared; let it keep one for each connection, "
                "for example in pgbouncer.ini: pool_mode=session"
            )


def _server_process(connection: Any) -> int:
    with connection.begin():
        return int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


def _parameters(url: URL) -> dict[str, Any]:
    return {name: value for name, value in PARAMETERS.items() if name not in url.query}


def _watched(engine: Engine, settings: dict[str, str]) -> Engine:
    given = engine.url.query.get("options", "")
    options = given if isinstance(given, str) else " ".join(given)

    def set_session(connection: Any, _: ConnectionPoolEntry) -> None:
        was = connection.autocommit
        connection.rollback()
        connection.autocommit = True  # or the settings would end with the transaction
        if statement := session_statement(settings, options):
            with connection.cursor() as cursor:
                cursor.execute(statement)
        connection.autocommit = was

    event.listen(engine, "connect", set_session)
    event.listen(engine, "checkout", _try_if_idle)
    event.listen(engine, "checkin", _note_use)
    return engine


def _note_use(_: Any, record: ConnectionPoolEntry) -> None:
    record.info["used_at"] = monotonic()


def _try_if_idle(connection: Any, record: ConnectionPoolEntry, _: Any) -> None:
    """Raises DisconnectionError, upon which the pool takes another connection."""
    if monotonic() - record.info.get("used_at", inf) < IDLE_SECONDS:
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        connection.rollback()
    except psycopg2.Error as error:
        raise DisconnectionError from error
