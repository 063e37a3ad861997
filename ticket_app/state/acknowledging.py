"""What a page has sent is acknowledged once it is done; what changes tickets is done once.

A page sends an event again after a reconnection, with the same number, where it was not told that
the first one is done: see `components/outbox.py`. Numbers of one page only grow.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import reflex as rx
from reflex.middleware import Middleware
from reflex.state import BaseState, StateUpdate
from reflex_base.constants.state import FIELD_MARKER
from reflex_base.event import Event, EventHandler
from reflex_base.event.context import EventContext
from reflex_base.utils.format import format_event_handler

from ticket_app.state.asking import number_of

NUMBER = "number"
AGAIN = "again"
"""Parts of an event as a page sends it: its number, and whether it was sent before."""
BEYOND_MAX = 100


class Numbered(dict[str, Any]):
    """The payload of an event that is to be acknowledged."""

    def __init__(self, payload: dict[str, Any], number: int, *, again: bool) -> None:
        super().__init__(payload)
        self.number, self.again = number, again


def numbered(payload: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    """The payload with the number that the page gave the event, if it gave one."""
    number = number_of(event.get(NUMBER))
    return Numbered(payload, number, again=event.get(AGAIN) is True) if number else payload


class Acknowledged(rx.State):
    """The number up to which all that the page has sent is done, and the numbers `beyond` that are.

    `_once` is the number of the last change of a ticket that the page has asked for.
    """

    number: int = 0
    beyond: list[int] = []

    _once: int = 0

    def _is_done(self, event: Numbered) -> bool:
        """Whether this change was made already; if not, it is being made now."""
        if event.again and event.number <= self._once:
            return True
        self._once = event.number
        return False


@dataclass
class _Line:
    """What a page has sent and is not done yet, what is done of it, and the greatest number.

    One that takes long, in the background, holds no word back on those after it.
    """

    under_way: set[int] = field(default_factory=set)
    done: list[int] = field(default_factory=list)
    last: int = 0

    def begin(self, number: int) -> None:
        """An event has begun."""
        self.under_way.add(number)
        self.last = max(self.last, number)

    def end(self, number: int) -> dict[str, Any]:
        """One is done; what the page is to be told."""
        self.under_way.discard(number)
        self.done = [*self.done, number][-BEYOND_MAX:]
        first = min(self.under_way, default=self.last + 1)
        return {"number": first - 1, "beyond": [each for each in self.done if each > first]}


class Acknowledging(Middleware):
    """Stands before every event handler. `once` are the handlers of what is not done twice."""

    def __init__(self, *once: EventHandler) -> None:
        self._once = frozenset(format_event_handler(handler) for handler in once)
        self._lines: dict[str, _Line] = {}
        self._telling: set[asyncio.Task[None]] = set()

    async def preprocess(self, app: rx.App, state: BaseState, event: Event) -> StateUpdate | None:
        """Note the event; one that was done before ends here."""
        payload = event.payload
        if not isinstance(payload, Numbered):
            return None
        self._acknowledge_when_done(app, payload.number)
        if event.name not in self._once:
            return None
        known = await state.get_state(Acknowledged)
        return StateUpdate() if known._is_done(payload) else None  # noqa: SLF001  # ours

    def _acknowledge_when_done(self, app: rx.App, number: int) -> None:
        context = EventContext.get()
        future = app.event_processor._futures.get(context.txid)  # noqa: SLF001  # no other way
        if future is None:
            return
        line = self._lines.setdefault(context.token, _Line())
        line.begin(number)

        def end(_: Any) -> None:
            done = line.end(number)
            if not line.under_way and self._lines.get(context.token) is line:
                del self._lines[context.token]
            task = asyncio.create_task(_tell(app, context.token, done))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

        future.add_done_callback(end)


async def _tell(app: rx.App, token: str, done: dict[str, Any]) -> None:
    door = app.event_namespace
    if door is not None and token in door.token_to_sid:
        told = {f"{name}{FIELD_MARKER}": value for name, value in done.items()}
        await door.emit_update(StateUpdate(delta={Acknowledged.get_full_name(): told}), token)
