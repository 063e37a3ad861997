"""Checks of the arguments of events: a page may send anything.

Anyone who can open the websocket can call a handler, with any arguments.
"""

from typing import Any

from ticket_app.errors import FieldProblem, InvalidInputError
from ticket_app.vocabulary import ID_MAX

EXACT_MAX = 2**53
"""The largest integer that a browser represents exactly."""


def ticket_id_of(value: Any) -> int:
    """Returns the ticket id that a page sent. Raises InvalidInputError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= ID_MAX:
        raise InvalidInputError([FieldProblem("ticket_id", "Use the number of a ticket.")])
    return value


def number_of(value: Any) -> int:
    """Returns the positive integer that a page sent, or 0 for anything else."""
    known = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= EXACT_MAX
    return value if known else 0


def text_of(value: Any, longest: int) -> str:
    """Returns the text that a page sent, cut to `longest` characters and made `whole`.

    Anything else becomes an empty text, because str() of a large structure would take long.
    """
    if not isinstance(value, str):
        return ""
    return whole(value[:longest])


def whole(text: str) -> str:
    """Returns the text with U+FFFD for each unpaired surrogate, which UTF-8 cannot encode."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
