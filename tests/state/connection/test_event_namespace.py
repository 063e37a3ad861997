"""The events of a page end with its connection, and its state expires some time later."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from reflex.istate.manager.memory import StateManagerMemory
from reflex.state import State, UpdateVarsInternalState
from reflex_base.event.processor import BaseStateEventProcessor
from reflex_base.registry import RegistrationContext

from ticket_app.bus import bus
from ticket_app.state.connection import event_namespace as module
from ticket_app.state.connection.event_namespace import DISCONNECTED_MAX, CheckedEventNamespace
from ticket_app.state.tickets.detail import Detail
from ticket_app.state.tickets.queue import Queue
from ticket_app.ticket_app import app

assert app is not None  # the import registers the states and their pages

pytestmark = pytest.mark.anyio

WATCH = "reflex___state____state.ticket_app___state___tickets___board____board.watch"
SUGGEST = "reflex___state____state.ticket_app___state___form___form____form.suggest"
ENVIRON: dict[str, Any] = {"asgi.scope": {"headers": [], "client": ("127.0.0.1", 1)}}


class Served(SimpleNamespace):
    """An application's event namespace, and what the application holds for its pages."""

    namespace: CheckedEventNamespace
    event_processor: BaseStateEventProcessor
    state_manager: StateManagerMemory

    def under_way(self) -> list[str]:
        """Returns the names of the events that are being handled."""
        tasks = self.event_processor._tasks.values()
        return [task.get_name().split("|")[1] for task in tasks if not task.done()]

    async def connect(self, token: str, sid: str) -> None:
        """Connect a page."""
        await self.namespace.on_connect(sid, ENVIRON | {"QUERY_STRING": f"token={token}"})

    async def bring(self, sid: str, kept: dict[str, Any]) -> None:
        """Send the values that a page has in the browser's storage."""
        event = f"{UpdateVarsInternalState.get_full_name()}.update_vars_internal"
        await self.namespace.on_event(sid, {"name": event, "payload": {"vars": kept}})

    def held(self, state: type[State]) -> Any:
        """Returns the state of this class of the only page."""
        (root,) = self.state_manager.states.values()
        return root.get_substate(state.get_full_name().split("."))

    async def leave(self, sid: str) -> None:
        """End a page's connection."""
        task = self.namespace.on_disconnect(sid)
        assert task is not None
        await task


@pytest.fixture
async def served(sqlite_database: str) -> AsyncIterator[Served]:
    """An application over a SQLite database, whose sockets lead nowhere."""
    assert sqlite_database
    served = Served(_state=State, state_manager=StateManagerMemory(), router=lambda path: path)
    served.namespace = CheckedEventNamespace("/_event", served)

    async def emit(*_: object, **__: object) -> None:
        """Discard the message."""

    served.namespace.emit = emit
    served.event_processor = served._event_processor = BaseStateEventProcessor(middleware=None)
    served.event_processor.configure(
        state_manager=served.state_manager, event_namespace=served.namespace
    )
    async with bus.running(), served.event_processor:
        yield served


async def until(condition: Any) -> None:
    """Wait until the condition holds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  # Reflex has no event for it
            await asyncio.sleep(0.01)


async def test_what_follows_the_desk_ends_with_its_connection(served: Served) -> None:
    await served.connect("ana", "1")
    await served.namespace.on_event("1", {"name": WATCH})
    await until(lambda: served.under_way() == [WATCH])
    await served.leave("1")
    await until(lambda: served.under_way() == [])


async def test_a_suggestion_ends_for_a_page_that_does_not_return(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answered = asyncio.Event(), asyncio.Event()

    async def suggest_triage(*_: object) -> None:
        asked.set()
        await answered.wait()

    monkeypatch.setattr("ticket_app.state.form.suggesting.suggest_triage", suggest_triage)
    monkeypatch.setattr(module, "SECONDS_TO_RETURN", 0.2)
    await served.connect("ana", "1")
    await served.namespace.on_event(
        "1", {"name": SUGGEST, "payload": {"text": "It does not work."}}
    )
    await asked.wait()
    await served.leave("1")
    await served.connect("ana", "2")
    await asyncio.sleep(0.4)
    assert served.under_way() == [SUGGEST]
    await served.leave("2")
    await until(lambda: served.under_way() == [])


async def test_the_states_of_closed_pages_are_kept_up_to_a_limit(served: Served) -> None:
    for number in range(DISCONNECTED_MAX + 5):
        await served.connect(f"page-{number}", str(number))
        await served.leave(str(number))
    assert len(served.state_manager.states) == DISCONNECTED_MAX
    assert "'page-4'" not in str(list(served.state_manager.states))


@pytest.mark.parametrize(
    "event",
    [
        *(None, [], "x", {}, {"name": 5}, {"name": "nothing"}, {"name": WATCH, "payload": [1]}),
        {"name": WATCH, "payload": {"x": [[[[[[[1]]]]]]]}},
        {"name": WATCH, "payload": {"x": [0] * 2_000}},
        {"name": WATCH, "router_data": {"asPath": "x" * 9_000}},
        {"name": WATCH, "router_data": {"asPath": ["/"]}},
        {"name": WATCH, "router_data": {"query": {"x": "x" * 9_000}}},
        {"name": WATCH, "router_data": {"query": "x"}},
    ],
)
async def test_what_no_page_sends_is_left_out(served: Served, event: object) -> None:
    await served.connect("ana", "1")
    await served.namespace.on_event("1", event)
    assert served.under_way() == []


async def test_a_page_has_so_many_events_waiting_and_no_more(served: Served) -> None:
    await served.connect("ana", "1")
    name = "reflex___state____state.ticket_app___state___tickets___board____board.load"
    for _ in range(20):
        await served.namespace.on_event("1", {"name": name})
        assert len(served.event_processor._token_queues.get("ana", ())) <= module.WAITING_MAX


def test_every_background_event_supersedes_the_one_before() -> None:
    events = RegistrationContext.get().event_handlers
    ours = {name: each.handler for name, each in events.items() if "ticket_app" in name}
    assert {
        name for name, each in ours.items() if each.is_background and not each.supersedes
    } == set()


@pytest.mark.parametrize("kept", ["x" * 1_000_000, 5, None, ["1"], {"1": "2"}])
async def test_what_a_browser_has_kept_is_a_short_text_or_nothing(
    served: Served, kept: object
) -> None:
    await served.connect("ana", "1")
    brought = {f"{Detail.get_full_name()}.ids": kept, f"{Queue.get_full_name()}.extent": "30 "}
    await served.bring("1", brought)
    await until(lambda: served.state_manager.states and served.held(Queue).extent == "30 ")
    assert served.held(Detail).ids == ""


@pytest.mark.parametrize("owner", [f"{State.get_full_name()}.queue____queue", "", "gone", "..."])
async def test_what_a_page_of_another_version_has_kept_is_left_out(
    served: Served, owner: str
) -> None:
    await served.connect("ana", "1")
    await served.bring("1", {f"{owner}.extent": "20 ", f"{Queue.get_full_name()}.extent": "30 "})
    await until(lambda: served.state_manager.states and served.held(Queue).extent == "30 ")
