"""The requesters whom the queue's search box names."""

from dataclasses import dataclass

from ticket_app.services.tickets.requesters import requesters_named
from ticket_app.state.service_calls import call_service


@dataclass(frozen=True)
class NamedRequester:
    """A person with tickets whom the search has found."""

    id: int
    name: str
    email: str


async def named_requesters(search: str) -> list[NamedRequester]:
    """Returns the requesters whom the beginning of a name or an address finds; [] for no text."""
    if not search:
        return []
    people = await call_service(requesters_named, search)
    return [NamedRequester(each.id, each.name, each.email or "") for each in people]
