"""A call to a provider as data, and the journal that records it."""

from datetime import datetime
from hashlib import sha256
from typing import NamedTuple, Protocol

from ticket_app.settings import ProviderChoice
from ticket_app.vocabulary import CallOutcome


class Usage(NamedTuple):
    """The tokens of a call as the provider reported them, and their price in US dollars.

    The price is from LiteLLM's own table. None is unknown, never zero.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None


class Call(NamedTuple):
    """An attempt to call a provider, or a decision not to call it.

    `attempt` counts from 1; 0 means that nothing was sent. `input_hash` is `input_hash()` of the
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
    """Records calls and checks the budget. The services implement it."""

    async def refusal(self, choice: ProviderChoice) -> CallOutcome | None:
        """Returns the reason why this provider may not be paid for a call now, or None."""

    def record(self, call: Call) -> None:
        """Records the call. Returns without blocking, from any thread, and never raises."""


def input_hash(description: str, title: str) -> str:
    """Returns the SHA-256 of the text as 64 hex digits, which compares texts and hides them."""
    return sha256(f"{title}\0{description}".encode("utf-8", "replace")).hexdigest()
