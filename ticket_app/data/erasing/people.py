"""The person of a requester whose data is erased, and what they said on the tickets of others."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Row, Table, delete, exists, or_, select, update
from sqlmodel import Session, SQLModel, col

from ticket_app.data.conversation.attachments.tables import Attachment
from ticket_app.data.conversation.tables import OF_REQUESTERS, Draft, Message
from ticket_app.data.people.tables import Person
from ticket_app.data.tickets.tables import Ticket
from ticket_app.data.triage.drafted import erase_drafts_of
from ticket_app.vocabulary import ERASED


def find_people(
    session: Session, person_ids: Collection[int], addresses: Collection[str]
) -> Sequence[Person]:
    """Return the people with these ids or these folded addresses, by id."""
    wanted = col(Person.id).in_(person_ids) | col(Person.email).in_(addresses)
    return session.scalars(select(Person).where(wanted).order_by(col(Person.id))).all()


def owned_tables() -> list[Table]:
    """Return the tables whose rows belong to a person: passwords, sessions, links, tokens.

    A row that is about a person, as of the audit, may have none. It keeps the number.
    """
    return [
        table
        for table in SQLModel.metadata.sorted_tables
        if (column := table.columns.get("person_id")) is not None
        and not column.nullable
        and any(key.column.table.name == Person.__tablename__ for key in column.foreign_keys)
    ]


def remove_owned(session: Session, person_id: int) -> None:
    """Delete every row that belongs to the person, and the files that they have not sent."""
    unsent = col(Attachment.message_id).is_(None), col(Attachment.uploader_id) == person_id
    session.execute(delete(Attachment).where(*unsent))
    for table in reversed(owned_tables()):
        session.execute(delete(table).where(table.columns["person_id"] == person_id))


def erase_messages(
    session: Session, person_ids: Collection[int], *, limit: int
) -> Sequence[Row[int, int, datetime]]:
    """Erase at most `limit` messages that these people wrote as requesters, on any ticket, with
    their files, and what may quote them and is not sent.

    Return id, version and time of change of the tickets.
    """
    whose = col(Message.author_id).in_(person_ids)
    asked = select(col(Message.id), col(Message.ticket_id)).where(OF_REQUESTERS, whose)
    is_left = or_(
        col(Message.body) != ERASED, exists().where(col(Attachment.message_id) == col(Message.id))
    )
    some = asked.where(is_left).order_by(col(Message.id)).limit(limit)
    found = session.execute(some.with_for_update()).all()
    if not found:
        return []
    ids = [message_id for message_id, _ in found]
    session.execute(update(Message).where(col(Message.id).in_(ids)).values(body=ERASED))
    session.execute(delete(Attachment).where(col(Attachment.message_id).in_(ids)))
    tickets = select(col(Ticket.id), col(Ticket.version), col(Ticket.updated_at))
    spoken_on = {ticket_id for _, ticket_id in found}
    erase_drafts_of(session, spoken_on)  # they were made from these words
    session.execute(delete(Draft).where(col(Draft.ticket_id).in_(spoken_on)))
    return session.execute(
        tickets.where(col(Ticket.id).in_(spoken_on)).order_by(col(Ticket.id))
    ).all()
