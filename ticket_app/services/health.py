"""Whether the desk can work, for load balancers and people."""

from typing import Literal

from pydantic import BaseModel

from ticket_app.data.engine import get_engine, reading
from ticket_app.data.ticket_queries import answer_ready
from ticket_app.errors import DatabaseUnavailableError
from ticket_app.triage.engine import ProviderState, provider_state


class DatabaseState(BaseModel):
    """Which engine, and whether it answers."""

    engine: str
    state: Literal["ok", "unavailable"]


class Health(BaseModel):
    """`live`: the process answers. `ready`: it can take tickets. A missing provider is no fault."""

    live: Literal[True] = True
    ready: bool
    database: DatabaseState
    provider: ProviderState


def check_health() -> Health:
    """The state right now; asks the database, never the provider."""
    try:
        with reading() as session:
            answer_ready(session)
        state: Literal["ok", "unavailable"] = "ok"
    except DatabaseUnavailableError:
        state = "unavailable"
    return Health(
        ready=state == "ok",
        database=DatabaseState(engine=get_engine().dialect.name, state=state),
        provider=provider_state(),
    )
