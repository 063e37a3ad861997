"""Whether the desk can work, for load balancers and people."""

from typing import Literal

from pydantic import BaseModel

from ticket_app.bus import bus
from ticket_app.data.engine import get_engine
from ticket_app.data.readiness import find_problem
from ticket_app.errors import DatabaseUnavailableError
from ticket_app.triage.engine import ProviderState, provider_state


class DatabaseState(BaseModel):
    """Which engine, and whether it takes tickets; if not, why, where that is known."""

    engine: str
    state: Literal["ok", "unavailable"]
    problem: str | None = None


class RedisState(BaseModel):
    """`unavailable`: tickets are taken as ever; pages hear of this process's changes alone."""

    state: Literal["ok", "unavailable"]


class Health(BaseModel):
    """`live`: the process answers. `ready`: it can take tickets. A missing provider is no fault,
    and neither is a Redis that is away; `redis` is None where none is set."""

    live: Literal[True] = True
    ready: bool
    database: DatabaseState
    redis: RedisState | None
    provider: ProviderState


def check_health() -> Health:
    """The state right now; asks the database, never the provider."""
    return _health(find_problem())


def health_unknown() -> Health:
    """The state where the database does not answer `check_health` in time."""
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
