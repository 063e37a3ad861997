"""What the desk suggests while somebody types: the configured engine's answer, in time."""

from ticket_app.schemas.triage import Classification, Described, TitleSuggestion
from ticket_app.services.triage.ledger import Ledger
from ticket_app.settings import get_settings
from ticket_app.triage import engine
from ticket_app.triage.contract import Triage
from ticket_app.vocabulary import CallPurpose


async def suggest_triage(text: Described) -> Triage:
    """What the configured engine makes of a description, within the interactive deadline."""
    return await engine.triage(
        text.description,
        purpose=CallPurpose.SUGGEST,
        deadline_seconds=get_settings().ai_interactive_seconds,
        journal=Ledger(CallPurpose.SUGGEST),
    )


async def classify(text: Described) -> Classification:
    """The suggested category and priority."""
    triage = await suggest_triage(text)
    sure = [finding.confidence for finding in (triage.category, triage.priority)]
    said = [confidence for confidence in sure if confidence is not None]
    return Classification(
        suggested_category=triage.category.value,
        suggested_priority=triage.priority.value,
        category_confidence=triage.category.confidence,
        priority_confidence=triage.priority.confidence,
        confidence=min(said) if len(said) == len(sure) else None,
        category_evidence=triage.category.evidence,
        priority_evidence=triage.priority.evidence,
        engine=triage.engine,
        failure=triage.failure,
    )


async def suggest_title(text: Described) -> TitleSuggestion:
    """A title of at most 200 characters, never empty."""
    triage = await suggest_triage(text)
    return TitleSuggestion(
        suggested_title=triage.title.value, engine=triage.engine, failure=triage.failure
    )
