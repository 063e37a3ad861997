"""One question to a provider: within a deadline, tried again where that may help, written down."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from random import uniform
from time import monotonic, perf_counter
from typing import NamedTuple

from ticket_app.settings import ProviderChoice
from ticket_app.triage.breaker import Breaker
from ticket_app.triage.calls import Call, Journal, Usage, input_hash
from ticket_app.triage.contract import Triage
from ticket_app.triage.failure import ProviderError, ShapeError
from ticket_app.triage.prompts import Prompt
from ticket_app.triage.provider import AnswerError, ask_provider
from ticket_app.triage.shapes import Shape, shapes
from ticket_app.vocabulary import CallOutcome

ATTEMPTS_MAX = 3
FIRST_PAUSE_SECONDS = 0.5
USEFUL_SECONDS = 0.5
"""Less time than this is not worth another attempt."""

AGAIN = frozenset({CallOutcome.RATE_LIMITED, CallOutcome.SERVER_ERROR, CallOutcome.UNREACHABLE})
"""What may be better a moment later. An answer that was wrong, or too late, is not asked for again:
it was paid for."""

_running: set[object] = set()


class Question(NamedTuple):
    """Whom to ask what. All attempts end at `until`, by monotonic()."""

    choice: ProviderChoice
    prompt: Prompt
    description: str
    title: str
    until: float
    at_once: int
    journal: Journal


async def ask(question: Question, breaker: Breaker) -> Triage:
    """The provider's answer, after at most ATTEMPTS_MAX attempts in the shape that it takes.

    A shape that is refused is made simpler and asked in at once: few steps, each written down.
    At most `at_once` questions of a process are under way: more are refused with ProviderError
    (BUSY), since calls cost money and a provider that hangs must not gather callers. Raises
    ProviderError with the reason of the last attempt; every attempt is in the journal.
    """
    try:
        with _one_of(question.at_once), breaker.call():
            return await _in_time(question)
    except ProviderError as error:
        if error.reason in (CallOutcome.BUSY, CallOutcome.CIRCUIT_OPEN):
            note(question, error.reason)
        raise


def note(question: Question, outcome: CallOutcome) -> None:
    """Write down that the provider was not asked, and why."""
    _keep(question, 0, outcome, 0.0, Usage(), datetime.now(UTC))


async def _in_time(question: Question) -> Triage:
    until = question.until
    shape = shapes.of(question.choice)
    attempt, stumbles = 1, 0
    while True:
        pause = 0.0
        try:
            return await _once(question, shape, attempt, until)
        except ShapeError as error:  # each shape is simpler than the one before, so this ends
            shape = error.simpler
        except ProviderError as error:
            stumbles += 1
            pause = _pause(error, stumbles)
            in_vain = monotonic() + pause + USEFUL_SECONDS > until
            if error.reason not in AGAIN or stumbles == ATTEMPTS_MAX or in_vain:
                raise
        await asyncio.sleep(pause)
        await _may_go_on(question, until)
        attempt += 1


async def _may_go_on(question: Question, until: float) -> None:
    """Raises ProviderError where the budget does not reach for one more attempt, or the time."""
    try:
        async with asyncio.timeout(until - monotonic()):
            refusal = await question.journal.refusal(question.choice)
    except TimeoutError:
        raise ProviderError(CallOutcome.TIMEOUT) from None
    if refusal is not None:
        note(question, refusal)
        raise ProviderError(refusal)


def _pause(error: ProviderError, attempt: int) -> float:
    """As long as the provider asks for; else twice as long each time, and never the same for all
    who wait."""
    if error.retry_after is not None:
        return error.retry_after + uniform(0, FIRST_PAUSE_SECONDS)  # noqa: S311  # no secret
    return FIRST_PAUSE_SECONDS * 2.0 ** (attempt - 1) * uniform(0.5, 1.5)  # noqa: S311


async def _once(question: Question, shape: Shape, attempt: int, until: float) -> Triage:
    started, started_at = perf_counter(), datetime.now(UTC)
    outcome, usage = CallOutcome.CANCELLED, Usage()
    try:
        async with asyncio.timeout(until - monotonic()):
            triage, usage = await ask_provider(
                question.choice, question.prompt, question.description, question.title, shape
            )
    except TimeoutError:
        outcome = CallOutcome.TIMEOUT
        raise ProviderError(outcome) from None
    except asyncio.CancelledError:
        # Who waits gives up at the deadline, too, and on a busy machine comes first.
        if monotonic() < until:
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
        _keep(question, attempt, outcome, latency_ms, usage, started_at)


def _keep(  # noqa: PLR0917
    question: Question,
    attempt: int,
    outcome: CallOutcome,
    latency_ms: float,
    usage: Usage,
    started_at: datetime,
) -> None:
    question.journal.keep(
        Call(
            engine=question.choice.name,
            model=question.choice.model,
            prompt_version=question.prompt.version,
            input_hash=input_hash(question.description, question.title),
            attempt=attempt,
            outcome=outcome,
            latency_ms=latency_ms,
            usage=usage,
            started_at=started_at,
        )
    )


@contextmanager
def _one_of(at_once: int) -> Iterator[None]:
    if len(_running) >= at_once:
        raise ProviderError(CallOutcome.BUSY)
    call = object()
    _running.add(call)
    try:
        yield
    finally:
        _running.discard(call)
