"""Engines for PostgreSQL: connection parameters, session settings and liveness checks.

Session settings are sent after connecting, in one round trip: a pooler such as PgBouncer refuses
them in the startup packet. No query relies on the session's time zone. A setting in the address of
the database, as a parameter or in `options`, takes precedence.
"""

import re
from functools import partial
from math import inf
from time import monotonic
from typing import Any, NamedTuple

import psycopg2
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from ticket_app.data import bounds
from ticket_app.data.postgresql.backends import OWN_BACKEND, Backend
from ticket_app.data.postgresql.timeouts import LONG, QUICK, Timeouts
from ticket_app.data.postgresql.watchdog import Watchdog
from ticket_app.errors import ConfigurationError, DatabaseUnavailableError

IDLE_SECONDS = 1.0
"""A connection that was idle for longer is tested before use: the server may have restarted. A test
at every use would cost every request a round trip."""

PARAMETERS: dict[str, Any] = {
    "connect_timeout": 3,
    # A firewall may drop an idle connection silently.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
SESSION = {"timezone": "UTC", "jit": "off"}
AUTOCOMMIT_SESSION = SESSION | {
    # A prepared statement is planned once, for all values.
    "plan_cache_mode": "force_generic_plan",
    # A plan for all values takes a rare word for a frequent one. To start a worker for it takes
    # several times as long as to find it.
    "max_parallel_workers_per_gather": "0",
}
SHORT = {"connect_timeout": 2}
"""Seconds for the watchdog's connection; 2 is the driver's minimum."""
ONE = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 1}
"""Pool options for a single reserved connection."""
NAMED = re.compile(r"(?:-c\s*|--)([\w.-]+)=")
"""A setting in the `options` of an address. PostgreSQL accepts - for _ there."""
BACKEND_KEY = "backend"
"""Key of a connection's `info` under which its Backend is stored."""


class PostgresqlEngines(NamedTuple):
    """The engines of one database and the watchdog of their connections.

    `for_sessions` runs transactions of several statements; with `autocommit` each statement commits
    by itself; `for_health` has one connection for health checks.
    """

    for_sessions: Engine
    autocommit: Engine
    for_health: Engine
    watchdog: Watchdog


def make_postgresql_engines(url: URL, pool: dict[str, Any]) -> PostgresqlEngines:
    """Make the engines; they connect at their first use."""
    parameters = {name: value for name, value in PARAMETERS.items() if name not in url.query}
    # Two engines, because switching autocommit of a connection costs the driver a round trip.
    autocommit = create_engine(url, connect_args=parameters, isolation_level="AUTOCOMMIT", **pool)
    _, arguments = autocommit.dialect.create_connect_args(url)
    watchdog = Watchdog(partial(psycopg2.connect, **dict(arguments) | parameters | SHORT))
    engines = PostgresqlEngines(
        create_engine(url, connect_args=parameters, **pool),
        autocommit,
        create_engine(url, connect_args=parameters, **pool | ONE),
        watchdog,
    )
    _PoolEvents(SESSION, watchdog, LONG).listen_to(engines.for_sessions)
    _PoolEvents(AUTOCOMMIT_SESSION, watchdog, QUICK).listen_to(engines.autocommit)
    _PoolEvents(SESSION, watchdog, QUICK).listen_to(engines.for_health)
    return engines


def session_settings(settings: dict[str, str], options: str = "") -> list[str]:
    """Return the SET statements of a session, without the settings that `options` names."""
    milliseconds = {
        "statement_timeout": str(bounds.STATEMENT_TIMEOUT_MS),
        "lock_timeout": str(bounds.LOCK_TIMEOUT_MS),
    }
    preset = {name.lower().replace("-", "_") for name in NAMED.findall(options)}
    missing = {
        name: value for name, value in (settings | milliseconds).items() if name not in preset
    }
    return [f"SET {name} = '{value}'" for name, value in missing.items()]


def require_sessions(engine: Engine) -> None:
    """Raise ConfigurationError if a pooler switches the server connection between transactions.

    Session settings and prepared statements would then be lost, or belong to another client.
    """
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


class _PoolEvents:
    """The pool events of an engine.

    They apply the session settings once per connection, test a connection that was idle, and tell
    the watchdog which connections are in use, with these timeouts.
    """

    def __init__(self, settings: dict[str, str], watchdog: Watchdog, timeouts: Timeouts) -> None:
        self._settings = settings
        self._watchdog = watchdog
        self._timeouts = timeouts

    def listen_to(self, engine: Engine) -> None:
        """Register the events on this engine."""
        options = engine.url.query.get("options", "")
        self._options = options if isinstance(options, str) else " ".join(options)
        event.listen(engine, "connect", self._begin, insert=True)
        event.listen(engine, "connect", self._set_session)
        event.listen(engine, "checkout", self._check_out)
        event.listen(engine, "checkin", self._check_in)
        for closing in ("invalidate", "close"):
            event.listen(engine, closing, self._end)

    def _begin(self, connection: Any, record: ConnectionPoolEntry) -> None:
        backend = record.info.get(BACKEND_KEY)
        self._watchdog.begin(id(record.info), connection, self._timeouts, backend)

    def _end(self, _: Any, record: ConnectionPoolEntry, *__: Any) -> None:
        self._watchdog.end(id(record.info))

    def _set_session(self, connection: Any, record: ConnectionPoolEntry) -> None:
        was = connection.autocommit
        connection.rollback()
        connection.autocommit = True  # or the settings would end with the transaction
        with connection.cursor() as cursor:
            cursor.execute(
                "; ".join((*session_settings(self._settings, self._options), OWN_BACKEND))
            )
            record.info[BACKEND_KEY] = Backend.behind(cursor)
        connection.autocommit = was

    def _check_out(self, connection: Any, record: ConnectionPoolEntry, _: Any) -> None:
        """Raise DisconnectionError for a dead connection: the pool then takes another one."""
        self._begin(connection, record)
        if monotonic() - record.info.get("used_at", inf) < IDLE_SECONDS:
            return
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            connection.rollback()
        except psycopg2.Error as error:
            if self._watchdog.hanging:  # another connection would fail, too
                raise DatabaseUnavailableError from error
            raise DisconnectionError from error

    def _check_in(self, connection: Any, record: ConnectionPoolEntry) -> None:
        self._end(connection, record)
        record.info["used_at"] = monotonic()
