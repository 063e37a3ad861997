"""Suggestions while a person types: the configured engine's answer within a short deadline."""

from ticket_app.actor import Actor
from ticket_app.schemas.triage import Classification, Described, TitleSuggestion
from ticket_app.services.people import caps
from ticket_app.services.people.permission import Verb, may, require
from ticket_app.services.triage.ledger import Ledger
from ticket_app.settings import get_settings
from ticket_app.triage import engine
from ticket_app.triage.contract import Triage
from ticket_app.vocabulary import CallPurpose


async def suggest_triage(actor: Actor, text: Described, client: str = "") -> Triage:
    """Returns the configured engine's triage of a description within AI_INTERACTIVE_SECONDS.

    An actor who may not ask the provider gets the offline engine's, without a reason of failure.
    Someone who has not signed in gets a few a minute at their `client`'s address
    (TooManyRequestsError).
    """
    require(actor, Verb.FILE_TICKET)
    caps.count_suggestion(actor, client)
    if not may(actor, Verb.ASK_PROVIDER):
        return await engine.answer_offline(text.description)
    return await engine.triage(
        text.description,
        purpose=CallPurpose.SUGGEST,
        deadline_seconds=get_settings().ai_interactive_seconds,
        journal=Ledger(CallPurpose.SUGGEST),
    )


async def classify(actor: Actor, text: Described) -> Classification:
    """Returns the suggested category and priority.

    Their common `confidence` is the lower one, or None if the engine does not give both.
    """
    triage = await suggest_triage(actor, text)
    both = (triage.category.confidence, triage.priority.confidence)
    known = [confidence for confidence in both if confidence is not None]
    return Classification(
        suggested_category=triage.category.value,
        suggested_priority=triage.priority.value,
        category_confidence=triage.category.confidence,
        priority_confidence=triage.priority.confidence,
        confidence=min(known) if len(known) == len(both) else None,
        category_evidence=triage.category.evidence,
        priority_evidence=triage.priority.evidence,
        engine=triage.engine,
        failure=triage.failure,
    )


async def suggest_title(actor: Actor, text: Described) -> TitleSuggestion:
    """Returns a title of 1 to 200 characters."""
    triage = await suggest_triage(actor, text)
    return TitleSuggestion(
        suggested_title=triage.title.value, engine=triage.engine, failure=triage.failure
    )
