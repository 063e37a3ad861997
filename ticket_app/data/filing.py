"""Filing a ticket: its row, the first line of its history, what was proposed, and whether it waits.

All of it in one transaction, and on PostgreSQL in one statement.
"""

import json

from ticket_app.data.direct import Direct, telling
from ticket_app.data.plain_sql import Row
from ticket_app.data.types import phrases_as_text
from ticket_app.schemas import TicketPublic
from ticket_app.vocabulary import Edge, EventKind, TriageScope

TICKET = tuple(name for name in TicketPublic.model_fields if name != "id")
EVENT = ("ticket_version", "kind", "edge", "created_at")
SUGGESTION = {
    "field": "text", "value": "text", "confidence": "real", "engine": "text", "model": "text",
    "prompt_version": "text", "latency_ms": "real", "evidence": "text",
}  # fmt: skip
JOB = ("scope", "due_at", "created_at")


def file_ticket(ticket: Row, proposed: list[Row], edge: Edge, *, waits: bool) -> int:
    """Store it all, durably; returns the ticket's id.

    `ticket` has the fields of a TicketPublic but the id, and a row of `proposed` those of
    SUGGESTION, the evidence as a tuple. One that `waits` is to be seen by a provider.
    """
    proposed = [row | {"evidence": phrases_as_text(row["evidence"])} for row in proposed]
    with telling() as tell:
        if tell.dialect == "sqlite":
            return _in_several_statements(tell, ticket, proposed, edge, waits=waits)
        values = ticket | {"proposed": json.dumps(proposed), "edge": edge, "waits": waits}
        ((ticket_id,),) = tell.rows(_AT_ONCE, values)
        return int(ticket_id)


_AT_ONCE = f"""
WITH filed AS (
  INSERT INTO ticket ({", ".join(TICKET)})
  VALUES ({", ".join(f"%({name})s" for name in TICKET)}) RETURNING id
), told AS (
  INSERT INTO ticket_event (ticket_id, {", ".join(EVENT)})
  SELECT id, 1, '{EventKind.CREATED}', %(edge)s, %(created_at)s FROM filed
), proposed AS (
  INSERT INTO suggestion (ticket_id, created_at, {", ".join(SUGGESTION)})
  SELECT filed.id, %(created_at)s, each.* FROM filed, json_to_recordset(%(proposed)s)
    AS each ({", ".join(f"{name} {kind}" for name, kind in SUGGESTION.items())})
), waiting AS (
  INSERT INTO triage_job (ticket_id, {", ".join(JOB)})
  SELECT id, '{TriageScope.ALL}', %(created_at)s, %(created_at)s FROM filed WHERE %(waits)s
)
SELECT id FROM filed
"""


def _in_several_statements(
    tell: Direct, ticket: Row, proposed: list[Row], edge: Edge, *, waits: bool
) -> int:
    now = ticket["created_at"]
    ticket_id = tell.insert("ticket", TICKET, ticket)
    of_ticket = {"ticket_id": ticket_id, "created_at": now}
    event = of_ticket | {"ticket_version": 1, "kind": EventKind.CREATED, "edge": edge}
    tell.insert("ticket_event", ("ticket_id", *EVENT), event)
    for row in proposed:
        tell.insert("suggestion", ("ticket_id", "created_at", *SUGGESTION), of_ticket | row)
    if waits:
        job = of_ticket | {"scope": TriageScope.ALL, "due_at": now}
        tell.insert("triage_job", ("ticket_id", *JOB), job)
    return ticket_id
