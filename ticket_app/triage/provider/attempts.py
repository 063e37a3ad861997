"""A request to a provider with a deadline, retries with backoff, and a record of each attempt."""

import asyncio
from collections.abc import Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime
from random import uniform
from time import monotonic, perf_counter
from typing import Any, Generic, NamedTuple, TypeVar

from ticket_app.settings import ProviderChoice
from ticket_app.triage.provider import loop
from ticket_app.triage.provider.calls import Call, Journal, Usage
from ticket_app.triage.provider.capabilities import Asked, RequestShape, model_capabilities
from ticket_app.triage.provider.circuit_breaker import Breaker
from ticket_app.triage.provider.client import AnswerError, call_provider
from ticket_app.triage.provider.failure import ProviderError, ShapeError
from ticket_app.triage.provider.questions.question import Question
from ticket_app.triage.provider.single_flight import SingleFlight
from ticket_app.vocabulary import CallOutcome

ATTEMPTS_MAX = 3
FIRST_PAUSE_SECONDS = 0.5
USEFUL_SECONDS = 0.5
"""Another attempt needs at least this much time before the deadline."""
JOIN_SECONDS = 0.05
"""Seconds beyond the deadline in which a call may still report that it has timed out."""

RETRYABLE = frozenset({CallOutcome.RATE_LIMITED, CallOutcome.SERVER_ERROR, CallOutcome.UNREACHABLE})
"""Failures that may be gone a moment later. An answer that was wrong or too late is not requested
again, because it was paid for."""

_running: set[object] = set()
"""The requests under way in this process, for the limit `at_once`."""


T = TypeVar("T")


class ProviderRequest(NamedTuple, Generic[T]):
    """A question to a provider.

    All attempts end at `deadline`, in seconds of monotonic(). `at_once` limits the requests under
    way in this process.
    """

    choice: ProviderChoice
    question: Question[T]
    deadline: float
    at_once: int
    journal: Journal


async def ask(
    request: ProviderRequest[T], key: Hashable, flights: SingleFlight[T], breaker: Breaker
) -> T:
    """Returns the provider's answer, of the call under way for this key or of one of its own.

    Raises ProviderError with the reason if there is none before the deadline, or the budget allows
    no call. Cancelling cancels the call, unless another caller waits for it.
    """
    begun: list[ProviderRequest[T]] = []

    def begin() -> "Future[T]":
        begun.append(request)
        return loop.begin(answer_with_retries(request, breaker))

    def seconds() -> float:
        return request.deadline - monotonic() + JOIN_SECONDS

    try:
        async with asyncio.timeout(request.deadline - monotonic()):
            refusal = await request.journal.refusal(request.choice)
        if refusal is not None:
            record_skipped_call(request, refusal)
            raise ProviderError(refusal)
        try:
            return await flights.join(key, begin, seconds())
        except ProviderError as error:
            # A caller with a shorter deadline had started that call. There is time for another.
            if begun or error.reason is not CallOutcome.TIMEOUT:
                raise
            return await flights.join(key, begin, seconds())
    except TimeoutError:
        raise ProviderError(CallOutcome.TIMEOUT) from None


async def answer_with_retries(request: ProviderRequest[T], breaker: Breaker) -> T:
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


def record_skipped_call(request: ProviderRequest[Any], outcome: CallOutcome) -> None:
    """Records in the journal that the provider was not called, and why."""
    _record(request, 0, outcome, 0.0, Usage(), datetime.now(UTC))


async def _with_retries(request: ProviderRequest[T]) -> T:
    deadline = request.deadline
    shape = model_capabilities.shape_for(Asked(request.choice, request.question.is_json))
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


async def _require_budget(request: ProviderRequest[Any], deadline: float) -> None:
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
    request: ProviderRequest[T], shape: RequestShape, attempt: int, deadline: float
) -> T:
    started, started_at = perf_counter(), datetime.now(UTC)
    outcome, usage = CallOutcome.CANCELLED, Usage()
    try:
        async with asyncio.timeout(deadline - monotonic()):
            answer, usage = await call_provider(request.choice, request.question, shape)
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
        return answer
    finally:
        latency_ms = (perf_counter() - started) * 1000
        _record(request, attempt, outcome, latency_ms, usage, started_at)


def _record(  # noqa: PLR0917
    request: ProviderRequest[Any],
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
            prompt_version=request.question.prompt_version,
            input_hash=request.question.input_hash,
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
