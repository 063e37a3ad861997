"""A circuit breaker, which stops calls to a provider that keeps failing."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Literal, NamedTuple

from ticket_app.triage.provider.failure import ProviderError
from ticket_app.vocabulary import ABOUT_THE_TEXT, NOT_ASKED, CallOutcome

FAILURES_MAX = 5
PAUSE_SECONDS = 30.0
PAUSE_SECONDS_MAX = 300.0
RETRY_AFTER_SECONDS_MIN = 1.0
"""A shorter Retry-After is ignored."""


class BreakerState(NamedTuple):
    """A breaker's state: `open` refuses calls for `retry_in_seconds`, `half_open` lets one try."""

    state: Literal["closed", "open", "half_open"]
    retry_in_seconds: float


class Breaker:
    """Opens for PAUSE_SECONDS after FAILURES_MAX failures in a row; then one call may try.

    Each further failure doubles the pause, up to PAUSE_SECONDS_MAX. A success closes the breaker.
    A Retry-After opens it at once, for PAUSE_SECONDS_MAX at most. Safe from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._open_until = 0.0
        self._pause = PAUSE_SECONDS
        self._trying = False

    @property
    def state(self) -> BreakerState:
        """The current state, which is also `open` while the one trial call is under way."""
        with self._lock:
            left = self._open_until - monotonic()
            if self._open_until and (left > 0 or self._trying):
                return BreakerState("open", max(0.0, left))
            return BreakerState("half_open" if self._open_until else "closed", 0.0)

    @contextmanager
    def call(self) -> Iterator[None]:
        """Runs the block as one call. Raises ProviderError(CIRCUIT_OPEN) if no call is allowed."""
        is_trial = self._enter()
        try:
            yield
        except ProviderError as error:
            self._leave(is_trial, error.reason, error.retry_after)
            raise
        except asyncio.CancelledError:
            self._leave(is_trial, CallOutcome.CANCELLED, None)
            raise
        except BaseException:
            self._leave(is_trial, CallOutcome.UNEXPECTED, None)
            raise
        self._leave(is_trial, CallOutcome.OK, None)

    def _enter(self) -> bool:
        with self._lock:
            if not self._open_until:
                return False
            if self._trying or monotonic() < self._open_until:
                raise ProviderError(CallOutcome.CIRCUIT_OPEN)
            self._trying = True
            return True

    def _leave(self, is_trial: bool, outcome: CallOutcome, retry_after: float | None) -> None:
        with self._lock:
            if is_trial:
                self._trying = False
            if outcome is CallOutcome.CANCELLED or outcome in NOT_ASKED:
                return
            if outcome is CallOutcome.OK or outcome in ABOUT_THE_TEXT:
                self._failures, self._open_until, self._pause = 0, 0.0, PAUSE_SECONDS
            elif (
                is_trial or not self._open_until
            ):  # otherwise the call began before the breaker opened
                self._fail(is_trial, retry_after)

    def _fail(self, is_trial: bool, retry_after: float | None) -> None:
        self._failures += 1
        if is_trial:
            self._pause = min(self._pause * 2, PAUSE_SECONDS_MAX)
        if is_trial or self._failures >= FAILURES_MAX:
            self._open_until = monotonic() + self._pause
        if retry_after is not None and retry_after >= RETRY_AFTER_SECONDS_MIN:
            pause = min(retry_after, PAUSE_SECONDS_MAX)
            self._open_until = max(self._open_until, monotonic() + pause)
