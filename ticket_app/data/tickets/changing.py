"""Changes of a ticket's columns with an optimistic lock on its version."""

import json
from functools import cache

from ticket_app.data.direct import DriverConnection
from ticket_app.data.engine import Dialect
from ticket_app.data.people.scope import Scope
from ticket_app.data.plain_sql import Row, placeholder
from ticket_app.data.tickets.columns import public_json
from ticket_app.data.tickets.events import INSERT_CHANGED, insert_events
from ticket_app.data.tickets.predicates import PRESENT, scope_values, visible
from ticket_app.schemas.tickets import TicketForRequester, TicketPublic


def current_ticket(
    connection: DriverConnection, ticket_id: int, scope: Scope
) -> TicketPublic | None:
    """Return the ticket, or None if it is not in the scope, does not exist or was deleted."""
    statement = _find(connection.dialect, scope.restriction)
    rows = connection.rows(statement, {"id": ticket_id} | scope_values(scope))
    return _read(rows, TicketForRequester if scope.restriction else TicketPublic)


def change_ticket(
    connection: DriverConnection, ticket: TicketPublic, columns: Row, events: list[Row]
) -> TicketPublic | None:
    """Write these columns and these rows of EVENT; return the changed ticket.

    None, with nothing written, if the ticket's version has changed since it was read.
    """
    values = columns | {"of_id": ticket.id, "of_version": ticket.version}
    if connection.dialect == "postgresql":
        values["events"] = json.dumps(events)
        return _read(connection.write(_change_with_events(tuple(columns)), values))
    changed = _read(connection.write(_change(tuple(columns), connection.dialect), values))
    if changed is not None:
        insert_events(connection, events, changed.id, changed.version, changed.updated_at)
    return changed


@cache
def _find(dialect: Dialect, restriction: tuple[str, ...]) -> str:
    wanted = f"id = {placeholder('id', dialect)} AND {visible(restriction, dialect)}"
    return f"SELECT {public_json(dialect, restriction)} FROM ticket WHERE {wanted}"


@cache
def _change(columns: tuple[str, ...], dialect: Dialect, *, returning: str = "") -> str:
    values = ", ".join(f"{column} = {placeholder(column, dialect)}" for column in columns)
    same = (
        f"id = {placeholder('of_id', dialect)} AND version = {placeholder('of_version', dialect)}"
    )
    return (
        f"UPDATE ticket SET {values} WHERE {same} AND {PRESENT} "
        f"RETURNING {returning}{public_json(dialect)} AS json"
    )


@cache
def _change_with_events(columns: tuple[str, ...]) -> str:
    return f"""
WITH changed AS (
  {_change(columns, "postgresql", returning="id, version, updated_at, ")}
), event AS ({INSERT_CHANGED}
)
SELECT json FROM changed
"""


def _read(rows: list[tuple[str]], seen: type[TicketPublic] = TicketPublic) -> TicketPublic | None:
    return seen.model_validate_json(rows[0][0]) if rows else None
