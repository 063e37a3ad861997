"""A request to a provider with a deadline, retries with backoff, and a record of each attempt."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from random import uniform
from time import monotonic, perf_counter
from typing import NamedTuple

from ticket_app.settings import ProviderChoice
from ticket_app.triage.contract import Triage
from ticket_app.triage.provider.calls import Call, Journal, Usage, input_hash
from ticket_app.triage.provider.capabilities import RequestShape, model_capabilities
from ticket_app.triage.provider.circuit_breaker import Breaker
from ticket_app.triage.provider.client import AnswerError, call_provider
from ticket_app.triage.provider.failure import ProviderError, ShapeError
from ticket_app.triage.provider.prompts import Prompt
from ticket_app.vocabulary import CallOutcome

ATTEMPTS_MAX = 3
FIRST_PAUSE_SECONDS = 0.5
USEFUL_SECONDS = 0.5
"""Another attempt needs at least this much time before the deadline."""

RETRYABLE = frozenset({CallOutcome.RATE_LIMITED, CallOutcome.SERVER_ERROR, CallOutcome.UNREACHABLE})
"""Failures that may be gone a moment later. An answer that was wrong or too late is not requested
again, because it was paid for."""

_running: set[object] = set()
"""The requests under way in this process, for the limit `at_once`."""


class ProviderRequest(NamedTuple):
    """A ticket's text for a provider.

    All attempts end at `deadline`, in seconds of monotonic(). `at_once` limits the requests under
    way in this process.
    """

    choice: ProviderChoice
    prompt: Prompt
    description: str
    title: str
    deadline: float
    at_once: int
    journal: Journal


async def answer_with_retries(request: ProviderRequest, breaker: Breaker) -> Triage:
    """Returns the provider's answer after at most ATTEMPTS_MAX attempts that fail.

    A request shape that the provider refuses is replaced by a simpler one, without a pause and
    without counting as a failure; there are only a few shapes. A request beyond `at_once` raises
    ProviderError(BUSY), because calls cost money and callers must not pile up behind a provider
    that hangs. Raises ProviderError with the reason of the last attempt. Every attempt is in the
    journal.
    """
    try:
        with _concurrency_slot(request.at_once), breaker.call():
            return await _with_retries(request)
    except ProviderError as error:
        if error.reason in (CallOutcome.BUSY, CallOutcome.CIRCUIT_OPEN):
            record_skipped_call(request, error.reason)
        raise


def record_skipped_call(request: ProviderRequest, outcome: CallOutcome) -> None:
    """Records in the journal that the provider was not called, and why."""
    _record(request, 0, outcome, 0.0, Usage(), datetime.now(UTC))


async def _with_retries(request: ProviderRequest) -> Triage:
    deadline = request.deadline
    shape = model_capabilities.shape_for(request.choice)
    attempt, failures = 1, 0
    while True:
        pause = 0.0
        try:
            return await _attempt(request, shape, attempt, deadline)
        except ShapeError as error:  # each shape is simpler than the one before, so this ends
            shape = error.simpler
        except ProviderError as error:
            failures += 1
            pause = _backoff_seconds(error, failures)
            is_too_late = monotonic() + pause + USEFUL_SECONDS > deadline
            if error.reason not in RETRYABLE or failures == ATTEMPTS_MAX or is_too_late:
                raise
        await asyncio.sleep(pause)
        await _require_budget(request, deadline)
        attempt += 1


async def _require_budget(request: ProviderRequest, deadline: float) -> None:
    """Raises ProviderError if the budget or the time is too short for another attempt."""
    try:
        async with asyncio.timeout(deadline - monotonic()):
            refusal = await request.journal.refusal(request.choice)
    except TimeoutError:
        raise ProviderError(CallOutcome.TIMEOUT) from None
    if refusal is not None:
        record_skipped_call(request, refusal)
        raise ProviderError(refusal)


def _backoff_seconds(error: ProviderError, attempt: int) -> float:
    """Returns the provider's Retry-After, or else an exponential backoff, each with jitter."""
    if error.retry_after is not None:
        return error.retry_after + uniform(0, FIRST_PAUSE_SECONDS)  # noqa: S311  # no secret
    return FIRST_PAUSE_SECONDS * 2.0 ** (attempt - 1) * uniform(0.5, 1.5)  # noqa: S311


async def _attempt(
    request: ProviderRequest, shape: RequestShape, attempt: int, deadline: float
) -> Triage:
    started, started_at = perf_counter(), datetime.now(UTC)
    outcome, usage = CallOutcome.CANCELLED, Usage()
    try:
        async with asyncio.timeout(deadline - monotonic()):
            triage, usage = await call_provider(
                request.choice, request.prompt, request.description, request.title, shape
            )
    except TimeoutError:
        outcome = CallOutcome.TIMEOUT
        raise ProviderError(outcome) from None
    except asyncio.CancelledError:
        # A waiting caller also gives up at the deadline, and may do so first on a busy machine.
        if monotonic() < deadline:
            raise
        outcome = CallOutcome.TIMEOUT
        raise ProviderError(outcome) from None
    except ProviderError as error:
        outcome = error.reason
        usage = error.usage if isinstance(error, AnswerError) else usage
        raise
    except Exception:
        outcome = CallOutcome.UNEXPECTED
        raise
    else:
        outcome = CallOutcome.OK
        return triage
    finally:
        latency_ms = (perf_counter() - started) * 1000
        _record(request, attempt, outcome, latency_ms, usage, started_at)


def _record(  # noqa: PLR0917
    request: ProviderRequest,
    attempt: int,
    outcome: CallOutcome,
    latency_ms: float,
    usage: Usage,
    started_at: datetime,
) -> None:
    request.journal.record(
        Call(
            engine=request.choice.name,
            model=request.choice.model,
            prompt_version=request.prompt.version,
            input_hash=input_hash(request.description, request.title),
            attempt=attempt,
            outcome=outcome,
            latency_ms=latency_ms,
            usage=usage,
            started_at=started_at,
        )
    )


@contextmanager
def _concurrency_slot(at_once: int) -> Iterator[None]:
    if len(_running) >= at_once:
        raise ProviderError(CallOutcome.BUSY)
    call = object()
    _running.add(call)
    try:
        yield
    finally:
        _running.discard(call)
