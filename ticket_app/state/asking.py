"""What every event handler needs: services off the event loop, and input that is checked.

A handler can be called by anyone who can open the websocket, with any arguments.
"""

import asyncio
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from reflex_base.event.context import EventContext

from ticket_app.errors import FieldProblem, InvalidInputError
from ticket_app.services.threads import run
from ticket_app.state.live import presence
from ticket_app.vocabulary import ID_MAX

LOOK_SECONDS = 0.25
P = ParamSpec("P")
R = TypeVar("R")

EXACT_MAX = 2**53
"""The largest integer that a browser counts exactly."""


async def ask(service: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a service in a thread: a query must not hold up everybody else's events. BusyError when
    none is free in time, or the page was closed meanwhile."""
    return await run(service, *args, leaving=_page_left, **kwargs)


async def _page_left() -> None:
    """Ends when the page was closed."""
    token = EventContext.get().token
    while presence.ask(token):  # noqa: ASYNC110  # nothing tells of it
        await asyncio.sleep(LOOK_SECONDS)


def ticket_id_of(value: Any) -> int:
    """The id that a page sent; InvalidInputError for anything that cannot be one."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= ID_MAX:
        raise InvalidInputError([FieldProblem("ticket_id", "Use the number of a ticket.")])
    return value


def number_of(value: Any) -> int:
    """The positive integer that a page sent; 0 for anything else."""
    known = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= EXACT_MAX
    return value if known else 0


def text_of(value: Any, longest: int) -> str:
    """The text that a page sent, cut to `longest` characters and made `whole`.

    Anything else becomes an empty text: str() of a large structure would take long.
    """
    if not isinstance(value, str):
        return ""
    return whole(value[:longest])


def whole(text: str) -> str:
    """The text with U+FFFD for each unpaired surrogate, which cannot be encoded."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
