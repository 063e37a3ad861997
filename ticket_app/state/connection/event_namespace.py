"""Reflex's event namespace of the websocket, with a check of every event and a limit on each.

A page sends a few kinds of events with short payloads. An event of another shape gets no answer
and cannot forge lines of the log. It is checked before Reflex sees it.
"""

import asyncio
import logging
import math
from collections import OrderedDict
from collections.abc import Container
from time import time
from typing import Any

from reflex.app import EventNamespace
from reflex.istate.manager.memory import StateManagerMemory
from reflex.istate.manager.token import BaseStateToken
from reflex.state import State
from reflex_base.constants import CompileVars, SocketEvent
from reflex_base.registry import RegistrationContext

from ticket_app.state.acting import UNKNOWN, Visitor, visitors
from ticket_app.state.connection.acknowledging import numbered
from ticket_app.state.connection.visitors import prefix_of, visitor_of
from ticket_app.state.event_arguments import whole

log = logging.getLogger(__name__)

ADDRESS_LONGEST = 8_192
"""Characters of the address that a page reports. The gateway serves no longer address."""
STORED_VALUE_LONGEST = 2_100
"""Characters of a value from the browser's storage. The longest is the address of a list."""
STORED_VALUES = "vars"
"""The key of an event's values from the browser's storage, by the names of their vars."""
VALUES_MAX = 1_000
DEPTH_MAX = 6
"""Values and levels of one event. The largest, a drop on the board, has 20 in 3 levels."""
WAITING_MAX = 4
"""Waiting events of one page. Beyond them its socket is not read (backpressure)."""
DISCONNECTED_MAX = 200
"""States kept of disconnected pages. Each takes about 100 KB and saves a reconnection."""
SECONDS_TO_RETURN = 10.0
"""Seconds for which a page's background events outlast its connection."""
CLOSING_SECONDS = 0.5
"""Seconds in which a page that has to load anew receives that message."""


ANSWER_SECONDS = 3.5
"""Seconds in which a page answers a ping. A frozen tab, or one without a network, does not. Its
connection ends only later, because a slow one may recover."""


class RefusedEvent(Exception):  # noqa: N818  # the page made the error, not the desk
    """Raised for an event that no page of this desk sends."""


