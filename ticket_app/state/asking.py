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


def text_of(value: Any, longest: int) -> str:
    """The text that a page sent, cut: a State keeps no more of it. Half a character is none.

    What is no text becomes none: to write a large structure down would take long.
    """
    if not isinstance(value, str):
        return ""
    return whole(value[:longest])


def whole(text: str) -> str:
    """The text with a sign in place of each half of a surrogate pair, which nothing can encode."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
