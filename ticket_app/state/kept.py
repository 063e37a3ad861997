"""The state of open pages, in memory as ever, with a copy in Redis for when this process is lost.

A page talks to one process at a time, so that process may work in its own memory: no event waits
for Redis, and none fails for want of it. What an event has changed is copied a moment later. A page
that comes from another process is taken up from the copy. See docs/decisions/0012.
"""

import asyncio
import dataclasses
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

from reflex.istate.manager.memory import StateManagerMemory
from reflex.istate.manager.token import BaseStateToken, StateToken
from reflex.state import BaseState, State
from reflex.utils.token_manager import LocalTokenManager
from reflex_base.utils.exceptions import StateSerializationError

from ticket_app.live.page_store import PageStore, Parts

log = logging.getLogger(__name__)

COPY_SECONDS = 0.2
"""How long after an event its copy is made: the most that a killed process can take with it."""
RETRY_SECONDS = 1.0
LEAVING_SECONDS = 1.0
"""How long a page that is connected here already has to leave, before another is a second tab."""


@dataclasses.dataclass
class KeptStates(StateManagerMemory):
    """Reflex's state manager in memory, whose pages outlive the process.

    `reached` counts how often Redis was reached anew; a page is copied as a whole after each time,
    and by its changed parts in between.
    """

    store: PageStore = dataclasses.field(kw_only=True)
    reached: Callable[[], int] = dataclasses.field(kw_only=True)
    is_connected: Callable[[str], bool] = dataclasses.field(default=lambda _: True, kw_only=True)

    _changed: dict[str, BaseStateToken] = dataclasses.field(default_factory=dict, init=False)
    _whole: dict[str, int] = dataclasses.field(default_factory=dict, init=False)
    _copying: asyncio.Task[None] | None = dataclasses.field(default=None, init=False)

    async def get_state(self, token: StateToken[Any] | str) -> Any:
        """The state of a page: this process's own, else the copy, else a new one."""
        token = self._coerce_token(token)
        await self._take_up(token)
        return await super().get_state(token)

    def modify_state(
        self, token: StateToken[Any] | str, **context: Any
    ) -> AbstractAsyncContextManager[Any]:
        """The same, to be changed under its lock; what was changed is copied soon."""
        return self._modifying(self._coerce_token(token), context)

    async def take_over(self, ident: str) -> None:
        """A page connects that was not connected here: the copy counts, where there is one.

        What this process still holds of it may be older. Without Redis it is all there is.
        """
        token = BaseStateToken(ident=ident, cls=State)
        if token.cache_key in self._changed:
            return  # it left a moment ago, and what it did last is not copied yet
        async with await self._get_state_lock(token):
            await self._read(token)

    async def close(self) -> None:
        """Copy what was not copied yet; the pages go on elsewhere."""
        if self._copying is not None:
            self._copying.cancel()
            await asyncio.gather(self._copying, return_exceptions=True)
        await self._copy()
        await super().close()  # type: ignore[no-untyped-call]
        await self.store.close()

    @asynccontextmanager
    async def _modifying(self, token: StateToken[Any], context: Any) -> AsyncIterator[Any]:
        await self._take_up(token)
        try:
            async with super().modify_state(token, **context) as state:
                yield state
        finally:
            if isinstance(token, BaseStateToken):
                self._changed[token.cache_key] = token
                self._ensure_copying()

    async def _take_up(self, token: StateToken[Any]) -> None:
        if token.cache_key in self.states or not isinstance(token, BaseStateToken):
            return
        async with await self._get_state_lock(token):
            if token.cache_key not in self.states:
                await self._read(token)

    async def _read(self, token: BaseStateToken) -> None:
        parts = await self.store.read(token.ident)
        if parts:
            new = token.cls.get_root_state()(_reflex_internal_init=True)
            self.states[token.cache_key] = restored(new, parts)
            self._whole.pop(token.cache_key, None)

    def _purge_token(self, token: StateToken[Any]) -> None:
        super()._purge_token(token)
        self._changed.pop(token.cache_key, None)
        self._whole.pop(token.cache_key, None)

    def _ensure_copying(self) -> None:
        if self._copying is None or self._copying.done():
            self._copying = asyncio.create_task(self._copy_until_done())

    async def _copy_until_done(self) -> None:
        pause = COPY_SECONDS
        while self._changed:
            await asyncio.sleep(pause)
            pause = COPY_SECONDS if await self._copy() else RETRY_SECONDS

    async def _copy(self) -> bool:
        """Copy every changed page that no event works on now; whether Redis took them."""
        reached = self.reached()
        pages = self._changed_parts(reached)
        if not pages:
            return True
        worked = await self.store.write({token.ident: parts for token, parts in pages.items()})
        for token in pages:
            key = token.cache_key
            if worked and key in self.states:
                self._whole[key] = reached
            else:
                self._whole.pop(key, None)
                # Who has left meanwhile may have gone on elsewhere, and further.
                if self.is_connected(token.ident):
                    self._changed.setdefault(key, token)
        return worked

    def _changed_parts(self, reached: int) -> dict[BaseStateToken, Parts]:
        pages: dict[BaseStateToken, Parts] = {}
        for key, token in list(self._changed.items()):
            if self._is_busy(token):
                continue
            del self._changed[key]
            if (state := self.states.get(key)) is None:
                continue
            try:
                pages[token] = parts_of(state, whole=self._whole.get(key) != reached)
            except StateSerializationError:
                log.exception("a page is not copied: something in it cannot be")
        return pages

    def _is_busy(self, token: BaseStateToken) -> bool:
        lock = self._states_locks.get(token.lock_key)
        return lock is not None and lock.locked()


