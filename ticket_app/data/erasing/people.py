"""The person of a requester whose data is erased."""

from collections.abc import Collection, Sequence

from sqlalchemy import Table, delete, select
from sqlmodel import Session, SQLModel, col

from ticket_app.data.people.tables import Person


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
    """Delete every row that belongs to the person."""
    for table in reversed(owned_tables()):
        session.execute(delete(table).where(table.columns["person_id"] == person_id))
