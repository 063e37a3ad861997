"""The engine that joins them: the provider within a deadline, or else the rules."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from pydantic import BaseModel, ConfigDict

from ticket_app.settings import ProviderChoice, get_settings
from ticket_app.triage.contract import Triage
from ticket_app.triage.failure import FailureReason, ProviderError
from ticket_app.triage.offline import ENGINE, MODEL, triage_offline
from ticket_app.triage.provider import ask_provider, load_litellm
from ticket_app.triage.rules import rule_book

CALLS_AT_ONCE = 8
"""Whoever comes while so many calls are under way gets the rules' answer: calls cost money, and a
provider that hangs must not gather callers."""

_log = logging.getLogger(__name__)
_under_way: set[object] = set()
_last_failures: dict[tuple[str, str], FailureReason] = {}


class ProviderState(BaseModel):
    """What the health of triage is, without secrets.

    `last_failure` is the reason of the last call if that failed, and None once one succeeded.
    """

    model_config = ConfigDict(frozen=True)

    configured: bool
    provider: str
    model: str
    last_failure: str | None


async def triage(description: str, title: str = "", *, deadline_seconds: float) -> Triage:
    """The configured provider's answer within the deadline; else the offline engine's.

    Never fails. `failure` says why a configured provider's answer is not the one given. The
    deadline is wall-clock and holds even while LiteLLM is being imported. Cancelling cancels the
    call to the provider.
    """
    choice = get_settings().provider
    if choice is None:
        return await asyncio.to_thread(triage_offline, description, title)
    started = perf_counter()
    try:
        async with asyncio.timeout(deadline_seconds):
            with _one_of_the_calls():
                answer = await ask_provider(choice, description, title)
    except TimeoutError:
        answer = await _instead(choice, "timeout", description, title)
    except ProviderError as error:
        answer = await _instead(choice, error.reason, description, title)
    except Exception as error:  # noqa: BLE001
        # The edge: a ticket is worth more than the fault. The class alone is safe to log.
        _log.error("triage failed: %s", type(error).__name__)
        answer = await _instead(choice, "unexpected", description, title)
    else:
        _last_failures.pop((choice.name, choice.model), None)
    return answer.model_copy(update={"latency_ms": (perf_counter() - started) * 1000})


def provider_state() -> ProviderState:
    """The configured provider, and how its last call in this process went."""
    choice = get_settings().provider
    if choice is None:
        return ProviderState(configured=False, provider=ENGINE, model=MODEL, last_failure=None)
    return ProviderState(
        configured=True,
        provider=choice.name,
        model=choice.model,
        last_failure=_last_failures.get((choice.name, choice.model)),
    )


async def warm_up() -> None:
    """Ahead of the first ticket: the rules, and LiteLLM where a provider is configured."""
    await asyncio.to_thread(rule_book)
    if get_settings().provider is not None:
        await asyncio.to_thread(load_litellm)


@contextmanager
def _one_of_the_calls() -> Iterator[None]:
    """One of CALLS_AT_ONCE, or ProviderError."""
    if len(_under_way) >= CALLS_AT_ONCE:
        raise ProviderError("busy")
    call = object()
    _under_way.add(call)
    try:
        yield
    finally:
        _under_way.discard(call)


async def _instead(
    choice: ProviderChoice, reason: FailureReason, description: str, title: str
) -> Triage:
    _last_failures[(choice.name, choice.model)] = reason
    _log.warning(
        "triage fell back: provider=%s model=%s reason=%s", choice.name, choice.model, reason
    )
    answer = await asyncio.to_thread(triage_offline, description, title)
    return answer.model_copy(update={"failure": reason})
