"""Filing tickets: their rows, the first line of each history, what was proposed, and who waits.

All of it in one transaction, and on PostgreSQL in one statement.
"""

from collections.abc import Sequence
from typing import NamedTuple

from pydantic_core import to_json

from ticket_app.data.direct import Direct, telling
from ticket_app.data.plain_sql import TIMES, Row
from ticket_app.data.types import phrases_as_text
from ticket_app.schemas import TicketPublic
from ticket_app.vocabulary import Edge, EventKind, TriageScope

TICKET = {
    name: "timestamptz" if name in TIMES else "integer" if field.annotation is int else "text"
    for name, field in TicketPublic.model_fields.items()
    if name != "id"
}
EVENT = ("ticket_version", "kind", "edge")
# Evidence is a JSON array in JSON, whose own text PostgreSQL puts into a column of text.
SUGGESTION = {
    "field": "text", "value": "text", "confidence": "real", "engine": "text", "model": "text",
    "prompt_version": "text", "latency_ms": "real", "evidence": "text",
}  # fmt: skip
JOB = ("scope", "due_at")


class NewTicket(NamedTuple):
    """A ticket to be stored: the fields of a TicketPublic but the id, and what was proposed for it:
    rows of SUGGESTION, the evidence as a tuple. One that `waits` is to be seen by a provider."""

    ticket: Row
    proposed: list[Row]
    waits: bool


def file_tickets(new: Sequence[NewTicket], edge: Edge) -> list[int]:
    """Store them, durably, all or none; returns their ids in the same order."""
    with telling() as tell:
        if tell.dialect == "sqlite":
            return [_in_several_statements(tell, each, edge) for each in new]
        tickets = [each.ticket | {"proposed": each.proposed, "waits": each.waits} for each in new]
        values = {"tickets": to_json(tickets).decode(), "edge": edge}
        return [ticket_id for (ticket_id,) in tell.rows(_AT_ONCE, values)]


def _typed(columns: dict[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in columns.items())


_AT_ONCE = f"""
WITH given AS MATERIALIZED (
  SELECT nextval(pg_get_serial_sequence('ticket', 'id')) AS id, each.* FROM ROWS FROM (
    json_to_recordset(%(tickets)s) AS ({_typed(TICKET)}, waits boolean, proposed json)
  ) WITH ORDINALITY AS each
), filed AS (
  INSERT INTO ticket (id, {", ".join(TICKET)}) SELECT id, {", ".join(TICKET)} FROM given
), told AS (
  INSERT INTO ticket_event (ticket_id, created_at, {", ".join(EVENT)})
  SELECT id, created_at, 1, '{EventKind.CREATED}', %(edge)s FROM given
), proposed AS (
  INSERT INTO suggestion (ticket_id, created_at, {", ".join(SUGGESTION)})
  SELECT given.id, given.created_at, each.*
  FROM given, json_to_recordset(given.proposed) AS each ({_typed(SUGGESTION)})
), waiting AS (
  INSERT INTO triage_job (ticket_id, created_at, {", ".join(JOB)})
  SELECT id, created_at, '{TriageScope.ALL}', created_at FROM given WHERE waits
)
SELECT id FROM given ORDER BY ordinality
"""


def _in_several_statements(tell: Direct, new: NewTicket, edge: Edge) -> int:
    ticket_id = tell.insert("ticket", tuple(TICKET), new.ticket)
    of_ticket = {"ticket_id": ticket_id, "created_at": new.ticket["created_at"]}
    event = of_ticket | {"ticket_version": 1, "kind": EventKind.CREATED, "edge": edge}
    tell.insert("ticket_event", (*of_ticket, *EVENT), event)
    for proposed in new.proposed:
        row = of_ticket | proposed | {"evidence": phrases_as_text(proposed["evidence"])}
        tell.insert("suggestion", (*of_ticket, *SUGGESTION), row)
    if new.waits:
        job = of_ticket | {"scope": TriageScope.ALL, "due_at": new.ticket["created_at"]}
        tell.insert("triage_job", (*of_ticket, *JOB), job)
    return ticket_id
