"""What the desk does with triage: suggest while somebody types, and improve a filed ticket."""

import asyncio
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime

from ticket_app.data import ticket_queries as queries
from ticket_app.data.engine import writing
from ticket_app.errors import TicketNotFoundError
from ticket_app.live.bus import Change, bus
from ticket_app.schemas import Classification, Described, TitleSuggestion
from ticket_app.services.ledger import Ledger
from ticket_app.services.recording import differences, record_changes, record_suggestions
from ticket_app.services.tickets import get_ticket
from ticket_app.settings import get_settings
from ticket_app.triage import engine
from ticket_app.triage.contract import Triage
from ticket_app.vocabulary import CallPurpose, Edge, TriageField


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
    return Classification(
        suggested_category=triage.category.value,
        suggested_priority=triage.priority.value,
        category_confidence=triage.category.confidence,
        priority_confidence=triage.priority.confidence,
        confidence=min(triage.category.confidence, triage.priority.confidence),
        engine=triage.engine,
    )


async def suggest_title(text: Described) -> TitleSuggestion:
    """A title of at most 200 characters, never empty."""
    triage = await suggest_triage(text)
    return TitleSuggestion(suggested_title=triage.title.value, engine=triage.engine)


async def improve_triage(ticket_id: int, fields: AbstractSet[TriageField]) -> None:
    """Ask the provider about a filed ticket and take over its answer for these fields.

    Without a provider, or when it fails, the offline engine's values stay. A value that a person
    set in the meantime stays, and an answer about a text that has changed since is not used. A
    ticket that is gone needs no improving.
    """
    settings = get_settings()
    if settings.provider is None:
        return
    try:
        ticket = await asyncio.to_thread(get_ticket, ticket_id)
    except TicketNotFoundError:
        return
    answer = await engine.triage(
        ticket.description,
        ticket.title,
        purpose=CallPurpose.IMPROVE,
        deadline_seconds=settings.ai_background_seconds,
        journal=Ledger(CallPurpose.IMPROVE, ticket_id),
    )
    if answer.failure is None:
        asked = (ticket.title, ticket.description)
        await asyncio.to_thread(_take_over, ticket_id, asked, fields, answer)


def _take_over(
    ticket_id: int, asked: tuple[str, str], fields: AbstractSet[TriageField], answer: Triage
) -> None:
    with writing() as session:
        ticket = queries.lock_ticket(session, ticket_id)
        if ticket is None:
            return
        now = datetime.now(UTC)
        if (ticket.title, ticket.description) != asked:
            # The change of the text has asked for its scores; the rest is still to be improved.
            bus.publish(Change(ticket_id, frozenset(fields)))
            return
        record_suggestions(session, ticket, answer, now)
        open_fields = fields - queries.fields_set_by_people(session, ticket_id)
        changes = differences(ticket, {f.value: getattr(answer, f).value for f in open_fields})
        record_changes(session, ticket, changes, Edge.TRIAGE, now)
    if changes:
        bus.publish(Change(ticket_id))
