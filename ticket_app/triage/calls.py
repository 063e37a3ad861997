"""What is known of a call to a provider, and to whom the engine tells it."""

from datetime import datetime
from hashlib import sha256
from typing import NamedTuple, Protocol

from ticket_app.settings import ProviderChoice
from ticket_app.vocabulary import CallOutcome


class Usage(NamedTuple):
    """What a call used, as far as the provider said: tokens, and their price in US dollars by
    LiteLLM's own price table; None is unknown, and never zero."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None


class Call(NamedTuple):
    """One attempt to ask a provider, or one decision not to.

    `attempt` counts from 1, and is 0 where nothing was sent. `input_hash` is `input_hash()` of the
    text, `latency_ms` the wall-clock milliseconds of this attempt.
    """

    engine: str
    model: str
    prompt_version: str
    input_hash: str
    attempt: int
    outcome: CallOutcome
    latency_ms: float
    usage: Usage
    started_at: datetime


class Journal(Protocol):
    """Where calls are written down and money is watched; the services bring one."""

    async def refusal(self, choice: ProviderChoice) -> CallOutcome | None:
        """Why no money may be spent on this provider now, or None."""

    def keep(self, call: Call) -> None:
        """Write the call down. Returns at once, from any thread, and never raises."""


def input_hash(description: str, title: str) -> str:
    """SHA-256 of the ticket's text as 64 hex digits: tells equal texts without showing them."""
    return sha256(f"{title}\0{description}".encode("utf-8", "replace")).hexdigest()
