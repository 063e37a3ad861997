"""The health of the desk, for load balancers and people."""

from typing import Literal

from pydantic import BaseModel

from ticket_app.actor import Actor
from ticket_app.bus import bus
from ticket_app.data.engine import get_engine
from ticket_app.data.readiness import find_problem
from ticket_app.errors import DatabaseUnavailableError
from ticket_app.services.people.permission import Verb, may
from ticket_app.triage.engine import ProviderState, provider_state


class DatabaseState(BaseModel):
    """The database's engine, whether it can take tickets, and the problem if one is known."""

    engine: str
    state: Literal["ok", "unavailable"]
    problem: str | None = None


class RedisState(BaseModel):
    """The state of Redis. If unavailable, pages receive the changes of their own process only."""

    state: Literal["ok", "unavailable"]


class Health(BaseModel):
    """`live`: the process answers. `ready`: it can take tickets, also without a provider or Redis.

    `redis` is None if no Redis is configured. `database`, `redis` and `provider` are None for those
    who may not know them.
    """

    live: Literal[True] = True
    ready: bool
    database: DatabaseState | None
    redis: RedisState | None
    provider: ProviderState | None


def check_health(actor: Actor) -> Health:
    """Returns the current health. Queries the database, and never calls the provider."""
    return _health(find_problem())


def visible_health(actor: Actor, health: Health) -> Health:
    """Returns the part of the health that the actor may know.

    Names of programs and reasons of failures help an attacker, so only agents get them.
    """
    if may(actor, Verb.READ_TRIAGE):
        return health
    return Health(ready=health.ready, database=None, redis=None, provider=None)


def health_unknown(actor: Actor) -> Health:
    """Returns the health to report if the database does not answer `check_health` in time."""
    return _health(DatabaseUnavailableError().detail)


def _health(problem: str | None) -> Health:
    return Health(
        ready=problem is None,
        database=DatabaseState(
            engine=get_engine().dialect.name,
            state="ok" if problem is None else "unavailable",
            problem=problem,
        ),
        redis=None if bus.reach is None else RedisState(state=bus.reach),
        provider=provider_state(),
    )
