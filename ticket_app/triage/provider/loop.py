"""The event loop for calls to providers, in its own thread (decision 0009).

The server's event loop goes on, and a caller can stop waiting, even if LiteLLM or an answer blocks
this loop.
"""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")

_lock = threading.Lock()
_loops: list[asyncio.AbstractEventLoop] = []
"""This process's loop, made at the first use; empty before."""


def begin(work: Coroutine[Any, Any, T]) -> "Future[T]":
    """Starts the coroutine; cancelling the future cancels it. Safe from any thread."""
    return asyncio.run_coroutine_threadsafe(work, _loop())


def _loop() -> asyncio.AbstractEventLoop:
    with _lock:
        if not _loops:
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="providers", daemon=True).start()
            _loops.append(loop)
        return _loops[0]
