"""The tickets of a requester by the e-mail address in them, and their links to people.

Lists and counts ignore case; the index of migration 0010 has the order of a page. A link is no
change of the ticket: its version, its time of change and its history stay.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Row, exists, select, text
from sqlmodel import Session, col

from ticket_app.data.direct import DriverConnection
from ticket_app.data.engine import Dialect
from ticket_app.data.people.scope import Scope
from ticket_app.data.people.tables import Person
from ticket_app.data.plain_sql import placeholder
from ticket_app.data.tickets.columns import public_json
from ticket_app.data.tickets.list_queries import SCANNED
from ticket_app.data.tickets.list_sql import NEWEST_FIRST, all_of
from ticket_app.data.tickets.predicates import (
    active_fields,
    conditions,
    in_scope,
    parameters,
    present,
    scope_values,
    visible,
)
from ticket_app.data.tickets.sorting.orders import BY_FILING, order_of
from ticket_app.data.tickets.sorting.reading import Found, Listed, keyset_values
from ticket_app.data.tickets.tables import UNLINKED, Ticket
from ticket_app.schemas.paging import Place
from ticket_app.schemas.tickets import TicketFilter
from ticket_app.vocabulary import Sort

GIVEN = {
    "postgresql": "json_to_recordset(CAST(:links AS json)) AS given (id bigint, person bigint)",
    "sqlite": "(SELECT json_extract(value, '$.id') AS id, json_extract(value, '$.person') AS person"
    " FROM json_each(:links)) AS given",
}


def tickets_of(
    connection: DriverConnection,
    address: str,
    wanted: TicketFilter,
    scope: Scope,
    *,
    sort: Sort,
    limit: int,
    after: Place | None,
) -> Found:
    """Return at most `limit` tickets of this requester in this order, behind the cursor `after`.

    Newest and oldest are exact. The other sorts are orders of the newest SCANNED.
    """
    asked = active_fields(wanted), scope.restriction
    statement = _page(connection.dialect, *asked, sort, after is not None)
    values = _values(connection, address, wanted, scope)
    values |= keyset_values(after) | {"limit": limit, "scanned": SCANNED}
    rows = connection.rows(statement, values)
    listed = [*map(Listed._make, rows)]
    if sort in BY_FILING:
        return Found(listed)
    every = count_of(connection, address, TicketFilter(), scope, at_most=SCANNED + 1)
    return Found(listed, stopped_after=SCANNED if every > SCANNED else None)


def count_of(
    connection: DriverConnection, address: str, wanted: TicketFilter, scope: Scope, *, at_most: int
) -> int:
    """Return the number of tickets of this requester; counting stops at `at_most`."""
    statement = _count(connection.dialect, active_fields(wanted), scope.restriction)
    ((found,),) = connection.rows(
        statement, _values(connection, address, wanted, scope) | {"limit": at_most}
    )
    return int(found)


def with_tickets(session: Session, person_ids: Collection[int], scope: Scope) -> set[int]:
    """Return those of the people who are the requester of a ticket in the scope."""
    has_ticket = exists().where(
        col(Ticket.requester_id) == col(Person.id), present(), *in_scope(scope)
    )
    asked = select(col(Person.id)).where(col(Person.id).in_(person_ids), has_ticket)
    return {person_id for person_id in session.execute(asked).scalars() if person_id}


def lock_unlinked(
    session: Session, after: int, *, limit: int
) -> Sequence[Row[int, str | None, str | None]]:
    """Lock the first tickets with an id above `after` that have an address and no person.

    Return their ids, names and addresses, by id; deleted tickets count. Tickets that another
    transaction has locked are skipped (SQLite has one writer and ignores the clause).
    """
    return session.execute(
        select(col(Ticket.id), col(Ticket.requester_name), col(Ticket.requester_email))
        .where(UNLINKED, col(Ticket.id) > after)
        .order_by(col(Ticket.id))
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    ).all()


def link_tickets(session: Session, person_of: Mapping[int, int]) -> None:
    """Set the person of each of these tickets, all by their ids, in one statement."""
    given = GIVEN[session.get_bind().dialect.name]
    links = [{"id": ticket_id, "person": person} for ticket_id, person in person_of.items()]
    session.execute(
        text(
            f"UPDATE ticket SET requester_id = given.person FROM {given} WHERE ticket.id = given.id"
        ),
        {"links": to_json(links).decode()},
    )


@cache
def _page(
    dialect: Dialect,
    fields: tuple[str, ...],
    restriction: tuple[str, ...],
    sort: Sort,
    after_cursor: bool,
) -> str:
    order, source = order_of(sort, dialect), "ticket"
    wanted = [_of_requester(restriction, dialect)]
    if sort not in BY_FILING:
        newest = f"{NEWEST_FIRST} LIMIT {placeholder('scanned', dialect)}"
        source = f"(SELECT * FROM ticket WHERE {wanted.pop()} {newest}) AS ticket"
    wanted += conditions(fields, dialect)
    if after_cursor:
        wanted.append(order.behind(dialect))
    return (
        f"SELECT id, {order.key} AS place, {public_json(dialect, restriction)} AS json "
        f"FROM {source} WHERE {all_of(*wanted)} {order.clause()} "
        f"LIMIT {placeholder('limit', dialect)}"
    )


@cache
def _count(dialect: Dialect, fields: tuple[str, ...], restriction: tuple[str, ...]) -> str:
    wanted = all_of(_of_requester(restriction, dialect), *conditions(fields, dialect))
    some = f"SELECT 1 FROM ticket WHERE {wanted} LIMIT {placeholder('limit', dialect)}"
    return f"SELECT count(*) FROM ({some}) AS counted"


def _of_requester(restriction: tuple[str, ...], dialect: Dialect) -> str:
    # The exact conditions of the index: SQLite uses a partial index only for a query with them.
    same = f"lower(requester_email) = lower({placeholder('address', dialect)})"
    return all_of(visible(restriction, dialect), "requester_email IS NOT NULL", same)


def _values(
    connection: DriverConnection, address: str, wanted: TicketFilter, scope: Scope
) -> dict[str, Any]:
    return {"address": address} | parameters(wanted, connection.dialect) | scope_values(scope)
