"""Requesters become people by their e-mail address. A later ticket never changes a person's name.

Writers of PostgreSQL insert people in the order of their addresses, so that none deadlock.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col

from ticket_app.addresses import folded
from ticket_app.data.direct import DriverConnection
from ticket_app.data.people.tables import Person
from ticket_app.texts import has_visible_character
from ticket_app.vocabulary import REQUESTER_NAME_MAX

UNNAMED = "Unnamed"
"""The name of a requester of whom neither a name nor a readable address is known."""
INSERTS: dict[str, Callable[[type[SQLModel]], sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


class Requester(NamedTuple):
    """A person as a ticket names them: the folded address, and the name for a person not known."""

    email: str
    name: str


def requester_of(name: str | None, address: str | None) -> Requester | None:
    """Return the requester of a ticket with this name and address; None without an address."""
    if address is None:
        return None
    return Requester(folded(address), name or _name_in(address))


def _name_in(address: str) -> str:
    local = "".join(filter(str.isprintable, address.rpartition("@")[0]))[:REQUESTER_NAME_MAX]
    return local if has_visible_character(local) else UNNAMED


def person_id_on_sqlite(
    connection: DriverConnection, requester: Requester | None, now: datetime
) -> int | None:
    """Return the id of the requester's person, who is inserted if not known. None for None."""
    if requester is None:
        return None
    known = "SELECT id FROM person WHERE email = :email"
    for (person_id,) in connection.rows(known, {"email": requester.email}):
        return int(person_id)
    person = {**requester._asdict(), "created_at": now, "updated_at": now}
    return connection.insert("person", tuple(person), person)


def person_ids(
    session: Session, requesters: Collection[Requester], now: datetime
) -> dict[str, int]:
    """Return the id of each requester's person by address; those not known are inserted.

    Waits for a transaction that inserts the same person. Of several names the first one counts.
    """
    names = dict(reversed(list(requesters)))
    found = _known_ids(session, names)
    missing = sorted(names.keys() - found.keys())
    if missing:
        rows = [
            {"email": email, "name": names[email], "created_at": now, "updated_at": now}
            for email in missing
        ]
        insert = INSERTS[session.get_bind().dialect.name](Person)
        session.execute(insert.on_conflict_do_nothing(index_elements=["email"]), rows)
        found |= _known_ids(session, missing)
    return found


def _known_ids(session: Session, addresses: Collection[str]) -> dict[str, int]:
    asked = select(col(Person.email), col(Person.id)).where(col(Person.email).in_(addresses))
    return {email: person_id for email, person_id in session.execute(asked) if email and person_id}
