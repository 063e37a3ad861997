"""Records what became of a drafted reply, in the transaction in which a reply is stored.

The draft of a reply is the author's newest one for the ticket that has no outcome. The text alone
decides: so it counts wherever the reply was written, and however the draft came into it.
"""

from datetime import datetime

from sqlmodel import Session

from ticket_app.data.conversation.tables import HeldMessage, Message
from ticket_app.data.triage import drafted as queries
from ticket_app.services.text_comparison import has_common_run, share_changed
from ticket_app.vocabulary import DraftOutcome, MessageKind, Side

COMPARED = 4_000
"""Characters of both texts in which common words are sought: the desk's other writers wait."""


def record_reply(session: Session, said: Message | HeldMessage, now: datetime) -> None:
    """Settles the author's draft for the ticket by what they have said, a flushed row.

    A draft of which no eight words in a row are left was thrown away, of both texts the first
    COMPARED characters. The caller has locked the
    ticket.
    """
    if said.kind != MessageKind.REPLY or said.side != Side.TEAM:
        return
    draft = queries.open_draft(session, said.ticket_id, said.author_id, now)
    if draft is None:
        return
    if not has_common_run(draft.body[:COMPARED], said.body[:COMPARED]):
        draft.outcome = DraftOutcome.THROWN_AWAY
        return
    share = share_changed(draft.body, said.body)
    draft.outcome = DraftOutcome.EDITED if share else DraftOutcome.AS_IT_WAS
    draft.share_changed = share or None
    if isinstance(said, Message):
        draft.message_id = said.id
    else:
        draft.held_id = said.id


def reopen_draft(session: Session, held_id: int) -> None:
    """Takes the outcome of a draft back, because its held message was taken back."""
    draft = queries.draft_held_as(session, held_id)
    if draft is not None:
        draft.outcome = draft.share_changed = draft.held_id = None


def link_message(session: Session, held_id: int, message_id: int | None) -> None:
    """Links a draft to the message that its held message has become."""
    draft = queries.draft_held_as(session, held_id)
    if draft is not None:
        draft.held_id, draft.message_id = None, message_id
