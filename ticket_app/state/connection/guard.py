"""The guard before every event handler: whoever may not do what its State is for is refused.

The services decide anyway. The guard keeps the events of strangers away from the States.
"""

from functools import cache

import reflex as rx
from reflex.middleware import Middleware
from reflex.state import BaseState, StateUpdate
from reflex_base.event import Event
from reflex_base.registry import RegistrationContext

from ticket_app.errors import BusyError, DatabaseUnavailableError
from ticket_app.services.people import identity
from ticket_app.services.people.permission import Verb, may
from ticket_app.state.acting import acting

REFLEX = "reflex"
"""The package whose own handlers serve every connected page: they load it and keep its values."""


class Guard(Middleware):
    """Runs before every event handler, also of events that the desk sends to itself."""

    async def preprocess(
        self,
        app: rx.App,  # noqa: ARG002  # the signature is Reflex's
        state: BaseState,  # noqa: ARG002
        event: Event,
    ) -> StateUpdate | None:
        """Returns an empty update, which ends the event here, unless the actor may send it.

        If the session cannot be read now, the handler runs: its services raise the error, and the
        page shows it where it belongs.
        """
        if await _is_open():
            return None
        needs = needs_of(event.name)
        if needs is None:
            return None
        try:
            is_allowed = may(await acting(), needs)
        except (DatabaseUnavailableError, BusyError):
            return None
        return None if is_allowed else StateUpdate()


@cache
def needs_of(event_name: str) -> Verb | None:
    """Returns what the handler's State class says in `needs`; None if nobody need sign in.

    Raises TypeError for a class that does not say it.
    """
    handler = RegistrationContext.get().event_handlers[event_name]
    state = handler.states[0]
    if state.__module__.partition(".")[0] == REFLEX:
        return None
    if not hasattr(state, "needs"):
        raise TypeError(f"{state.__qualname__} has to say what it needs: needs: ClassVar[...]")
    needs: Verb | None = state.needs
    return needs


async def _is_open() -> bool:
    try:
        return await identity.is_open()
    except (DatabaseUnavailableError, BusyError):
        return True  # nothing can be read, and the services say so
