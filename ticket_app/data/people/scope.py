"""The scope of a query: which tickets its actor may see.

services/people/permission.py decides it. Each query of tickets that a person reads takes one.
"""

from typing import NamedTuple


class Scope(NamedTuple):
    """Every ticket, or those of one requester, or one ticket.

    Those of a requester are also those on which that person is copied: its participants see a
    ticket as its requester does.
    """

    requester_id: int | None = None
    ticket_id: int | None = None

    @property
    def restriction(self) -> tuple[str, ...]:
        """The names of the fields that are set; () for every ticket."""
        requester = () if self.requester_id is None else ("requester_id",)
        return requester if self.ticket_id is None else (*requester, "ticket_id")


EVERY_TICKET = Scope()
NO_TICKET = Scope(ticket_id=0)
"""A scope without tickets: ids begin at 1."""
