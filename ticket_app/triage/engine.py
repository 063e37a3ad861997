"""The engine that joins them: the provider within a deadline, or else the rules."""

import asyncio
import logging
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic, perf_counter
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ticket_app.settings import ProviderChoice, get_settings
from ticket_app.triage import provider_loop
from ticket_app.triage.asking import Question, ask, note
from ticket_app.triage.breaker import Breaker, BreakerState
from ticket_app.triage.calls import Journal, input_hash
from ticket_app.triage.contract import Triage
from ticket_app.triage.failure import ProviderError
from ticket_app.triage.flights import Flights
from ticket_app.triage.offline import MODEL, triage_offline
from ticket_app.triage.prompts import PROMPT, Prompt
from ticket_app.triage.provider import load_litellm
from ticket_app.vocabulary import NOT_ASKED, OFFLINE, CallOutcome, CallPurpose

SAYS_ENOUGH = 20
"""Characters of a description that stand for the ticket without its title. "See above" does not."""

GRACE_SECONDS = 0.1
"""Left for the rules' answer within the deadline, when the provider let it pass."""

_log = logging.getLogger(__name__)
_rules = ThreadPoolExecutor(2, thread_name_prefix="rules")
_flights = Flights()
_breakers: dict[tuple[ProviderChoice, bool], Breaker] = {}
_last_failures: dict[ProviderChoice, CallOutcome] = {}


class ProviderState(BaseModel):
    """What the health of triage is, without secrets; each process knows its own.

    `last_failure` is the reason of the last call if that failed, and None once one succeeded; why a
    call was not made is told only where none failed before.
    The breakers are apart for the two deadlines: a provider may be too slow for who types and fast
    enough for what was filed. `retry_in_seconds` is None unless one is open.
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
    """The configured provider's answer within the deadline; else the offline engine's.

    Never fails. `failure` says why a configured provider's answer is not the one given. The
    deadline is wall-clock and holds whatever LiteLLM does. The same text is asked about once: a
    remembered answer costs nothing. Cancelling cancels the call, unless someone else waits for it.
    """
    choice = get_settings().provider
    if choice is None:
        return await _by_rules(description, title)
    started = perf_counter()
    try:
        answer = await ask_about(
            choice,
            PROMPT,
            description,
            title,
            purpose=purpose,
            deadline_seconds=deadline_seconds,
            journal=journal,
        )
    except ProviderError as error:
        answer = await _instead(choice, error.reason, description, title)
    except Exception as error:  # noqa: BLE001
        # The edge: a ticket is worth more than the fault. The class alone is safe to log.
        _log.error("triage failed: %s", type(error).__name__)
        answer = await _instead(choice, CallOutcome.UNEXPECTED, description, title)
    else:
        _last_failures.pop(choice, None)
    return answer.model_copy(update={"latency_ms": (perf_counter() - started) * 1000})


async def ask_about(
    choice: ProviderChoice,
    prompt: Prompt,
    description: str,
    title: str = "",
    *,
    purpose: CallPurpose,
    deadline_seconds: float,
    journal: Journal,
) -> Triage:
    """This provider's own answer, remembered or fetched; ProviderError with the reason if none."""
    key = _known_key(choice, prompt, description, title)
    if (answer := _flights.remembered(key)) is not None:
        return answer
    until = monotonic() + deadline_seconds - min(GRACE_SECONDS, deadline_seconds / 4)
    question = Question(
        choice,
        prompt,
        description,
        title,
        until=until,
        at_once=get_settings().ai_calls_at_once,
        journal=journal,
    )

    begun: list[Question] = []

    def begin() -> "Future[Triage]":
        begun.append(question)
        return provider_loop.begin(ask(question, _breaker(choice, purpose)))

    try:
        async with asyncio.timeout(until - monotonic()):
            refusal = await journal.refusal(choice)
        if refusal is not None:
            note(question, refusal)
            raise ProviderError(refusal)
        try:
            return await _flights.join(key, begin, until - monotonic() + GRACE_SECONDS / 2)
        except ProviderError as error:
            # Somebody in more of a hurry had begun that call; there is time left for one's own.
            if begun or error.reason is not CallOutcome.TIMEOUT:
                raise
            return await _flights.join(key, begin, until - monotonic() + GRACE_SECONDS / 2)
    except TimeoutError:
        raise ProviderError(CallOutcome.TIMEOUT) from None


def remembered(description: str, title: str) -> Triage | None:
    """The configured provider's answer for this text, if it gave one lately; asks nobody."""
    choice = get_settings().provider
    if choice is None:
        return None
    return _flights.remembered(_known_key(choice, PROMPT, description, title))


def background_breaker(choice: ProviderChoice) -> BreakerState:
    """Whether it is of any use to ask the provider in the background now."""
    return _breaker(choice, CallPurpose.IMPROVE).state


def provider_state() -> ProviderState:
    """The configured provider, and how it fares in this process."""
    choice = get_settings().provider
    if choice is None:
        return ProviderState(configured=False, provider=OFFLINE, model=MODEL, last_failure=None)
    interactive = _breaker(choice, CallPurpose.SUGGEST).state
    background = _breaker(choice, CallPurpose.IMPROVE).state
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


async def warm_up() -> None:
    """Ahead of the first ticket that a provider sees: LiteLLM, which takes seconds to load."""
    if get_settings().provider is not None:
        await asyncio.to_thread(load_litellm)


def _breaker(choice: ProviderChoice, purpose: CallPurpose) -> Breaker:
    return _breakers.setdefault((choice, purpose is CallPurpose.SUGGEST), Breaker())


def _known_key(
    choice: ProviderChoice, prompt: Prompt, description: str, title: str
) -> tuple[ProviderChoice, str, str]:
    """The key of this text; that of its description alone where that was asked about before, so
    that typing and then filing costs one call."""
    keys = [
        (choice, prompt.version, input_hash(description, given))
        for given in ((title, "") if len(description) >= SAYS_ENOUGH else (title,))
    ]
    return next((key for key in keys if _flights.knows(key)), keys[0])


async def _by_rules(description: str, title: str) -> Triage:
    """In threads of their own: those that all share may all be waiting for the database."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_rules, triage_offline, description, title)


async def _instead(
    choice: ProviderChoice, reason: CallOutcome, description: str, title: str
) -> Triage:
    # Why no call was made must not hide what was wrong with the last one that was.
    if reason not in NOT_ASKED or _last_failures.get(choice, reason) in NOT_ASKED:
        _last_failures[choice] = reason
    _log.warning(
        "triage fell back: provider=%s model=%s reason=%s", choice.name, choice.model, reason
    )
    answer = await _by_rules(description, title)
    return answer.model_copy(update={"failure": reason.value})
