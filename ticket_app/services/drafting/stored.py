"""Keeps drafted replies, shows them to the person who asked for them, and lets them go.

What a draft became is recorded where replies are stored: services/conversation/drafted.py.
"""

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.data.engine import read_transaction, write_transaction
from ticket_app.data.people.accounts import lock_desk
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.data.tickets.queries import (
    find_ticket,
    find_tickets,
    lock_ticket,
    was_erased_after,
)
from ticket_app.data.tickets.tables import Ticket
from ticket_app.data.triage import drafted as queries
from ticket_app.data.triage.drafted_tables import DraftedReply
from ticket_app.errors import DraftNotFoundError, DraftOutdatedError
from ticket_app.schemas.drafting import CopiedPart, DraftedReplyPublic
from ticket_app.services.drafting.context import own_text, text_of_sources
from ticket_app.services.people.permission import Verb, require, scope_of
from ticket_app.services.text_comparison import copied_runs, has_common_run
from ticket_app.services.tickets.listing import existing
from ticket_app.triage.contract import Draft
from ticket_app.vocabulary import DraftOutcome


def keep_draft(
    actor: Actor, ticket_id: int, draft: Draft, sources: tuple[int, ...], last_erasing: int
) -> DraftedReplyPublic:
    """Stores a draft for the actor. Their earlier ones for the ticket are thrown away.

    Raises TicketNotFoundError if the ticket was deleted meanwhile, and DraftOutdatedError if a
    source was, or if words of the ticket or of a source were erased after event `last_erasing`.
    """
    require(actor, Verb.ASK_PROVIDER)
    author_id = actor.identity.person_id
    with write_transaction(QUICK) as session:
        lock_desk(session)  # an erasing holds it: none is under way
        existing(lock_ticket(session, ticket_id, scope_of(actor)), ticket_id)
        present = find_tickets(session, sources, scope_of(actor))
        concerned = (ticket_id, *sources)
        if len(present) < len(sources) or was_erased_after(session, last_erasing, concerned):
            raise DraftOutdatedError
        queries.throw_away_open(session, ticket_id, author_id)
        row = DraftedReply(
            ticket_id=ticket_id,
            author_id=author_id,
            body=draft.text,
            engine=draft.engine,
            model=draft.model,
            prompt_version=draft.prompt_version,
            latency_ms=draft.latency_ms,
            created_at=actor.at,
            outcome=None,
            share_changed=None,
        )
        session.add(row)
        session.flush()
        draft_id = row.id or 0
        queries.add_sources(session, draft_id, sources)
    return find_draft(actor, ticket_id, draft_id)


def open_draft(actor: Actor, ticket_id: int) -> DraftedReplyPublic | None:
    """Returns the actor's draft for the ticket that is neither sent nor thrown away, if there is
    one. Raises TicketNotFoundError."""
    require(actor, Verb.ASK_PROVIDER)
    with read_transaction(QUICK) as session:
        ticket = existing(find_ticket(session, ticket_id, scope_of(actor)), ticket_id)
        row = queries.open_draft(session, ticket_id, actor.identity.person_id, actor.at)
        return None if row is None else _public(session, ticket, row)


def find_draft(actor: Actor, ticket_id: int, draft_id: int) -> DraftedReplyPublic:
    """Returns a draft of the actor, with what became of it.

    Raises TicketNotFoundError, and DraftNotFoundError for a draft of somebody else.
    """
    require(actor, Verb.ASK_PROVIDER)
    with read_transaction(QUICK) as session:
        ticket = existing(find_ticket(session, ticket_id, scope_of(actor)), ticket_id)
        return _public(session, ticket, _own(session, actor, ticket_id, draft_id))


def throw_away(actor: Actor, ticket_id: int, draft_id: int) -> None:
    """Settles a draft of the actor as thrown away, unless it was sent.

    Raises TicketNotFoundError, and DraftNotFoundError for a draft of somebody else.
    """
    require(actor, Verb.ASK_PROVIDER)
    with write_transaction(QUICK) as session:
        existing(lock_ticket(session, ticket_id, scope_of(actor)), ticket_id)
        row = _own(session, actor, ticket_id, draft_id)
        if row.outcome is None:
            row.outcome = DraftOutcome.THROWN_AWAY


def review(actor: Actor, ticket_id: int, draft_id: int, text: str) -> tuple[bool, list[CopiedPart]]:
    """Returns whether words of a draft are left in a text, and which copied parts the text has.

    Raises TicketNotFoundError, and DraftNotFoundError for a draft of somebody else.
    """
    require(actor, Verb.ASK_PROVIDER)
    with read_transaction(QUICK) as session:
        ticket = existing(find_ticket(session, ticket_id, scope_of(actor)), ticket_id)
        row = _own(session, actor, ticket_id, draft_id)
        return has_common_run(row.body, text), _copied(session, ticket, draft_id, text)


def _own(session: Session, actor: Actor, ticket_id: int, draft_id: int) -> DraftedReply:
    row = queries.draft_of(session, draft_id, ticket_id, actor.identity.person_id)
    if row is None:
        raise DraftNotFoundError(draft_id)
    return row


def _copied(session: Session, ticket: Ticket, draft_id: int, text: str) -> list[CopiedPart]:
    sources = queries.sources_of(session, draft_id)
    runs = copied_runs(text, text_of_sources(session, sources), own_text(session, ticket))
    return [CopiedPart(start=each.start, end=each.end, ticket_id=each.source) for each in runs]


def _public(session: Session, ticket: Ticket, row: DraftedReply) -> DraftedReplyPublic:
    draft_id = row.id or 0
    return DraftedReplyPublic(
        **row.model_dump(exclude={"author_id", "latency_ms", "held_id"}),
        sources=list(queries.sources_of(session, draft_id)),
        copied=_copied(session, ticket, draft_id, row.body),
    )
