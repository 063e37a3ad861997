"""Changes of a ticket's columns with an optimistic lock on its version."""

from collections.abc import Collection, Sequence
from functools import cache
from typing import NamedTuple

from pydantic_core import to_json

from ticket_app.data.direct import DriverConnection
from ticket_app.data.engine import Dialect
from ticket_app.data.people.scope import Scope
from ticket_app.data.plain_sql import Row, placeholder
from ticket_app.data.tickets.columns import public_json, table_of, typed, types_of
from ticket_app.data.tickets.events import INSERT_CHANGED, insert_events
from ticket_app.data.tickets.predicates import PRESENT, scope_values, visible
from ticket_app.data.tickets.tables import Ticket
from ticket_app.schemas.tickets import TicketForRequester, TicketPublic

CHANGED_AT_ONCE = types_of(
    Ticket,
    (
        *("category", "priority", "status", "requester_name", "resolved_at", "waiting_since"),
        *("category_by", "priority_by", "version", "updated_at"),
    ),
)
"""The columns that `change_tickets` can write. None is a part of the text or of an assignment."""
_NULLABLE = [name for name in CHANGED_AT_ONCE if table_of(Ticket).columns[name].nullable]


class TicketChange(NamedTuple):
    """A change of the ticket as it was read: the columns, and the rows of EVENT."""

    ticket: TicketPublic
    columns: Row
    events: list[Row]


def current_ticket(
    connection: DriverConnection, ticket_id: int, scope: Scope
) -> TicketPublic | None:
    """Return the ticket, or None if it is not in the scope, does not exist or was deleted."""
    statement = _find(connection.dialect, scope.restriction)
    rows = connection.rows(statement, {"id": ticket_id} | scope_values(scope))
    return _read(rows, TicketForRequester if scope.restriction else TicketPublic)


def current_tickets(connection: DriverConnection, ids: Collection[int]) -> dict[int, TicketPublic]:
    """Return the existing ones of these tickets by id, for somebody who sees every ticket."""
    if connection.dialect == "sqlite":
        found = (connection.rows(_find("sqlite", ()), {"id": ticket_id}) for ticket_id in ids)
        read = [ticket for rows in found if (ticket := _read(rows))]
    else:
        rows = connection.rows(_FIND_ALL, {"ids": list(ids)})
        read = [TicketPublic.model_validate_json(json) for (json,) in rows]
    return {ticket.id: ticket for ticket in read}


def change_tickets(
    connection: DriverConnection, changes: Sequence[TicketChange]
) -> dict[int, TicketPublic]:
    """Write changes of different tickets, all or none; return the changed tickets by id.

    A ticket whose version has changed since it was read stays as it is, and so does one whose row
    another transaction has locked: a batch waits for no lock of a ticket, so that no two deadlock.
    """
    if connection.dialect == "sqlite":
        written = [ticket for each in changes if (ticket := _change_on_sqlite(connection, each))]
    else:
        rows = connection.write(_change_all(), {"changes": to_json(_rows(changes)).decode()})
        written = [TicketPublic.model_validate_json(json) for (json,) in rows]
    return {ticket.id: ticket for ticket in written}


def change_ticket(connection: DriverConnection, change: TicketChange) -> TicketPublic | None:
    """Write one change as `change_tickets` does; return the changed ticket."""
    return change_tickets(connection, [change]).get(change.ticket.id)


def _change_on_sqlite(connection: DriverConnection, change: TicketChange) -> TicketPublic | None:
    ticket, columns, events = change
    values = columns | {"of_id": ticket.id, "of_version": ticket.version}
    changed = _read(connection.write(_change(tuple(columns)), values))
    if changed is not None:
        insert_events(connection, events, changed.id, changed.version, changed.updated_at)
    return changed


def _rows(changes: Sequence[TicketChange]) -> list[Row]:
    """Return the rows of `given`. Beside a column that can be null is whether it changes."""
    return [
        {
            "of_id": ticket.id,
            "of_version": ticket.version,
            **{f"new_{name}": value for name, value in columns.items()},
            **{f"sets_{name}": True for name in _NULLABLE if name in columns},
            "events": events,
        }
        for ticket, columns, events in changes
    ]


_FIND_ALL = f"""
SELECT {public_json("postgresql")} FROM ticket WHERE id = ANY(%(ids)s) AND {PRESENT}"""


@cache
def _change_all() -> str:
    given = {f"new_{name}": kind for name, kind in CHANGED_AT_ONCE.items()}
    given |= {f"sets_{name}": "boolean" for name in _NULLABLE}
    values = ", ".join(
        f"{name} = CASE WHEN sets_{name} THEN new_{name} ELSE {name} END"
        if name in _NULLABLE
        else f"{name} = coalesce(new_{name}, {name})"
        for name in CHANGED_AT_ONCE
    )
    return f"""
WITH given AS MATERIALIZED (
  SELECT * FROM json_to_recordset(%(changes)s)
    AS each (of_id bigint, of_version integer, {typed(given)}, events json)
), free AS MATERIALIZED (
  SELECT id AS free_id FROM ticket JOIN given ON id = of_id
  WHERE version = of_version AND {PRESENT}
  FOR NO KEY UPDATE OF ticket SKIP LOCKED
), changed AS (
  UPDATE ticket SET {values} FROM given JOIN free ON of_id = free_id
  WHERE id = of_id AND version = of_version AND {PRESENT}
  RETURNING id, version, updated_at, events, {public_json("postgresql")} AS json
), event AS ({INSERT_CHANGED}
)
SELECT json FROM changed
"""


@cache
def _find(dialect: Dialect, restriction: tuple[str, ...]) -> str:
    wanted = f"id = {placeholder('id', dialect)} AND {visible(restriction, dialect)}"
    return f"SELECT {public_json(dialect, restriction)} FROM ticket WHERE {wanted}"


@cache
def _change(columns: tuple[str, ...]) -> str:
    values = ", ".join(f"{column} = {placeholder(column, 'sqlite')}" for column in columns)
    same = (
        f"id = {placeholder('of_id', 'sqlite')} AND version = {placeholder('of_version', 'sqlite')}"
    )
    return (
        f"UPDATE ticket SET {values} WHERE {same} AND {PRESENT} RETURNING {public_json('sqlite')}"
    )


def _read(rows: list[tuple[str]], seen: type[TicketPublic] = TicketPublic) -> TicketPublic | None:
    return seen.model_validate_json(rows[0][0]) if rows else None