class CheckedEventNamespace(EventNamespace):
    """Reflex's end of every websocket of this process.

    The pages of `private_pages` need a sign-in at a desk with accounts: whoever has none there is
    sent to the gateway again. So is whoever needs a second factor first, except at `set_up_page`.
    """

    def __init__(
        self, *args: Any, private_pages: Container[str] = (), set_up_page: str = ""
    ) -> None:
        super().__init__(*args)
        self._private_pages = private_pages
        self._set_up_page = set_up_page
        self._arriving: dict[str, Visitor] = {}
        self._closing: set[asyncio.Future[None]] = set()
        self._disconnected: OrderedDict[str, None] = OrderedDict()

    async def on_connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        """Connects a page, whose first event may come with the connection."""
        visitor = await visitor_of(environ)
        boot = auth.get(CompileVars.CONNECT_AUTH_EVENT) if isinstance(auth, dict) else None
        known: dict[str, Any] = {}
        if boot is not None and (event := _checked_event(boot)) is not None:
            known[CompileVars.CONNECT_AUTH_EVENT] = event
        schema = auth.get(CompileVars.CONNECT_AUTH_STATE_SCHEMA) if isinstance(auth, dict) else None
        if isinstance(schema, str):
            known[CompileVars.CONNECT_AUTH_STATE_SCHEMA] = whole(schema[:100])
        if self._has_to_leave(visitor, _page_of(known)):
            await self._load_anew(sid)
            asyncio.get_running_loop().call_later(CLOSING_SECONDS, self._close_soon, sid)
            return
        self._arriving[sid] = visitor
        try:
            await super().on_connect(sid, environ, known)
        finally:
            self._arriving.pop(sid, None)
        self._disconnected.pop(self.sid_to_token.get(sid, ""), None)

    def _has_to_leave(self, visitor: Visitor, page: str) -> bool:
        has_to_set_up = visitor.awaits_factor and page != self._set_up_page
        return page in self._private_pages and (visitor.is_public or has_to_set_up)

    async def link_token_to_sid(self, sid: str, token: str, *, update_state: bool = True) -> None:
        """Links a tab to its connection, under a key of its visitor's session."""
        visitor = self._arriving.get(sid, UNKNOWN)
        own = f"{prefix_of(visitor)}{token}"
        await super().link_token_to_sid(sid, own, update_state=update_state)
        visitors[self.sid_to_token[sid]] = visitor

    async def end_page(self, token: str) -> None:
        """Ends a page: it loads anew, its events end, its State is forgotten, its socket closes."""
        sid = self.token_to_sid.get(token)
        try:
            if sid is not None:
                await self._load_anew(sid)
                await self._close(sid)
        finally:  # also if its socket fails, or the next check would fail at it again
            self._end_background(token, "")
            self._disconnected.pop(token, None)
            self._forget(token)

    def answers(self, token: str) -> bool:
        """Returns True if a page is connected and has answered its last ping in time."""
        sockets, sid = self.app.sio, self.token_to_sid.get(token)
        if sockets is None or sid is None:
            return False
        transport = sockets.manager.eio_sid_from_sid(sid, self.namespace)
        socket = sockets.eio.sockets.get(transport)
        if socket is None:
            return False
        return not socket.last_ping or time() - socket.last_ping < ANSWER_SECONDS

    async def _load_anew(self, sid: str) -> None:
        """Lets the page load as a whole: the gateway then decides where it leads."""
        # Reflex's client does that for a page of another version, and without eval.
        mismatch = {"backend": "session", "reload_cooldown_ms": -1}
        await self.emit(str(SocketEvent.STATE_MISMATCH), mismatch, to=sid)

    def _close_soon(self, sid: str) -> None:
        task = asyncio.ensure_future(self._close(sid))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _close(self, sid: str) -> None:
        """Closes the namespace, after which the client does not return, and then its socket."""
        sockets = self.app.sio
        if sockets is None:
            return
        transport = sockets.manager.eio_sid_from_sid(sid, self.namespace)
        await self.disconnect(sid)
        if transport is not None:
            await sockets.eio.disconnect(transport)

    async def on_event(self, sid: str, data: Any) -> None:
        """Passes on a page's event, then waits while too many of its events wait."""
        if sid not in self.sid_to_token or (event := _checked_event(data)) is None:
            return
        await super().on_event(sid, event)
        await self._wait_for_queue(self.sid_to_token.get(sid, ""))

    def on_disconnect(self, sid: str) -> asyncio.Task[None] | None:
        """Ends the page's subscriptions, and keeps its state in case it reconnects."""
        token = self.sid_to_token.get(sid, "")
        record = self._token_manager.token_to_socket.get(token)
        task: asyncio.Task[None] | None = super().on_disconnect(sid)
        if record is not None and record.sid == sid:
            self._end_background(token, ".watch")
            loop = asyncio.get_running_loop()
            loop.call_later(SECONDS_TO_RETURN, self._end_all_unless_returned, token)
            self._disconnected[token] = None
            self._disconnected.move_to_end(token)
            while len(self._disconnected) > DISCONNECTED_MAX:
                self._forget(self._disconnected.popitem(last=False)[0])
        return task

    async def _wait_for_queue(self, token: str) -> None:
        await asyncio.sleep(0)  # lets the event pass from Reflex's queue into the page's queue
        waiting = self.app.event_processor._token_queues  # noqa: SLF001  # Reflex has no public way
        while len(waiting.get(token, ())) > WAITING_MAX:  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # Reflex sends no signal

    def _end_all_unless_returned(self, token: str) -> None:
        if token not in self._token_manager.token_to_socket:
            self._end_background(token, "")
            visitors.pop(token, None)

    def _end_background(self, token: str, ending: str) -> None:
        """Cancels this page's background events whose names end so. All of them supersede."""
        under_way = self.app.event_processor._superseded  # noqa: SLF001  # Reflex does the same
        for name, event in RegistrationContext.get().event_handlers.items():
            if event.handler.is_background and name.endswith(ending):
                for each in list(under_way.pop((name, token), {}).values()):
                    each.cancel()

    def _forget(self, token: str) -> None:
        visitors.pop(token, None)
        manager, key = self.app.state_manager, BaseStateToken(ident=token, cls=State)
        lock = getattr(manager, "_states_locks", {}).get(key.lock_key)
        if isinstance(manager, StateManagerMemory) and not (lock and lock.locked()):
            manager._purge_token(key)  # noqa: SLF001  # before it expires


