"""The addresses of the page of a ticket: /t/NUMBER, and with `before` an older part of it."""

from urllib.parse import urlencode

from ticket_app.state.portal.address import ticket_number

ROUTE = "/t"


def number_in(path: str) -> int:
    """Returns the number of the ticket that a path names; 0, which no ticket has, for none."""
    prefix, _, name = path.rstrip("/").rpartition("/")
    return ticket_number(name) if prefix == ROUTE else 0


def address_of(ticket_id: int, before: int | None = None) -> str:
    """Returns the address of a ticket, or of what was said there before a message."""
    query = f"?{urlencode({'before': before})}" if before else ""
    return f"{ROUTE}/{ticket_id}{query}"
