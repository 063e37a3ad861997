"""The record of what happened to tickets. No other module writes `ticket_event`.

An event is written in the transaction of its change. There is a form for each way to the database:
parts of PostgreSQL's single statements, an insert for SQLite, and rows for a session.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.data.direct import DriverConnection
from ticket_app.data.plain_sql import Row
from ticket_app.data.tickets.columns import typed, types_of
from ticket_app.data.tickets.tables import Ticket, TicketEvent
from ticket_app.schemas.assignees import PARTICIPANT
from ticket_app.schemas.tickets import TicketPublic
from ticket_app.vocabulary import SCORES, Edge, EventKind, Who

ACTOR = types_of(TicketEvent, ("edge", "actor", "actor_id"))
EVENT = types_of(TicketEvent, ("kind", *ACTOR, "field", "old_value", "new_value"))
"""The columns that a row of events gives. The others are those of the ticket's change."""
OF_TICKET = ("ticket_id", "ticket_version", "created_at")

_NO_FIELD: Row = {"field": None, "old_value": None, "new_value": None}

INSERT_FILED = f"""
  INSERT INTO ticket_event ({", ".join(OF_TICKET)}, kind, {", ".join(ACTOR)})
  SELECT id, 1, created_at, '{EventKind.CREATED}', {", ".join(ACTOR)} FROM given"""
"""For PostgreSQL: one event for each row of `given`, which has the columns of ACTOR."""

INSERT_CHANGED = f"""
  INSERT INTO ticket_event ({", ".join(OF_TICKET)}, {", ".join(EVENT)})
  SELECT id, version, updated_at, each.* FROM changed, json_to_recordset(changed.events)
    AS each ({typed(EVENT)})"""
"""For PostgreSQL: for each row of `changed`, the rows of EVENT in its JSON array `events`."""


def event_row(kind: EventKind, actor: Actor) -> Row:
    """Returns the event of a ticket that was created, deleted or restored."""
    return _NO_FIELD | {
        "kind": kind,
        "edge": actor.edge,
        "actor": actor.who,
        "actor_id": actor.identity.person_id,
    }


def message_row(kind: EventKind, actor: Actor, message_id: int | None) -> Row:
    """Returns the event of a reply or a note, with the number of the message as the new value."""
    return event_row(kind, actor) | {"new_value": str(message_id)}


def participant_row(actor: Actor, *, added: int | None, removed: int | None) -> Row:
    """Returns the event of a person who is copied on a ticket, or taken off it."""
    numbers = {"old_value": _as_text(removed), "new_value": _as_text(added)}
    return event_row(EventKind.CHANGED, actor) | {"field": PARTICIPANT} | numbers


def change_rows(ticket: Ticket | TicketPublic, changes: dict[str, Any], actor: Actor) -> list[Row]:
    """Returns an event for each changed field. `ticket` still has the old values."""
    return [
        {
            "kind": EventKind.CHANGED,
            # An engine sets the scores, whoever has changed the text.
            "edge": Edge.TRIAGE if field in SCORES else actor.edge,
            "actor": Who.TRIAGE if field in SCORES else actor.who,
            "actor_id": None if field in SCORES else actor.identity.person_id,
            "field": field,
            "old_value": _as_text(getattr(ticket, field)),
            "new_value": _as_text(value),
        }
        for field, value in changes.items()
    ]


def insert_events(
    connection: DriverConnection, events: Iterable[Row], ticket_id: int, version: int, at: datetime
) -> None:
    """Writes rows of EVENT on SQLite, one statement for each."""
    of_ticket = dict(zip(OF_TICKET, (ticket_id, version, at), strict=True))
    for event in events:
        connection.insert("ticket_event", (*OF_TICKET, *EVENT), of_ticket | event)


def add_events(
    session: Session, events: Iterable[Row], ticket_id: int, version: int, at: datetime
) -> None:
    """Adds rows of EVENT to the session."""
    session.add_all(
        TicketEvent(ticket_id=ticket_id, ticket_version=version, created_at=at, **event)
        for event in events
    )


def _as_text(value: Any) -> str | None:
    return None if value is None else str(value)
