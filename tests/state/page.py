"""A page without a browser: Reflex's own event pipeline, and what it sends over the websocket."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from reflex.istate.manager import StateManager
from reflex.istate.manager.memory import StateManagerMemory
from reflex.state import OnLoadInternalState, State, StateUpdate
from reflex_base.constants.state import FIELD_MARKER
from reflex_base.event import Event, EventHandler, EventSpec
from reflex_base.event.processor import BaseStateEventProcessor
from reflex_base.utils.format import format_event_handler, json_dumps

from ticket_app.bus import bus
from ticket_app.ticket_app import app, log_and_notify

assert app is not None  # the import registers the states and their pages

ORIGIN = "http://localhost:8000"
SECONDS = 30
"""Far longer than anything here takes, also where other programs have the processor."""


class Page:
    """One tab of a browser: it sends events and collects the server's updates."""

    def __init__(self, processor: BaseStateEventProcessor, token: str) -> None:
        self.deltas: list[dict[str, dict[str, Any]]] = []
        self.browser_events: list[tuple[str, dict[str, Any]]] = []
        self._processor = processor
        self._token = token
        self._address = "/"
        self._updated = asyncio.Condition()

    async def emit_update(self, update: StateUpdate, token: str) -> None:
        """Collect an update, in the JSON form in which it is sent."""
        assert token == self._token
        async with self._updated:
            if update.delta:
                self.deltas.append(json.loads(json_dumps(update.delta)))
            self.browser_events += [(each.name, dict(each.payload)) for each in update.events]
            self._updated.notify_all()

    async def open(self, address: str = "/") -> None:
        """Load an address, as after a click on a link or a reload."""
        self._address = address
        await self.send(State.event_handlers["hydrate_and_load"], wait=False)
        await self.until(lambda: self.shown(State).get("is_hydrated") is True)

    async def follow(self, address: str = "") -> None:
        """Navigate without a reload: to this address, or to the server's last redirect."""
        self._address = address or self.redirects[-1]
        before = len(self.deltas)
        await self.send(OnLoadInternalState.event_handlers["on_load_internal"], wait=False)
        await self.until(
            lambda: any(
                delta.get(State.get_full_name(), {}).get(f"is_hydrated{FIELD_MARKER}")
                for delta in self.deltas[before:]
            )
        )

    async def do(self, event: EventSpec | Any) -> None:
        """Send an event as a page would, and wait for it and for every event that it starts."""
        for each in Event.from_event_type([event]):
            await self._send(each, wait=True)

    async def send(self, handler: EventHandler, *, wait: bool = True, **payload: Any) -> None:
        """Send an event with any payload, as anyone who has a websocket can."""
        await self._send(Event(name=format_event_handler(handler), payload=payload), wait=wait)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until an update from the server makes this condition true."""
        async with asyncio.timeout(SECONDS), self._updated:
            await self._updated.wait_for(condition)

    def shown(self, state: type[State]) -> dict[str, Any]:
        """Returns the page's present value of every var of a state."""
        shown: dict[str, Any] = {}
        for delta in self.deltas:
            for name, value in delta.get(state.get_full_name(), {}).items():
                shown[name.removesuffix(FIELD_MARKER)] = value
        return shown

    @property
    def redirects(self) -> list[str]:
        """Returns the addresses of all redirects, in order."""
        return [each["path"] for name, each in self.browser_events if name == "_redirect"]

    async def _send(self, event: Event, *, wait: bool) -> None:
        event.router_data.update(
            {
                "pathname": urlsplit(self._address).path,
                "asPath": self._address,
                "query": {},
                "token": self._token,
                "headers": {"origin": ORIGIN},
            }
        )
        future = await self._processor.enqueue(self._token, event)
        if wait:
            # asyncio.timeout does not work here: `wait_all` takes its cancellation for that of a
            # child.
            ended, _ = await asyncio.wait([asyncio.create_task(future.wait_all())], timeout=SECONDS)
            assert ended, f"{event.name} did not end"


class Tabs:
    """Opens pages; `failures` are the exceptions that left an event handler."""

    def __init__(self, processor: BaseStateEventProcessor) -> None:
        self.failures: list[Exception] = []
        self._processor = processor
        self._pages: dict[str, Page] = {}

    def new(self) -> Page:
        """Returns a tab that has loaded nothing yet."""
        page = Page(self._processor, f"tab-{len(self._pages)}")
        self._pages[page._token] = page
        return page

    async def open(self, address: str = "/") -> Page:
        """Returns a tab that has loaded this address."""
        page = self.new()
        await page.open(address)
        return page

    def states(self) -> list[State]:
        """Returns the server's state of each tab."""
        context = self._processor._root_context
        assert context is not None
        manager = context.state_manager
        assert isinstance(manager, StateManagerMemory)
        return list(manager.states.values())

    async def emit_update(self, update: StateUpdate, token: str) -> None:
        """Deliver an update from the server to its tab."""
        await self._pages[token].emit_update(update, token)


@asynccontextmanager
async def browser(manager: StateManager | None = None) -> AsyncIterator[Tabs]:
    """Yields a browser on the server's event processor, with a running bus."""
    processor = BaseStateEventProcessor(middleware=None)
    tabs = Tabs(processor)

    def record(failure: Exception) -> EventSpec:
        tabs.failures.append(failure)
        return log_and_notify(failure)

    processor.backend_exception_handler = record
    own = StateManagerMemory()
    server = processor.configure(state_manager=manager or own, event_namespace=tabs)
    async with bus.running(), server:
        yield tabs
