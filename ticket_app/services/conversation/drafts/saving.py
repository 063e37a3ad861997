"""One's own drafts: reading them, and saving what one types. Nobody reads those of others.

A save is one statement, without an event: nothing follows from a draft. Only the author's own pages
hear of it. See decision 0046.
"""

from datetime import timedelta
from typing import NamedTuple

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.bus import Drafted, bus
from ticket_app.data.conversation import drafts as queries
from ticket_app.data.conversation.drafts import Place
from ticket_app.data.conversation.tables import Draft
from ticket_app.data.engine import read_transaction, write_transaction
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.data.tickets.queries import erased_at, find_ticket
from ticket_app.errors import SignInRequiredError, TooManyDraftsError
from ticket_app.schemas.drafts import DraftWrite
from ticket_app.services.conversation.posting_once import sent_with_key
from ticket_app.services.people.assignees import own_number, own_number_made
from ticket_app.services.people.permission import Verb, may, require, scope_of
from ticket_app.services.people.tokens import new_token
from ticket_app.services.tickets.listing import existing
from ticket_app.vocabulary import MessageKind

DRAFTS_MAX = 200
"""Drafts of one person, without those for deleted tickets."""
KEPT = timedelta(days=90)
"""How long a draft is kept after it was last changed."""
EXPIRED_AT_ONCE = 500


class Saved(NamedTuple):
    """A draft as it is stored, with the name of the page that saved it."""

    kind: MessageKind
    body: str
    key: str
    writer: str
    revision: int


class Outcome(NamedTuple):
    """What became of a save. `revision` is that of the stored draft, 0 for none. If `is_saved` is
    False another page has saved another text meanwhile, which stays."""

    is_saved: bool
    revision: int


def own_drafts(actor: Actor, ticket_id: int) -> list[Saved]:
    """Returns the actor's own drafts for a ticket: at an open desk those of its agent.

    Raises TicketNotFoundError.
    """
    require(actor, Verb.REPLY)
    with read_transaction(QUICK) as session:
        existing(find_ticket(session, ticket_id, scope_of(actor)), ticket_id)
        if (person_id := own_number(session, actor)) is None:
            return []
        found = queries.of_ticket(session, person_id, ticket_id)
        notes = may(actor, Verb.USE_NOTES)
        return [saved(each) for each in found if notes or each.kind != MessageKind.NOTE]


def drafted_tickets(actor: Actor) -> list[int]:
    """Returns the tickets for which the actor has drafts, DRAFTS_MAX at most."""
    require(actor, Verb.REPLY)
    with read_transaction(QUICK) as session:
        if (person_id := own_number(session, actor)) is None:
            return []
        return list(queries.tickets_of(session, person_id, limit=DRAFTS_MAX))


def save_draft(actor: Actor, ticket_id: int, new: DraftWrite) -> Outcome:
    """Saves the text of a field; an empty one removes the draft.

    It replaces what the same page saved, and what the text is based on, but nothing else. What was
    sent with its key meanwhile is no draft any more, and what was erased does not come back.

    Raises TicketNotFoundError for a new draft, TooManyDraftsError, and SignInRequiredError for
    someone who is no person of the desk.
    """
    require(actor, Verb.REPLY)
    if new.kind is MessageKind.NOTE:
        require(actor, Verb.USE_NOTES)
    with write_transaction(QUICK) as session:
        if (person_id := own_number_made(session, actor)) is None:
            raise SignInRequiredError
        place = Place(person_id, ticket_id, new.kind)
        if not new.body.strip():
            outcome, is_new = _remove(session, place, new)
        elif (revision := _overwrite(session, actor, place, new)) is not None:
            outcome, is_new = Outcome(True, revision), False
        else:
            outcome, is_new = _add(session, actor, place, new)
    if outcome.is_saved:
        tell(actor, ticket_id, comes_or_goes=is_new, writer=new.writer)
    return outcome


def expire_drafts(actor: Actor) -> bool:
    """Deletes up to EXPIRED_AT_ONCE drafts that nobody has changed for as long as KEPT; returns
    True if more may exist."""
    require(actor, Verb.OPERATE)
    with write_transaction(QUICK) as session:
        removed = queries.remove_old(session, actor.at - KEPT, limit=EXPIRED_AT_ONCE)
    return removed == EXPIRED_AT_ONCE


def tell(actor: Actor, ticket_id: int, *, comes_or_goes: bool, writer: str = "") -> None:
    """Tells the author's own pages of a draft, after the commit, but the `writer` itself."""
    bus.publish_draft(Drafted(actor.identity.person_id, ticket_id, comes_or_goes, writer))


def saved(row: Draft) -> Saved:
    """Returns what a page learns of a stored draft."""
    return Saved(MessageKind(row.kind), row.body, row.key, row.writer, row.revision)


def draft_row(actor: Actor, place: Place, new: DraftWrite) -> Draft:
    """Returns the row of a new draft, which is not stored yet."""
    text = new.model_dump(include={"body", "key", "writer"})
    revision = queries.first_revision(actor.at)
    return Draft(**place._asdict(), **text, revision=revision, updated_at=actor.at)


def _is_erased(session: Session, place: Place, new: DraftWrite) -> bool:
    """Returns True if the draft on which a text is based may have gone with the data of a person,
    which the text may quote."""
    at = erased_at(session, place.ticket_id) if new.revision else None
    return at is not None and (new.revision or 0) <= queries.first_revision(at)


def _overwrite(session: Session, actor: Actor, place: Place, new: DraftWrite) -> int | None:
    if new.revision is None:
        return None
    return queries.overwrite(session, place, draft_row(actor, place, new), new.revision)


def _remove(session: Session, place: Place, new: DraftWrite) -> tuple[Outcome, bool]:
    if new.revision is not None:
        gone = queries.remove(session, place, writer=new.writer, known=new.revision)
        if gone:
            return Outcome(True, 0), True
    left = queries.find(session, place)
    return (Outcome(True, 0) if left is None else Outcome(False, left.revision)), False


def _add(session: Session, actor: Actor, place: Place, new: DraftWrite) -> tuple[Outcome, bool]:
    if (other := queries.find(session, place)) is not None:
        return Outcome(other.body == new.body, other.revision), False
    existing(find_ticket(session, place.ticket_id, scope_of(actor)), place.ticket_id)
    sent = sent_with_key(session, actor, place.ticket_id, new.key)
    if sent is not None and sent.startswith(new.body):
        return Outcome(True, 0), False  # the last keys of a message, which come late
    if _is_erased(session, place, new):
        return Outcome(False, 0), False
    if queries.count_of(session, place.person_id, limit=DRAFTS_MAX) >= DRAFTS_MAX:
        raise TooManyDraftsError(DRAFTS_MAX)
    key = new.key if sent is None else new_token()
    row = draft_row(actor, place, new.model_copy(update={"key": key}))
    if queries.add(session, row):
        return Outcome(True, row.revision), True
    other = queries.find(session, place)  # another page was first
    return Outcome(False, 0 if other is None else other.revision), False
