"""A draft of a reply by the configured provider. No engine of the desk writes one."""

from time import monotonic

from ticket_app.settings import ProviderChoice, get_settings
from ticket_app.triage import engine
from ticket_app.triage.contract import Draft
from ticket_app.triage.provider.attempts import ProviderRequest, ask
from ticket_app.triage.provider.calls import Journal
from ticket_app.triage.provider.failure import ProviderError
from ticket_app.triage.provider.questions.draft_question import DraftQuestion
from ticket_app.triage.provider.single_flight import SingleFlight
from ticket_app.vocabulary import CallOutcome, CallPurpose

_flights: SingleFlight[Draft] = SingleFlight(answers_max=0)
"""Two presses at once are one call. Nothing is kept: who asks again wants another draft."""


async def provider_draft(
    choice: ProviderChoice, question: DraftQuestion, journal: Journal, *, deadline_seconds: float
) -> Draft:
    """Returns the provider's draft within the deadline, with the faults of a triage's call.

    Raises ProviderError with the reason if there is none. Cancelling cancels the call, unless
    another caller waits for the same one.
    """
    deadline = monotonic() + deadline_seconds
    at_once = get_settings().ai_calls_at_once
    request = ProviderRequest(choice, question, deadline, at_once, journal)
    key = (choice, question.prompt_version, question.input_hash)
    breaker = engine.breaker_for(choice, CallPurpose.DRAFT)
    try:
        draft = await ask(request, key, _flights, breaker)
    except ProviderError as error:
        engine.record_outcome(choice, error.reason)
        raise
    engine.record_outcome(choice, CallOutcome.OK)
    return draft