class Arrivals(LocalTokenManager):
    """Reflex's book of who is connected here; who arrives brings what it had elsewhere."""

    def __init__(self, states: KeptStates) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._states = states
        states.is_connected = lambda token: token in self.token_to_socket

    async def link_token_to_sid(self, token: str, sid: str) -> str | None:
        """As Reflex does; a new token where this one is in use here by another tab."""
        if token in self.token_to_socket:
            await self._wait_until_it_has_left(token)
        if token not in self.token_to_socket:
            await self._states.take_over(token)
        return await super().link_token_to_sid(token, sid)

    async def _wait_until_it_has_left(self, token: str) -> None:
        """A page that loads anew may arrive before its former connection is seen to end; behind a
        proxy it often does. A second tab stays, and only waits in vain."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LEAVING_SECONDS):
                while token in self.token_to_socket:  # noqa: ASYNC110  # Reflex tells nobody
                    await asyncio.sleep(0.02)


def parts_of(state: BaseState, *, whole: bool) -> Parts:
    """The states of a page's tree by name: all, or those that changed since the last call."""
    parts: Parts = {}
    changed = BaseStateToken.get_and_reset_touched_state(state)
    if changed or whole:
        parts[state.get_full_name()] = BaseStateToken.serialize(state)
    for below in state.substates.values():
        parts |= parts_of(below, whole=whole)
    return parts


def restored(state: BaseState, parts: Parts) -> BaseState:
    """A new tree with the states of these parts in their places.

    A part that this version of the desk cannot read is left as it is in a new page.
    """
    found = state
    if (part := parts.get(state.get_full_name())) is not None:
        found = _read_part(part) or state
        if found is not state:
            found.parent_state = state.parent_state
            found.substates.update(state.substates)
    for name, below in list(found.substates.items()):
        below.parent_state = found
        found.substates[name] = restored(below, parts)
    return found


def _read_part(part: bytes) -> BaseState | None:
    try:
        return BaseStateToken.deserialize(data=part)
    except Exception:
        # A pickle can fail in any way. A page that begins anew is better than one that never opens.
        log.warning("a part of a page cannot be read, and begins anew", exc_info=True)
        return None
