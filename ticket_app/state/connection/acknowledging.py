"""Acknowledges each event of a page once it is done, and makes each change of a ticket once.

After a reconnection a page sends every event that was not acknowledged again, with the same number:
see `components/browser/outbox.py`. The numbers of one page only grow.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any, ClassVar

import reflex as rx
from reflex.middleware import Middleware
from reflex.state import BaseState, StateUpdate
from reflex_base.constants.state import FIELD_MARKER
from reflex_base.event import Event, EventHandler
from reflex_base.event.context import EventContext
from reflex_base.utils.format import format_event_handler

from ticket_app.services.people.permission import Verb
from ticket_app.state.event_arguments import number_of

NUMBER = "number"
AGAIN = "again"
"""Keys of an event that a page sends: its number, and True if it was sent before."""
BEYOND_MAX = 100


class Numbered(dict[str, Any]):
    """The payload of an event that the page wants acknowledged."""

    def __init__(self, payload: dict[str, Any], number: int, *, again: bool) -> None:
        super().__init__(payload)
        self.number, self.again = number, again


def numbered(payload: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    """Returns the payload with the page's number for the event, if it has one."""
    number = number_of(event.get(NUMBER))
    return Numbered(payload, number, again=event.get(AGAIN) is True) if number else payload


class Acknowledged(rx.State):
    """Every event up to `number` is done, and so are the greater numbers in `beyond`.

    `_once` is the number of the page's last change of a ticket.
    """

    needs: ClassVar[Verb | None] = None

    number: int = 0
    beyond: list[int] = []

    _once: int = 0

    def _is_done(self, event: Numbered) -> bool:
        """Returns True if this change was made already; else records that it is made now."""
        if event.again and event.number <= self._once:
            return True
        self._once = event.number
        return False


@dataclass
class _PageEvents:
    """The events of one page: numbers `under_way`, numbers done, and the greatest number so far.

    A long background event does not delay the acknowledgement of later ones.
    """

    under_way: set[int] = field(default_factory=set)
    done: list[int] = field(default_factory=list)
    last: int = 0

    def begin(self, number: int) -> None:
        """Records that an event has begun."""
        self.under_way.add(number)
        self.last = max(self.last, number)

    def end(self, number: int) -> dict[str, Any]:
        """Records that an event is done. Returns the acknowledgement for the page."""
        self.under_way.discard(number)
        self.done = [*self.done, number][-BEYOND_MAX:]
        first = min(self.under_way, default=self.last + 1)
        return {"number": first - 1, "beyond": [each for each in self.done if each > first]}


class Acknowledging(Middleware):
    """Runs before every event handler. `once` are those that must run once for an event."""

    def __init__(self, *once: EventHandler) -> None:
        self._once = frozenset(format_event_handler(handler) for handler in once)
        self._pages: dict[str, _PageEvents] = {}
        self._sending: set[asyncio.Task[None]] = set()

    async def preprocess(self, app: rx.App, state: BaseState, event: Event) -> StateUpdate | None:
        """Records the event. Ends it here if it was done before."""
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
        events = self._pages.setdefault(context.token, _PageEvents())
        events.begin(number)

        def end(_: Any) -> None:
            done = events.end(number)
            if not events.under_way and self._pages.get(context.token) is events:
                del self._pages[context.token]
            task = asyncio.create_task(_send_acknowledgement(app, context.token, done))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

        future.add_done_callback(end)


async def _send_acknowledgement(app: rx.App, token: str, done: dict[str, Any]) -> None:
    namespace = app.event_namespace
    if namespace is not None and token in namespace.token_to_sid:
        values = {f"{name}{FIELD_MARKER}": value for name, value in done.items()}
        await namespace.emit_update(
            StateUpdate(delta={Acknowledged.get_full_name(): values}), token
        )
