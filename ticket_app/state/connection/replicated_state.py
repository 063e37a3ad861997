"""The state of open pages, in memory, with a copy in Redis in case this process is lost.

A page is connected to one process at a time, so that process works in its own memory. No event
waits for Redis, and none fails without it. A moment after an event, its changes are copied. A
process takes over a page of another process from the copy. See docs/decisions/0012.
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
"""Seconds from an event to its copy: a killed process loses this much at most."""
RETRY_SECONDS = 1.0
LEAVING_SECONDS = 1.0
"""Seconds that a connected page has to leave, before one with the same token is a second tab."""


@dataclasses.dataclass
class ReplicatedStateManager(StateManagerMemory):
    """Reflex's state manager in memory. Its pages survive the loss of the process.

    `reached` returns how often the connection to Redis was made. After each new connection a page
    is copied as a whole, and between them by its changed parts.
    """

    store: PageStore = dataclasses.field(kw_only=True)
    reached: Callable[[], int] = dataclasses.field(kw_only=True)
    is_connected: Callable[[str], bool] = dataclasses.field(default=lambda _: True, kw_only=True)

    _changed: dict[str, BaseStateToken] = dataclasses.field(default_factory=dict, init=False)
    _whole: dict[str, int] = dataclasses.field(default_factory=dict, init=False)
    _copying: asyncio.Task[None] | None = dataclasses.field(default=None, init=False)

    async def get_state(self, token: StateToken[Any] | str) -> Any:
        """Returns the state of a page: this process's own, else the copy, else a new one."""
        token = self._coerce_token(token)
        await self._load_copy_once(token)
        return await super().get_state(token)

    def modify_state(
        self, token: StateToken[Any] | str, **context: Any
    ) -> AbstractAsyncContextManager[Any]:
        """Yields the state of a page under its lock. Its changes are copied after the block."""
        return self._modifying(self._coerce_token(token), context)

    async def take_over(self, ident: str) -> None:
        """Replaces the state of a page that connects here by the copy, if there is one.

        This process's own state of it may be older. Without Redis it is the only one.
        """
        token = BaseStateToken(ident=ident, cls=State)
        if token.cache_key in self._changed:
            return  # its last changes here are not copied yet
        async with await self._get_state_lock(token):
            await self._read(token)

    async def close(self) -> None:
        """Copies the remaining changes. The pages continue on another process."""
        if self._copying is not None:
            self._copying.cancel()
            await asyncio.gather(self._copying, return_exceptions=True)
        await self._copy()
        await super().close()  # type: ignore[no-untyped-call]
        await self.store.close()

    @asynccontextmanager
    async def _modifying(self, token: StateToken[Any], context: Any) -> AsyncIterator[Any]:
        await self._load_copy_once(token)
        try:
            async with super().modify_state(token, **context) as state:
                yield state
        finally:
            if isinstance(token, BaseStateToken):
                self._changed[token.cache_key] = token
                self._ensure_copying()

    async def _load_copy_once(self, token: StateToken[Any]) -> None:
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
        """Copies every changed page on which no event works now. Returns False if Redis refused."""
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
                # A page that left meanwhile may have changed more on another process.
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
                log.exception("a page is not copied to Redis: its state cannot be serialized")
        return pages

    def _is_busy(self, token: BaseStateToken) -> bool:
        lock = self._states_locks.get(token.lock_key)
        return lock is not None and lock.locked()


class TakeoverTokenManager(LocalTokenManager):
    """Reflex's record of connected pages. A page that arrives brings its state from the copy."""

    def __init__(self, states: ReplicatedStateManager) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._states = states
        states.is_connected = lambda token: token in self.token_to_socket

    async def link_token_to_sid(self, token: str, sid: str) -> str | None:
        """Links a page to its socket. Returns a new token if another tab here uses this one."""
        if token in self.token_to_socket:
            await self._wait_until_it_has_left(token)
        if token not in self.token_to_socket:
            await self._states.take_over(token)
        return await super().link_token_to_sid(token, sid)

    async def _wait_until_it_has_left(self, token: str) -> None:
        """Waits for the page's former connection to end, at most LEAVING_SECONDS.

        A page that reloads may arrive before that, and behind a proxy it often does. For a second
        tab the time runs out.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(LEAVING_SECONDS):
                while token in self.token_to_socket:  # noqa: ASYNC110  # Reflex sends no signal
                    await asyncio.sleep(0.02)


def parts_of(state: BaseState, *, whole: bool) -> Parts:
    """Returns the states of a page's tree by name: all, or those changed since the last call."""
    parts: Parts = {}
    changed = BaseStateToken.get_and_reset_touched_state(state)
    if changed or whole:
        parts[state.get_full_name()] = BaseStateToken.serialize(state)
    for below in state.substates.values():
        parts |= parts_of(below, whole=whole)
    return parts


def restored(state: BaseState, parts: Parts) -> BaseState:
    """Returns a new tree with the states of these parts in their places.

    A part that this version of the desk cannot read stays as in a new page.
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
        # A pickle can fail in any way. A page with a reset part is better than a page that fails.
        log.warning("a part of a page's copy cannot be read, so it is reset", exc_info=True)
        return None