def _page_of(known: dict[str, Any]) -> str:
    """Returns the path of the page that connects, from its checked first event."""
    event = known.get(CompileVars.CONNECT_AUTH_EVENT, {})
    path: str = event.get("router_data", {}).get("pathname", "")
    return path.rstrip("/") or "/"


def _checked_event(data: Any) -> dict[str, Any] | None:
    """Returns the event that a page sent, reduced to the known shape; None if it is refused."""
    try:
        return _read(data)
    except RefusedEvent as refused:
        log.warning("refused an event that no page sends: %s", refused)
        return None


def _read(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict) or not isinstance(data.get("name"), str):
        raise RefusedEvent("its name is missing")
    if data["name"] not in RegistrationContext.get().event_handlers:
        raise RefusedEvent(f"its name is unknown: {data['name'][:100]!r}")
    copy = _BoundedCopy()
    payload, page = copy.read(data.get("payload") or {}), data.get("router_data") or {}
    if not isinstance(payload, dict) or not isinstance(page, dict):
        raise RefusedEvent("its payload or router_data is not an object")
    if STORED_VALUES in payload:
        payload[STORED_VALUES] = _stored_texts(payload[STORED_VALUES])
    page = {name: copy.read(page.get(name)) for name in ("pathname", "asPath", "query")}
    if not isinstance(page["query"], dict | None):
        raise RefusedEvent("its query is not an object")
    if any(not isinstance(page[name], str | None) for name in ("pathname", "asPath")):
        raise RefusedEvent("its address is not a text")
    if copy.longest(page) > ADDRESS_LONGEST:
        raise RefusedEvent("its address is too long")
    return {
        "name": data["name"],
        "payload": numbered(payload, data),
        "router_data": _without_none(page),
    }


def _stored_texts(kept: Any) -> dict[str, str]:
    """Returns the texts from the browser's storage that states of this version have.

    Reflex would put any value into the vars, and fail for a state that it does not know. A page
    that was open during an upgrade sends such names once, and is then told to reload.
    """
    known = kept.items() if isinstance(kept, dict) else ()
    return {
        name: value
        for name, value in known
        if isinstance(value, str) and len(value) <= STORED_VALUE_LONGEST and _has_state(name)
    }


def _has_state(stored_name: str) -> bool:
    """Returns whether the state of a stored value's name exists."""
    try:
        State.get_class_substate(stored_name.rpartition(".")[0])
    except ValueError:
        return False
    return True


def _without_none(page: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in page.items() if value is not None}


class _BoundedCopy:
    """Copies JSON values within bounds, and replaces unpaired surrogates in their texts."""

    def __init__(self) -> None:
        self._remaining = VALUES_MAX

    def read(self, value: Any, depth: int = 0) -> Any:
        """Returns a copy of the value. Raises RefusedEvent if it has too many parts or levels."""
        self._remaining -= 1
        if self._remaining < 0 or depth > DEPTH_MAX:
            raise RefusedEvent("its payload has too many parts or levels")
        if isinstance(value, str):
            return whole(value)
        if isinstance(value, dict):
            return {whole(name): self.read(each, depth + 1) for name, each in value.items()}
        if isinstance(value, list):
            return [self.read(each, depth + 1) for each in value]
        if isinstance(value, float) and not math.isfinite(value):
            return None  # JSON has no such number, so the page could not read the answer
        return value

    def longest(self, value: Any) -> int:
        """Returns the number of characters in all texts of a value."""
        if isinstance(value, str):
            return len(value)
        if isinstance(value, dict):
            return sum(len(name) + self.longest(each) for name, each in value.items())
        return sum(map(self.longest, value)) if isinstance(value, list) else 0
