"""Drafts a reply on request: context, call, and the draft that is kept for the person who asked."""

import logging
from dataclasses import replace
from datetime import UTC, datetime

from ticket_app.actor import Actor
from ticket_app.errors import DraftFailedError, NoProviderError
from ticket_app.schemas.drafting import DraftedReplyPublic
from ticket_app.services.drafting.context import read_context
from ticket_app.services.drafting.stored import keep_draft
from ticket_app.services.people import caps
from ticket_app.services.people.permission import Verb, may, require
from ticket_app.services.threads import run
from ticket_app.services.triage.ledger import Ledger
from ticket_app.settings import get_settings
from ticket_app.triage.drafting import provider_draft
from ticket_app.triage.provider.failure import ProviderError
from ticket_app.vocabulary import CallOutcome, CallPurpose

log = logging.getLogger(__name__)


def can_draft(actor: Actor) -> bool:
    """Returns True if the desk has a provider, and the actor may ask it."""
    return get_settings().provider is not None and may(actor, Verb.ASK_PROVIDER)


async def draft_reply(actor: Actor, ticket_id: int) -> DraftedReplyPublic:
    """Returns a reply to the ticket that the provider drafted within AI_BACKGROUND_SECONDS.

    It changes nothing of the ticket and sends nothing, whatever the conversation asks for. Raises
    NoProviderError, TicketNotFoundError, DraftFailedError with the reason, DraftOutdatedError, and
    TooManyRequestsError for a person who asks all the time. Cancelling cancels the call.
    """
    require(actor, Verb.ASK_PROVIDER)
    settings = get_settings()
    if settings.provider is None:
        raise NoProviderError
    context = await run(actor, read_context, ticket_id)
    caps.count_draft(actor)
    try:
        draft = await provider_draft(
            settings.provider,
            context.question,
            Ledger(CallPurpose.DRAFT, ticket_id),
            deadline_seconds=settings.ai_background_seconds,
        )
    except ProviderError as error:
        log.warning("no reply was drafted for ticket %d: %s", ticket_id, error.reason)
        raise DraftFailedError(error.reason) from None
    except Exception as error:  # noqa: BLE001
        # LiteLLM may fail in any way. Only the class is safe to log.
        log.error("no reply was drafted for ticket %d: %s", ticket_id, type(error).__name__)  # noqa: TRY400
        raise DraftFailedError(CallOutcome.UNEXPECTED) from None
    now = replace(actor, at=datetime.now(UTC))  # the call may have taken a minute
    return await run(now, keep_draft, ticket_id, draft, context.sources, context.last_erasing)
