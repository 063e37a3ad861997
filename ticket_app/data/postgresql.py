"""Engines for PostgreSQL: how a connection is made, what its session is set to, when it is tried.

Settings are made after connecting, in one round trip: a pooler such as PgBouncer refuses them in
the startup packet. No query relies on the session's time zone. What the address of the database
sets by itself, be it as a parameter or among its `options`, is kept.
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
from ticket_app.data.backends import WHO, Process
from ticket_app.data.patience import LONG, QUICK, Patience
from ticket_app.data.watch import Watch
from ticket_app.errors import ConfigurationError, DatabaseUnavailableError

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
SOON = {"connect_timeout": 2}
"""The driver's least."""
ONE = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 1}
"""A pool that is nobody else's."""
NAMED = re.compile(r"(?:-c\s*|--)([\w.-]+)=")
"""A setting among the `options` of an address; PostgreSQL takes a - for a _ there."""
PROCESS = "process"
"""Under this name a connection's info has the server's process that is behind it."""


class PostgresqlEngines(NamedTuple):
    """Of one database: for transactions of several statements; for statements that are each a
    transaction; for whoever asks how the database is. And who watches their connections."""

    for_sessions: Engine
    direct: Engine
    asking_health: Engine
    watch: Watch


def make_postgresql_engines(url: URL, pool: dict[str, Any]) -> PostgresqlEngines:
    """Nothing is connected yet."""
    parameters = {name: value for name, value in PARAMETERS.items() if name not in url.query}
    # The driver changes a connection from one kind to the other by asking the server.
    direct = create_engine(url, connect_args=parameters, isolation_level="AUTOCOMMIT", **pool)
    _, how = direct.dialect.create_connect_args(url)
    watch = Watch(partial(psycopg2.connect, **dict(how) | parameters | SOON))
    engines = PostgresqlEngines(
        create_engine(url, connect_args=parameters, **pool),
        direct,
        create_engine(url, connect_args=parameters, **pool | ONE),
        watch,
    )
    _Upkeep(SESSION, watch, LONG).see_to(engines.for_sessions)
    _Upkeep(DIRECT_SESSION, watch, QUICK).see_to(engines.direct)
    _Upkeep(SESSION, watch, QUICK).see_to(engines.asking_health)
    return engines


def session_settings(settings: dict[str, str], options: str = "") -> list[str]:
    """What sets a session, but for what `options` name already."""
    milliseconds = {
        "statement_timeout": str(bounds.STATEMENT_TIMEOUT_MS),
        "lock_timeout": str(bounds.LOCK_TIMEOUT_MS),
    }
    kept = {name.lower().replace("-", "_") for name in NAMED.findall(options)}
    wanted = {name: value for name, value in (settings | milliseconds).items() if name not in kept}
    return [f"SET {name} = '{value}'" for name, value in wanted.items()]


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


class _Upkeep:
    """What is done for the connections of an engine, for which `watch` has so much patience: its
    session is set once, and one that has rested is tried before it is used."""

    def __init__(self, settings: dict[str, str], watch: Watch, patience: Patience) -> None:
        self._settings = settings
        self._watch = watch
        self._patience = patience

    def see_to(self, engine: Engine) -> None:
        """Do it from now on."""
        given = engine.url.query.get("options", "")
        self._options = given if isinstance(given, str) else " ".join(given)
        event.listen(engine, "connect", self._begin, insert=True)
        event.listen(engine, "connect", self._set_session)
        event.listen(engine, "checkout", self._check_out)
        event.listen(engine, "checkin", self._check_in)
        for closing in ("invalidate", "close"):
            event.listen(engine, closing, self._end)

    def _begin(self, connection: Any, record: ConnectionPoolEntry) -> None:
        process = record.info.get(PROCESS)
        self._watch.begin(id(record.info), connection, self._patience, process)

    def _end(self, _: Any, record: ConnectionPoolEntry, *__: Any) -> None:
        self._watch.end(id(record.info))

    def _set_session(self, connection: Any, record: ConnectionPoolEntry) -> None:
        was = connection.autocommit
        connection.rollback()
        connection.autocommit = True  # or the settings would end with the transaction
        with connection.cursor() as cursor:
            cursor.execute("; ".join((*session_settings(self._settings, self._options), WHO)))
            record.info[PROCESS] = Process.behind(cursor)
        connection.autocommit = was

    def _check_out(self, connection: Any, record: ConnectionPoolEntry, _: Any) -> None:
        """Raises DisconnectionError, upon which the pool takes another connection."""
        self._begin(connection, record)
        if monotonic() - record.info.get("used_at", inf) < IDLE_SECONDS:
            return
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            connection.rollback()
        except psycopg2.Error as error:
            if self._watch.hanging:  # so would another one
                raise DatabaseUnavailableError from error
            raise DisconnectionError from error

    def _check_in(self, connection: Any, record: ConnectionPoolEntry) -> None:
        self._end(connection, record)
        record.info["used_at"] = monotonic()
