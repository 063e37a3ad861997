"""A ticket in the words of its requester: what was written, and how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass

from ticket_app.schemas.tickets import TicketPublic
from ticket_app.vocabulary import Status

STATE_SENTENCES: Mapping[str, str] = {
    Status.OPEN: "We have it, and nobody has begun yet.",
    Status.IN_PROGRESS: "Someone works on it.",
}
STATE_WORDS: Mapping[str, str] = {
    Status.OPEN: "Received",
    Status.IN_PROGRESS: "In progress",
    Status.RESOLVED: "Resolved",
    Status.CLOSED: "Closed",
}
TEAM, YOU = "Our team", "You"
"""Who writes, before a requester. They see no other people."""
CLOSED = "Your ticket is closed."
DELETED = "deleted"
"""The status of a row whose ticket was deleted while the list is open."""


@dataclass(frozen=True)
class OwnTicket:
    """A ticket for its requester. Times are in ISO 8601; `settled_at` is empty until it is resolved
    or closed, and then `sentence` is, because the page says when."""

    id: int
    title: str
    description: str
    status: str
    state: str
    sentence: str
    filed_at: str
    settled_at: str


def own_ticket_of(ticket: TicketPublic, *, whole: bool = True) -> OwnTicket:
    """Returns the ticket in words; without `whole`, as a row, it has no description."""
    settled = ticket.resolved_at
    return OwnTicket(
        id=ticket.id,
        title=ticket.title,
        description=ticket.description if whole else "",
        status=ticket.status,
        state=STATE_WORDS[ticket.status],
        sentence=STATE_SENTENCES.get(ticket.status, ""),
        filed_at=ticket.created_at.isoformat(),
        settled_at="" if settled is None else settled.isoformat(),
    )


NO_TICKET = OwnTicket(0, "", "", "", "", "", "", "")
"""No ticket, for a page that does not know one."""
