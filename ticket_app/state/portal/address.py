"""What the addresses of the pages for requesters say."""

from typing import Any

from ticket_app.vocabulary import ID_MAX


def ticket_number(text: Any) -> int:
    """Returns the number of a ticket in an address; 0, which no ticket has, for anything else."""
    digits = len(str(ID_MAX))
    if not isinstance(text, str) or not text.isascii() or not text.isdecimal():
        return 0
    return int(text) if len(text) <= digits and int(text) <= ID_MAX else 0
