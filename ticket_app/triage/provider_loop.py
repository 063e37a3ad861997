"""The event loop on which providers are asked: one of its own, in a thread of its own.

Whatever LiteLLM or a provider's answer does to it, the server's event loop goes on, and whoever
waits for an answer can stop waiting.
"""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")

_lock = threading.Lock()
_loops: list[asyncio.AbstractEventLoop] = []
"""At most one: this process's, made at its first use."""


def begin(work: Coroutine[Any, Any, T]) -> "Future[T]":
    """Start the work; cancelling the future cancels it. Safe from any thread."""
    return asyncio.run_coroutine_threadsafe(work, _loop())


def _loop() -> asyncio.AbstractEventLoop:
    with _lock:
        if not _loops:
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="providers", daemon=True).start()
            _loops.append(loop)
        return _loops[0]
