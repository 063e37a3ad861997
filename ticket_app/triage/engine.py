"""Triage by the configured provider within a deadline, with the offline engine as fallback."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, perf_counter
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ticket_app.settings import ProviderChoice, get_settings
from ticket_app.triage.contract import Triage
from ticket_app.triage.offline import MODEL, triage_offline
from ticket_app.triage.provider.attempts import ProviderRequest, ask
from ticket_app.triage.provider.calls import Journal, input_hash
from ticket_app.triage.provider.circuit_breaker import Breaker, BreakerState
from ticket_app.triage.provider.client import load_litellm
from ticket_app.triage.provider.failure import ProviderError
from ticket_app.triage.provider.prompts import PROMPT, Prompt
from ticket_app.triage.provider.questions.triage_question import TriageQuestion
from ticket_app.triage.provider.single_flight import SingleFlight
from ticket_app.vocabulary import NOT_ASKED, OFFLINE, CallOutcome, CallPurpose

DESCRIPTION_ALONE_MIN = 20
"""Characters of a description that suffices without the title. "See above" does not."""

GRACE_SECONDS = 0.1
"""The part of the deadline that is reserved for the offline engine's answer."""

_log = logging.getLogger(__name__)
_offline_threads = ThreadPoolExecutor(2, thread_name_prefix="offline-triage")
_single_flight: SingleFlight[Triage] = SingleFlight()
_breakers: dict[tuple[ProviderChoice, bool], Breaker] = {}
_last_failures: dict[ProviderChoice, CallOutcome] = {}


class ProviderState(BaseModel):
    """The health of triage in this process, without secrets.

    `last_failure` is the reason of the last call if it failed, and None after a success. The reason
    why a call was skipped is reported only if no call failed before.
    There is a circuit breaker for each of the two deadlines, because a provider may be too slow for
    a person who types and fast enough for filed tickets. `retry_in_seconds` is None unless a
    breaker is open.
    """

    model_config = ConfigDict(frozen=True)

    configured: bool
    provider: str
    model: str
    last_failure: str | None
    interactive: Literal["closed", "open", "half_open"] = "closed"
    background: Literal["closed", "open", "half_open"] = "closed"
    retry_in_seconds: float | None = None


async def triage(
    description: str,
    title: str = "",
    *,
    purpose: CallPurpose,
    deadline_seconds: float,
    journal: Journal,
) -> Triage:
    """Returns the configured provider's answer within the deadline, or else the offline engine's.

    It never fails. `failure` is the reason of the fallback to the offline engine. The deadline is
    wall-clock time and holds whatever LiteLLM does. Calls are single-flight for each text, and a
    cached answer costs nothing. Cancelling cancels the call, unless another caller waits for it.
    """
    choice = get_settings().provider
    if choice is None:
        return await answer_offline(description, title)
    started = perf_counter()
    try:
        answer = await provider_triage(
            choice,
            PROMPT,
            description,
            title,
            purpose=purpose,
            deadline_seconds=deadline_seconds,
            journal=journal,
        )
    except ProviderError as error:
        answer = await _fallback(choice, error.reason, description, title)
    except Exception as error:  # noqa: BLE001
        # A ticket must be filed in spite of any fault. Only the class is safe to log.
        _log.error("triage failed: %s", type(error).__name__)
        answer = await _fallback(choice, CallOutcome.UNEXPECTED, description, title)
    else:
        record_outcome(choice, CallOutcome.OK)
    return answer.model_copy(update={"latency_ms": (perf_counter() - started) * 1000})


async def provider_triage(
    choice: ProviderChoice,
    prompt: Prompt,
    description: str,
    title: str = "",
    *,
    purpose: CallPurpose,
    deadline_seconds: float,
    journal: Journal,
) -> Triage:
    """Returns this provider's own answer, from the cache or from a call (single-flight).

    Raises ProviderError with the reason if there is none.
    """
    key = _known_key(choice, prompt, description, title)
    if (answer := _single_flight.cached(key)) is not None:
        return answer
    question = TriageQuestion(prompt, description, title)
    deadline = monotonic() + deadline_seconds - min(GRACE_SECONDS, deadline_seconds / 4)
    at_once = get_settings().ai_calls_at_once
    request = ProviderRequest(choice, question, deadline, at_once, journal)
    return await ask(request, key, _single_flight, breaker_for(choice, purpose))


def cached_answer(description: str, title: str) -> Triage | None:
    """Returns the configured provider's cached answer for this text, or None. Makes no call."""
    choice = get_settings().provider
    if choice is None:
        return None
    return _single_flight.cached(_known_key(choice, PROMPT, description, title))


def background_breaker(choice: ProviderChoice) -> BreakerState:
    """Returns the state of the circuit breaker for calls in the background."""
    return breaker_for(choice, CallPurpose.IMPROVE).state


def provider_state() -> ProviderState:
    """Returns the configured provider and its health in this process."""
    choice = get_settings().provider
    if choice is None:
        return ProviderState(configured=False, provider=OFFLINE, model=MODEL, last_failure=None)
    interactive = breaker_for(choice, CallPurpose.SUGGEST).state
    background = breaker_for(choice, CallPurpose.IMPROVE).state
    left = max(interactive.retry_in_seconds, background.retry_in_seconds)
    return ProviderState(
        configured=True,
        provider=choice.name,
        model=choice.model,
        last_failure=_last_failures.get(choice),
        interactive=interactive.state,
        background=background.state,
        retry_in_seconds=round(left, 1) if left else None,
    )


def record_outcome(choice: ProviderChoice, outcome: CallOutcome) -> None:
    """Keeps how the last call ended, for `provider_state`."""
    if outcome is CallOutcome.OK:
        _last_failures.pop(choice, None)
    # The reason of a skipped call must not hide the failure of the last call.
    elif outcome not in NOT_ASKED or _last_failures.get(choice, outcome) in NOT_ASKED:
        _last_failures[choice] = outcome


async def warm_up() -> None:
    """Loads LiteLLM, which takes seconds, before the first ticket needs it."""
    if get_settings().provider is not None:
        await asyncio.to_thread(load_litellm)


def breaker_for(choice: ProviderChoice, purpose: CallPurpose) -> Breaker:
    """Returns the circuit breaker of the calls with the deadline that this purpose has."""
    return _breakers.setdefault((choice, purpose is CallPurpose.SUGGEST), Breaker())


def _known_key(
    choice: ProviderChoice, prompt: Prompt, description: str, title: str
) -> tuple[ProviderChoice, str, str]:
    """Returns the key of this text for single-flight.

    It is the key of the description alone if that one is known, so that typing and then filing
    a ticket costs one call.
    """
    keys = [
        (choice, prompt.version, input_hash(description, given))
        for given in ((title, "") if len(description) >= DESCRIPTION_ALONE_MIN else (title,))
    ]
    return next((key for key in keys if _single_flight.knows(key)), keys[0])


async def answer_offline(description: str, title: str = "") -> Triage:
    """Returns the offline engine's answer, computed in threads of its own.

    The threads of the default executor may all be waiting for the database.
    """
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_offline_threads, triage_offline, description, title)


async def _fallback(
    choice: ProviderChoice, reason: CallOutcome, description: str, title: str
) -> Triage:
    record_outcome(choice, reason)
    _log.warning(
        "triage fell back: provider=%s model=%s reason=%s", choice.name, choice.model, reason
    )
    answer = await answer_offline(description, title)
    return answer.model_copy(update={"failure": reason.value})
