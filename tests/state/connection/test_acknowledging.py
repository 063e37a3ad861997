"""A page's numbered events are acknowledged once they are done, and change tickets only once."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from reflex.istate.manager.memory import StateManagerMemory
from reflex.state import BaseState, State, StateUpdate
from reflex_base.event import Event
from reflex_base.event.processor import BaseStateEventProcessor
from reflex_base.utils.format import format_event_handler

from harness.actors import over_rest
from tests.services.desk import events_of, opened
from ticket_app.bus import bus
from ticket_app.services.tickets.deleting import restore_ticket
from ticket_app.state.connection.acknowledging import Acknowledged, Acknowledging
from ticket_app.state.connection.event_namespace import CheckedEventNamespace
from ticket_app.state.form.form import Form
from ticket_app.state.tickets.actions import TicketActions
from ticket_app.ticket_app import app

assert app is not None  # the import registers the states and their pages

pytestmark = pytest.mark.anyio

ENVIRON: dict[str, Any] = {
    "asgi.scope": {"headers": [], "client": ("127.0.0.1", 1)},
    "QUERY_STRING": "token=ana",
}
DELETE = format_event_handler(TicketActions.event_handlers["delete"])
SUGGEST = format_event_handler(Form.event_handlers["suggest"])


class Served(SimpleNamespace):
    """An event namespace with one page, and the acknowledgements sent to that page."""

    namespace: CheckedEventNamespace
    acknowledgements: list[tuple[int, list[int]]]

    async def send(self, name: str, payload: dict[str, Any], **more: Any) -> None:
        """Send an event as the page does."""
        await self.namespace.on_event("1", {"name": name, "payload": payload} | more)

    async def until_acknowledged(self, number: int, beyond: list[int]) -> None:
        """Wait until the page has received this acknowledgement."""
        async with asyncio.timeout(10):
            while (number, beyond) not in self.acknowledgements:  # noqa: ASYNC110  # Reflex has no event for it
                await asyncio.sleep(0.01)


@pytest.fixture
async def served(sqlite_database: str) -> AsyncIterator[Served]:
    """An application over a SQLite database, with one connected page."""
    assert sqlite_database
    served = Served(
        _state=State,
        state_manager=StateManagerMemory(),
        router=lambda path: path,
        acknowledgements=[],
    )
    served.namespace = served.event_namespace = CheckedEventNamespace("/_event", served)
    acknowledging = Acknowledging(TicketActions.delete, TicketActions.restore)

    async def emit(_: str, update: StateUpdate, **__: object) -> None:
        delta = (update.delta or {}).get(Acknowledged.get_full_name(), {})
        if "number_rx_state_" in delta:
            served.acknowledgements.append((delta["number_rx_state_"], delta["beyond_rx_state_"]))

    async def preprocess(state: BaseState, event: Event) -> StateUpdate | None:
        return await acknowledging.preprocess(served, state, event)

    served.namespace.emit = emit
    middleware: Any = SimpleNamespace(_preprocess=preprocess)
    served.event_processor = served._event_processor = BaseStateEventProcessor(
        middleware=middleware
    )
    served.event_processor.configure(
        state_manager=served.state_manager, event_namespace=served.namespace
    )
    async with bus.running(), served.event_processor:
        await served.namespace.on_connect("1", ENVIRON)
        yield served


def kinds(ticket_id: int) -> list[str]:
    """Returns the kinds of a ticket's events."""
    return [event.kind for event in events_of(ticket_id)]


async def test_what_was_done_is_not_done_again(served: Served) -> None:
    ticket = opened()
    await served.send(DELETE, {"ticket_id": ticket.id}, number=5)
    await served.until_acknowledged(5, [])
    restore_ticket(over_rest(), ticket.id)
    served.acknowledgements.clear()
    await served.send(DELETE, {"ticket_id": ticket.id}, number=5, again=True)
    await served.until_acknowledged(5, [])
    assert kinds(ticket.id) == ["created", "deleted", "restored"]
    await served.send(DELETE, {"ticket_id": ticket.id}, number=4)  # a clock was set back
    await served.until_acknowledged(4, [])
    assert kinds(ticket.id) == ["created", "deleted", "restored", "deleted"]


async def test_one_that_takes_long_holds_no_word_back(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = asyncio.Event()

    async def suggest_triage(*_: object) -> None:
        await answered.wait()

    monkeypatch.setattr("ticket_app.state.form.suggesting.suggest_triage", suggest_triage)
    await served.send(SUGGEST, {"text": "It does not work."}, number=10)
    for number in (11, 12):
        await served.send(DELETE, {"ticket_id": opened().id}, number=number)
    await served.until_acknowledged(9, [11, 12])
    assert (12, []) not in served.acknowledgements
    answered.set()
    await served.until_acknowledged(12, [])


@pytest.mark.parametrize("number", [True, "5", -1, 0, 2**60, 1.5, [5], {"n": 5}, None])
async def test_what_is_no_number_is_not_acknowledged(served: Served, number: object) -> None:
    ticket = opened()
    await served.send(DELETE, {"ticket_id": ticket.id}, number=number, again=number)
    await served.send(DELETE, {"ticket_id": ticket.id}, number=7)
    await served.until_acknowledged(7, [])
    assert served.acknowledgements == [(7, [])]
    assert kinds(ticket.id) == ["created", "deleted"]
