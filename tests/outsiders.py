"""Raw clients of the websocket in each role: what they send, and all that the desk sends them."""

import inspect
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import count, islice
from typing import Any, NamedTuple

from reflex.state import State
from reflex_base.registry import RegistrationContext
from reflex_base.utils.format import json_dumps

from tests.intruder import STATE, Websocket
from tests.serving import RunningDesk
from ticket_app.services.people.permission import Verb
from ticket_app.services.people.tokens import COOKIE
from ticket_app.state.connection.guard import needs_of
from ticket_app.ticket_app import app

OWN = "ticket_app"
DISCONNECTED = "41/_event,"
"""The message by which the desk ends a page's connection, and after which no page returns."""
BATCH = 20
"""Events that are sent before their answers are read, so that neither side's buffer fills."""
EVENTS_OF_A_PAGE = 300
"""Fewer than the desk takes from one websocket without a pause."""
SAY = "ticket_app___state___notices____notice.say"
_addresses, _settled = count(1), count(1)
WRONG: tuple[Any, ...] = (None, True, -1, 2**70, "x\ud800\x00", "x" * 3_000, [[]], {"id": {}})
"""Values that no page sends as an argument of most handlers."""


class Handler(NamedTuple):
    """An event handler of the desk: its name without the root State's, and its arguments."""

    name: str
    arguments: tuple[str, ...]
    needs: Verb | None


def handlers() -> list[Handler]:
    """Returns all event handlers of the desk."""
    assert app is not None  # the import registers them
    return [
        Handler(
            name.removeprefix(f"{STATE}."),
            tuple(inspect.signature(each.handler.fn).parameters)[1:],
            needs_of(name),
        )
        for name, each in sorted(RegistrationContext.get().event_handlers.items())
        if each.states[0].__module__.startswith(OWN)
    ]


def first_values() -> dict[str, Any]:
    """Returns the values of every var of every State before any event, as they are sent."""
    first = State(_reflex_internal_init=True)  # type: ignore[call-arg]
    values: dict[str, Any] = json.loads(json_dumps(first.dict()))
    return values


class Client:
    """A page of somebody with this cookie, over a bare websocket. `heard` is all that it got.

    Each has an address of its own, as a trusted proxy tells it, so that none uses up the rate limit
    of another.
    """

    def __init__(
        self, desk: RunningDesk, tab: str, cookie: str, address: str, *, origin: str = ""
    ) -> None:
        headers = {"Origin": origin or desk.url, "X-Forwarded-For": f"10.1.0.{next(_addresses)}"}
        if cookie:
            headers["Cookie"] = f"{COOKIE}={cookie}"
        self.heard: list[str] = []
        self._address = address
        self._socket = Websocket(desk.url, tab, headers=headers)

    def load(self) -> "Client":
        """Connect as a page does, and read until it is loaded; returns the client."""
        path, _, _ = self._address.partition("?")
        router_data = {"pathname": path, "asPath": self._address, "query": {}}
        boot = {"name": f"{STATE}.hydrate_and_load", "payload": {}, "router_data": router_data}
        self._socket.send(f"40/_event,{json.dumps({'event': boot})}")
        while '"is_hydrated_rx_state_":true' not in self._read().replace(" ", ""):
            continue
        self.settle()
        return self

    def enter(self) -> "Client":
        """Connect without a page: no State is loaded; returns the client."""
        self._socket.enter()
        return self

    def call(self, handler: Handler, payload: dict[str, Any]) -> None:
        self._socket.event(handler.name, payload, at=self._address)

    def settle(self) -> None:
        """Read everything that the desk has to say to what was sent."""
        # The events of a page are handled in their order, and everybody may send this one.
        last = f"settled {next(_settled)}"
        self._socket.event(SAY, {"text": last}, at=self._address)
        while last not in (said := self._read()) and DISCONNECTED not in said:
            continue

    def deltas(self) -> dict[str, dict[str, Any]]:
        """Returns the last value of each var that was heard, by State."""
        found: dict[str, dict[str, Any]] = {}
        for said in self.heard:
            for state, values in _delta_of(said).items():
                found.setdefault(state, {}).update(values)
        return found

    def has_ended(self) -> bool:
        """Returns True if the desk has ended the page, so far as it was read."""
        return any(DISCONNECTED in said for said in self.heard)

    def until_ended(self) -> None:
        """Read until the desk has told the page to load anew, and closed it."""
        self._socket.until("state_mismatch")
        self._socket.until(DISCONNECTED)

    def tab(self) -> str:
        """Returns the token under which the desk keeps this page."""
        session = self.deltas()[STATE]["rx_router_session_rx_state_"]
        return str(session["client_token"])

    def close(self) -> None:
        self._socket.close()

    def _read(self) -> str:
        said = self._socket.read()
        assert said is not None, f"the desk closed after {self.heard[-1:]}"
        self.heard.append(said)
        return said


def _delta_of(said: str) -> dict[str, Any]:
    start = said.find("[")
    if start < 0 or "delta" not in said:
        return {}
    message = json.loads(said[start:])
    update = message[1] if len(message) > 1 else {}
    update = json.loads(update) if isinstance(update, str) else update
    delta: dict[str, Any] = update.get("delta") or {}
    return delta


Payloads = Iterable[tuple[Handler, dict[str, Any]]]


def sweep(opened: Callable[[], Client], payloads: Payloads) -> str:
    """Sends all these events from pages that `opened` opens; returns all that was answered.

    A page that the desk ends meanwhile sends no more.
    """
    left, heard = iter(payloads), list[str]()
    while part := list(islice(left, EVENTS_OF_A_PAGE)):
        client = opened()
        for number, (handler, payload) in enumerate(part, start=1):
            client.call(handler, payload)
            if number % BATCH == 0:
                client.settle()
            if client.has_ended():
                break
        else:
            client.settle()
        client.close()
        heard += client.heard
    return "".join(heard)


def wrong_payloads() -> Iterator[tuple[Handler, dict[str, Any]]]:
    """Yields each handler with no arguments, with others, and with each wrong value for all."""
    for handler in handlers():
        yield handler, {}
        yield handler, {"forged": 1, "identity": {"role": "administrator"}}
        for value in WRONG if handler.arguments else ():
            yield handler, dict.fromkeys(handler.arguments, value)


def payloads_about(number: int, text: str) -> Iterator[tuple[Handler, dict[str, Any]]]:
    """Yields each handler with arguments about the ticket or the person with this number."""
    known: dict[str, Any] = {
        "ticket_id": number, "person_id": number, "number": number, "version": 1,
        "field": "title", "value": text, "target": "closed", "above": 0, "move": 1,
        "status": "open", "shown": 0, "facet": "status", "chosen": True, "role": "administrator",
        "active": False, "handle": "x", "typed": text, "text": text,
        "data": {"search": text, "person": text, "email": "evil@example.com", "role": "agent"},
    }  # fmt: skip
    for handler in handlers():
        if handler.arguments:
            yield handler, {name: known.get(name, text) for name in handler.arguments}
        elif handler.name.endswith("end_others"):
            continue
        else:
            yield handler, {}
