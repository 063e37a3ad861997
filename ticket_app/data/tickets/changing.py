"""Changing a ticket's columns, provided that nobody has changed the ticket since it was read."""

import json
from functools import cache

from ticket_app.data.direct import Direct
from ticket_app.data.engine import Dialect
from ticket_app.data.plain_sql import Row, given
from ticket_app.data.tickets.columns import EVENT, public_json, typed
from ticket_app.data.tickets.predicates import PRESENT
from ticket_app.schemas.tickets import TicketPublic


def current_ticket(ask: Direct, ticket_id: int) -> TicketPublic | None:
    """The ticket, unless it was deleted."""
    return _read(ask.rows(_find(ask.dialect), {"id": ticket_id}))


def change_ticket(
    tell: Direct, ticket: TicketPublic, columns: Row, events: list[Row]
) -> TicketPublic | None:
    """Write these columns, told of by these rows of EVENT; the ticket as it is then.

    None, with nothing written, if the ticket is not what it was when it was read.
    """
    values = columns | {"of_id": ticket.id, "of_version": ticket.version}
    if tell.dialect == "postgresql":
        values["events"] = json.dumps(events)
        return _read(tell.write(_change_and_tell(tuple(columns)), values))
    changed = _read(tell.write(_change(tuple(columns), tell.dialect), values))
    if changed is not None:
        of_change = {"ticket_id": changed.id, "ticket_version": changed.version,
                     "created_at": changed.updated_at}  # fmt: skip
        for event in events:
            tell.insert("ticket_event", (*of_change, *EVENT), of_change | event)
    return changed


@cache
def _find(dialect: Dialect) -> str:
    wanted = f"id = {given('id', dialect)} AND {PRESENT}"
    return f"SELECT {public_json(dialect)} FROM ticket WHERE {wanted}"


@cache
def _change(columns: tuple[str, ...], dialect: Dialect, *, returning: str = "") -> str:
    values = ", ".join(f"{column} = {given(column, dialect)}" for column in columns)
    same = f"id = {given('of_id', dialect)} AND version = {given('of_version', dialect)}"
    return (
        f"UPDATE ticket SET {values} WHERE {same} AND {PRESENT} "
        f"RETURNING {returning}{public_json(dialect)} AS json"
    )


@cache
def _change_and_tell(columns: tuple[str, ...]) -> str:
    return f"""
WITH changed AS (
  {_change(columns, "postgresql", returning="id, version, updated_at, ")}
), told AS (
  INSERT INTO ticket_event (ticket_id, ticket_version, created_at, {", ".join(EVENT)})
  SELECT id, version, updated_at, each.* FROM changed, json_to_recordset(%(events)s)
    AS each ({typed(EVENT)})
)
SELECT json FROM changed
"""


def _read(rows: list[tuple[str]]) -> TicketPublic | None:
    return TicketPublic.model_validate_json(rows[0][0]) if rows else None
