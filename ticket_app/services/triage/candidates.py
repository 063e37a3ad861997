"""Trials of an engine: its answers to many texts, from calls now or from a recording."""

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Literal, NamedTuple

from ticket_app.actor import Actor
from ticket_app.errors import ConfigurationError, TicketAppError
from ticket_app.services.people.permission import Verb, require
from ticket_app.services.triage.ledger import Ledger
from ticket_app.services.triage.recorded_answers import Record, Recording
from ticket_app.settings import ProviderChoice, ProviderName, get_settings
from ticket_app.triage.contract import Triage
from ticket_app.triage.engine import background_breaker, provider_triage
from ticket_app.triage.offline import triage_offline
from ticket_app.triage.provider.calls import Call, input_hash
from ticket_app.triage.provider.failure import ProviderError
from ticket_app.triage.provider.prompts import PROMPT, Prompt, prompt_from
from ticket_app.vocabulary import CallOutcome, CallPurpose

AT_ONCE = 4
BREAKER_WAIT_SECONDS = 60.0
"""Longest wait for a text while the circuit breaker is open; nobody waits for a trial."""
Offline = Literal["offline"]
FATAL = frozenset(
    {
        CallOutcome.AUTH,
        CallOutcome.QUOTA,
        CallOutcome.BAD_REQUEST,
        CallOutcome.OVER_BUDGET,
        CallOutcome.NO_PRICE,
        CallOutcome.LEDGER_UNAVAILABLE,
    }
)
"""Outcomes that the next text would have too, so that the trial stops."""


class TrialStoppedError(TicketAppError):
    """The provider on trial cannot be called. A recording keeps the answers so far."""

    code = "trial_stopped"


class Answer(NamedTuple):
    """An engine's answer to a text: its triage, or None and the `failure`."""

    triage: Triage | None
    cost_usd: float | None
    failure: CallOutcome | None = None


class Candidate:
    """An engine on trial: a provider with a model and a prompt, or else the offline engine."""

    def __init__(
        self,
        choice: ProviderChoice | None,
        prompt: Prompt,
        purpose: CallPurpose,
        recording: Recording | None = None,
    ) -> None:
        self._choice, self._prompt, self._purpose = choice, prompt, purpose
        self._recording = recording

    @property
    def is_provider(self) -> bool:
        """True if the answers come from a provider; its calls are recorded in the ledger."""
        return self._choice is not None

    def answers(self, texts: Sequence[tuple[str, str]]) -> Iterator[tuple[int, Answer]]:
        """Yields an answer to each (title, description) with its index in `texts`, as they arrive.

        Raises TrialStoppedError as soon as the provider cannot be called at all.
        """
        at_once = min(AT_ONCE, get_settings().ai_calls_at_once)
        triage_offline("")  # loads the lexicon first, so that no latency includes it
        with ThreadPoolExecutor(at_once if self._choice else 1) as pool:
            places = {pool.submit(self._answer, *text): place for place, text in enumerate(texts)}
            try:
                for done in as_completed(places):
                    yield places[done], done.result()
            finally:
                for future in places:
                    future.cancel()

    def _answer(self, title: str, description: str) -> Answer:
        if self._choice is None:
            return Answer(triage_offline(description, title), 0.0)
        text_hash = input_hash(description, title)
        if self._recording is not None:
            record = self._recording.find(self._choice, self._prompt, text_hash)
            if record is not None:
                return Answer(record.triage, record.cost_usd)
        return asyncio.run(self._provider_answer(self._choice, title, description, text_hash))

    async def _await_breaker(
        self, choice: ProviderChoice, title: str, description: str, journal: Ledger
    ) -> Triage:
        """Returns the provider's triage.

        Waits up to BREAKER_WAIT_SECONDS while the circuit breaker is open.
        """
        waited = 0.0
        while True:
            try:
                return await provider_triage(
                    choice,
                    self._prompt,
                    description,
                    title,
                    purpose=self._purpose,
                    deadline_seconds=get_settings().ai_background_seconds,
                    journal=journal,
                )
            except ProviderError as error:
                pause = _breaker_pause(choice)
                if (
                    error.reason is not CallOutcome.CIRCUIT_OPEN
                    or waited + pause > BREAKER_WAIT_SECONDS
                ):
                    raise
            await asyncio.sleep(pause)
            waited += pause

    async def _provider_answer(
        self, choice: ProviderChoice, title: str, description: str, text_hash: str
    ) -> Answer:
        journal = _PricedLedger(self._purpose)
        try:
            triage = await self._await_breaker(choice, title, description, journal)
        except ProviderError as error:
            if error.reason in FATAL or error.reason is CallOutcome.CIRCUIT_OPEN:
                raise TrialStoppedError(_sentence(choice, error.reason)) from None
            return Answer(None, journal.cost_usd, error.reason)
        if self._recording is not None:
            self._recording.add(
                Record(
                    input_hash=text_hash,
                    engine=choice.name,
                    model=choice.model,
                    prompt_version=self._prompt.version,
                    triage=triage,
                    cost_usd=journal.cost_usd,
                )
            )
        return Answer(triage, journal.cost_usd)


def candidate_named(
    actor: Actor,
    engine: ProviderName | Offline,
    *,
    model: str | None,
    prompt: Path | None,
    recorded: Path | None,
    purpose: CallPurpose,
) -> Candidate:
    """Returns the engine on trial: a provider with its key from the settings, or the offline one.

    `prompt` is a file of instructions that replaces the desk's own. `recorded` is a file of
    answers. Raises ConfigurationError and RecordingError.
    """
    require(actor, Verb.OPERATE)
    recording = None if recorded is None else Recording(recorded)
    if engine == "offline":
        return Candidate(None, PROMPT, purpose, recording)
    choice = get_settings().provider_named(engine, model)
    return Candidate(choice, _prompt_in(prompt), purpose, recording)


def _prompt_in(path: Path | None) -> Prompt:
    if path is None:
        return PROMPT
    try:
        return prompt_from(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read as UTF-8 text.") from error


def _breaker_pause(choice: ProviderChoice) -> float:
    return max(1.0, background_breaker(choice).retry_in_seconds)


class _PricedLedger(Ledger):
    """A ledger that adds up the cost of its calls, in US dollars; None while no cost is known."""

    cost_usd: float | None = None

    def record(self, call: Call) -> None:
        super().record(call)
        if call.usage.cost_usd is not None:
            self.cost_usd = (self.cost_usd or 0.0) + call.usage.cost_usd


def _sentence(choice: ProviderChoice, reason: CallOutcome) -> str:
    return (
        f"{choice.name} ({choice.model}) cannot be asked: {reason.value}. "
        "Check its key, model and AI_DAILY_BUDGET_USD, or try again later."
    )
