"""Whether the desk can work, for load balancers and people."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from ticket_app.data.engine import get_engine, is_ready
from ticket_app.live.relay import relay_state
from ticket_app.triage.engine import ProviderState, provider_state


class DatabaseState(BaseModel):
    """Which engine, and whether it answers."""

    engine: str
    state: Literal["ok", "unavailable"]


class RedisState(BaseModel):
    """`unavailable`: tickets are taken as ever; pages hear of this process's changes alone."""

    state: Literal["ok", "unavailable"]


class Health(BaseModel):
    """`live`: the process answers. `ready`: it can take tickets. A missing provider is no fault,
    and neither is a Redis that is away; `redis` is None where none is set."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    live: Literal[True] = True
    ready: bool
    database: DatabaseState
    redis: RedisState | None
    provider: ProviderState


def check_health() -> Health:
    """The state right now; asks the database, never the provider."""
    return _health(ready=is_ready())


def health_unknown() -> Health:
    """The state where the database does not answer `check_health` in time."""
    return _health(ready=False)


def _health(*, ready: bool) -> Health:
    sharing = relay_state()
    return Health(
        ready=ready,
        database=DatabaseState(
            engine=get_engine().dialect.name, state="ok" if ready else "unavailable"
        ),
        redis=None if sharing is None else RedisState(state=sharing),
        provider=provider_state(),
    )
