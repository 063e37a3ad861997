"""Named queries of drafts; all have a bound. Each is about the drafts of one person alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    and_,
    delete,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, col

from ticket_app.data.conversation.tables import Draft
from ticket_app.data.tickets.predicates import present
from ticket_app.data.tickets.tables import Ticket
from ticket_app.vocabulary import MessageKind

_body, _writer, _revision = col(Draft.body), col(Draft.writer), col(Draft.revision)


class Place(NamedTuple):
    """Where a draft belongs: a person has one at most for each ticket and kind."""

    person_id: int
    ticket_id: int
    kind: MessageKind


def of_ticket(session: Session, person_id: int, ticket_id: int) -> Sequence[Draft]:
    """Return the drafts of a person for a ticket, one of each kind at most."""
    own = (col(Draft.person_id) == person_id, col(Draft.ticket_id) == ticket_id)
    return session.scalars(select(Draft).where(*own).limit(len(MessageKind))).all()


def find(session: Session, place: Place) -> Draft | None:
    """Return the draft of this place as it is in the database."""
    return session.scalar(select(Draft).where(_at(place)).execution_options(populate_existing=True))


def tickets_of(session: Session, person_id: int, *, limit: int) -> Sequence[int]:
    """Return the tickets for which a person has drafts, `limit` at most."""
    ticket_id = col(Draft.ticket_id)
    own = select(ticket_id).where(col(Draft.person_id) == person_id).distinct()
    return session.scalars(own.order_by(ticket_id).limit(limit)).all()


def count_of(session: Session, person_id: int, *, limit: int) -> int:
    """Return how many drafts a person has for tickets that are not deleted, `limit` at most."""
    own = select(col(Draft.kind)).join(Ticket, col(Ticket.id) == col(Draft.ticket_id))
    few = own.where(col(Draft.person_id) == person_id, present()).limit(limit)
    return session.scalar(select(func.count()).select_from(few.subquery())) or 0


def overwrite(session: Session, place: Place, new: Draft, known: int) -> int | None:
    """Replace a draft that the same page wrote, that has the revision `known`, or that says the
    same; return its new revision, or None if there is no such draft."""
    same = or_(_writer == new.writer, _revision == known, _body == new.body)
    changed = update(Draft).where(_at(place), same).values(
        body=new.body,
        key=new.key,
        writer=new.writer,
        updated_at=new.updated_at,
        revision=_revision + 1,
    )  # fmt: skip
    return session.scalar(changed.returning(_revision), execution_options=_PLAIN)


def add(session: Session, new: Draft) -> bool:
    """Store a draft, unless its place has one; return True if it was stored."""
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    added = insert(Draft).values(**new.model_dump()).on_conflict_do_nothing()
    return session.scalar(added.returning(_revision)) is not None


def remove(session: Session, place: Place, *, writer: str, known: int, body: str = "") -> bool:
    """Delete a draft that this page wrote, that has the revision `known`, or that says the same;
    return True if there was one."""
    same = or_(_writer == writer, _revision == known, _body == body)
    gone = session.execute(delete(Draft).where(_at(place), same), execution_options=_PLAIN)
    return isinstance(gone, CursorResult) and gone.rowcount > 0


def remove_old(session: Session, before: datetime, *, limit: int) -> int:
    """Delete up to `limit` drafts that were last changed before then; return how many."""
    is_old = col(Draft.updated_at) < before
    place = (col(Draft.person_id), col(Draft.ticket_id), col(Draft.kind))
    some = select(*place).where(is_old).limit(limit)
    # A draft that is changed meanwhile stays.
    gone = session.execute(
        delete(Draft).where(tuple_(*place).in_(some), is_old), execution_options=_PLAIN
    )
    return gone.rowcount if isinstance(gone, CursorResult) else 0


def first_revision(now: datetime) -> int:
    """Return the revision of a new draft: no earlier draft of its place has reached it."""
    return round(now.timestamp() * 1_000)


_PLAIN = {"synchronize_session": False}


def _at(place: Place) -> ColumnElement[bool]:
    return and_(
        col(Draft.person_id) == place.person_id,
        col(Draft.ticket_id) == place.ticket_id,
        col(Draft.kind) == place.kind,
    )
