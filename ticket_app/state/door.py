"""The door of the websocket: which events come in, in what shape, and what ends when it closes.

A page sends a few kinds of events with short payloads. Whoever sends something else gets no answer
and cannot write into the log: an event is checked before Reflex sees it.
"""

import asyncio
import logging
import math
from collections import OrderedDict
from typing import Any

from reflex.app import EventNamespace
from reflex.istate.manager.memory import StateManagerMemory
from reflex.istate.manager.token import BaseStateToken
from reflex.state import State
from reflex_base.constants import CompileVars
from reflex_base.registry import RegistrationContext

from ticket_app.state.acknowledging import numbered
from ticket_app.state.asking import whole

log = logging.getLogger(__name__)

ADDRESS_LONGEST = 8_192
"""Characters of the address that a page says it shows; the gateway serves no longer one."""
KEPT_LONGEST = 2_100
"""Characters of a value that a browser has kept; the longest is the address of a list."""
KEPT = "vars"
"""Where Reflex's events have such values, by the names of the vars that they are put into."""
VALUES_MAX = 1_000
DEPTH_MAX = 6
"""Of one event. The largest that pages send, a drop on the board, has 20 values in 3 levels."""
WAITING_MAX = 4
"""Events of one page that wait; until they are done no more is read from its socket."""
LEFT_MAX = 200
"""States kept of pages that have left; each is worth about 100 KB, and a reconnection."""
SECONDS_TO_RETURN = 10.0
"""What a page has asked for in the background goes on so long without it."""


class Refused(Exception):  # noqa: N818  # what is refused is no error of ours
    """An event that no page of this desk sends."""


class Door(EventNamespace):
    """Reflex's end of every websocket of this process."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._left: OrderedDict[str, None] = OrderedDict()

    async def on_connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        """A page connects; its first event may come along."""
        boot = auth.get(CompileVars.CONNECT_AUTH_EVENT) if isinstance(auth, dict) else None
        known: dict[str, Any] = {}
        if boot is not None and (event := _admitted(boot)) is not None:
            known[CompileVars.CONNECT_AUTH_EVENT] = event
        schema = auth.get(CompileVars.CONNECT_AUTH_STATE_SCHEMA) if isinstance(auth, dict) else None
        if isinstance(schema, str):
            known[CompileVars.CONNECT_AUTH_STATE_SCHEMA] = whole(schema[:100])
        await super().on_connect(sid, environ, known)
        self._left.pop(self.sid_to_token.get(sid, ""), None)

    async def on_event(self, sid: str, data: Any) -> None:
        """Hand on an event of a page, and wait until not too many of its events wait."""
        if sid not in self.sid_to_token or (event := _admitted(data)) is None:
            return
        await super().on_event(sid, event)
        await self._until_worked_off(self.sid_to_token.get(sid, ""))

    def on_disconnect(self, sid: str) -> asyncio.Task[None] | None:
        """A page is gone: what follows the desk for it ends, and its state is kept for a while."""
        token = self.sid_to_token.get(sid, "")
        record = self._token_manager.token_to_socket.get(token)
        task: asyncio.Task[None] | None = super().on_disconnect(sid)
        if record is not None and record.sid == sid:
            self._end_background(token, ".watch")
            loop = asyncio.get_running_loop()
            loop.call_later(SECONDS_TO_RETURN, self._end_all_unless_returned, token)
            self._left[token] = None
            self._left.move_to_end(token)
            while len(self._left) > LEFT_MAX:
                self._forget(self._left.popitem(last=False)[0])
        return task

    async def _until_worked_off(self, token: str) -> None:
        await asyncio.sleep(0)  # the event goes from Reflex's own queue to that of its page
        waiting = self.app.event_processor._token_queues  # noqa: SLF001  # no other way to know
        while len(waiting.get(token, ())) > WAITING_MAX:  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # Reflex tells nobody

    def _end_all_unless_returned(self, token: str) -> None:
        if token not in self._token_manager.token_to_socket:
            self._end_background(token, "")

    def _end_background(self, token: str, ending: str) -> None:
        """Cancel this page's background events whose names end so. All of them supersede."""
        under_way = self.app.event_processor._superseded  # noqa: SLF001  # as Reflex itself does
        for name, event in RegistrationContext.get().event_handlers.items():
            if event.handler.is_background and name.endswith(ending):
                for each in list(under_way.pop((name, token), {}).values()):
                    each.cancel()

    def _forget(self, token: str) -> None:
        manager, key = self.app.state_manager, BaseStateToken(ident=token, cls=State)
        lock = getattr(manager, "_states_locks", {}).get(key.lock_key)
        if isinstance(manager, StateManagerMemory) and not (lock and lock.locked()):
            manager._purge_token(key)  # noqa: SLF001  # before its time is over


def _admitted(data: Any) -> dict[str, Any] | None:
    """The event that a page sent, in the shape that pages send; None for any other."""
    try:
        return _read(data)
    except Refused as refused:
        log.warning("an event that no page sends was left out: %s", refused)
        return None


def _read(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict) or not isinstance(data.get("name"), str):
        raise Refused("it has no name")
    if data["name"] not in RegistrationContext.get().event_handlers:
        raise Refused(f"there is none named {data['name'][:100]!r}")
    shape = _Shape()
    payload, page = shape.read(data.get("payload") or {}), data.get("router_data") or {}
    if not isinstance(payload, dict) or not isinstance(page, dict):
        raise Refused("its payload or its page has no names")
    if KEPT in payload:
        payload[KEPT] = _short_texts(payload[KEPT])
    page = {name: shape.read(page.get(name)) for name in ("pathname", "asPath", "query")}
    if not isinstance(page["query"], dict | None):
        raise Refused("its page's query has no names")
    if any(not isinstance(page[name], str | None) for name in ("pathname", "asPath")):
        raise Refused("its page's address is no text")
    if shape.longest(page) > ADDRESS_LONGEST:
        raise Refused("its page's address is too long")
    return {
        "name": data["name"],
        "payload": numbered(payload, data),
        "router_data": _without_none(page),
    }


def _short_texts(kept: Any) -> dict[str, str]:
    """What a browser may have kept: Reflex puts it into the vars whatever it is."""
    known = kept.items() if isinstance(kept, dict) else ()
    return {
        name: value
        for name, value in known
        if isinstance(value, str) and len(value) <= KEPT_LONGEST
    }


def _without_none(page: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in page.items() if value is not None}


class _Shape:
    """Copies what came as JSON, within bounds, its texts made whole."""

    def __init__(self) -> None:
        self._left = VALUES_MAX

    def read(self, value: Any, depth: int = 0) -> Any:
        """The value, copied. Raises Refused where it has too many parts or levels."""
        self._left -= 1
        if self._left < 0 or depth > DEPTH_MAX:
            raise Refused("it has too many parts")
        if isinstance(value, str):
            return whole(value)
        if isinstance(value, dict):
            return {whole(name): self.read(each, depth + 1) for name, each in value.items()}
        if isinstance(value, list):
            return [self.read(each, depth + 1) for each in value]
        if isinstance(value, float) and not math.isfinite(value):
            return None  # JSON has no word for it, and no page would understand the answer
        return value

    def longest(self, value: Any) -> int:
        """The characters of all texts in a value that was read."""
        if isinstance(value, str):
            return len(value)
        if isinstance(value, dict):
            return sum(len(name) + self.longest(each) for name, each in value.items())
        return sum(map(self.longest, value)) if isinstance(value, list) else 0
