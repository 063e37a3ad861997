"""Named queries of the people copied on a ticket. Of whom a person sees the tickets is a scope:
data/tickets/predicates.py."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, delete, func, select
from sqlmodel import Session, col

from ticket_app.data.conversation.tables import TicketParticipant
from ticket_app.data.people.tables import Person

Copied = tuple[Person, datetime]
"""A person copied on a ticket, and since when."""

_ticket, _person = col(TicketParticipant.ticket_id), col(TicketParticipant.person_id)


def participants_of(session: Session, ticket_id: int, *, limit: int) -> Sequence[Copied]:
    """Return at most `limit` people copied on a ticket, in the order in which they were added."""
    asked = _copied().where(_ticket == ticket_id)
    in_order = asked.order_by(col(TicketParticipant.added_at), _person)
    return [(person, added_at) for person, added_at in session.execute(in_order.limit(limit))]


def find_participant(session: Session, ticket_id: int, person_id: int) -> Copied | None:
    """Return a person copied on the ticket; None if they are not."""
    asked = _copied().where(_ticket == ticket_id, _person == person_id)
    found = session.execute(asked).one_or_none()
    return None if found is None else (found[0], found[1])


def count_participants(session: Session, ticket_id: int) -> int:
    """Return the number of people copied on a ticket."""
    asked = select(func.count()).select_from(TicketParticipant).where(_ticket == ticket_id)
    return session.scalar(asked) or 0


def remove_participant(session: Session, ticket_id: int, person_id: int) -> bool:
    """Delete the person from the ticket; return False if they were not copied on it."""
    gone = delete(TicketParticipant).where(_ticket == ticket_id, _person == person_id)
    return bool(session.execute(gone).rowcount)  # type: ignore[attr-defined]


def _copied() -> Select[Person, datetime]:
    asked = select(Person, col(TicketParticipant.added_at))
    return asked.join(TicketParticipant, _person == col(Person.id))
