"""The statements that file tickets: PostgreSQL's single one, with and without idempotency keys."""

from ticket_app.data.engine import Dialect
from ticket_app.data.plain_sql import given
from ticket_app.data.tickets.columns import JOB, KEY, SUGGESTION, TICKET, Types, typed
from ticket_app.vocabulary import EventKind, TriageScope

CREATED = ("ticket_version", "kind", "edge")
"""The columns of the event that a ticket begins with, beside whose and when it is."""


def find_keys(dialect: Dialect) -> str:
    """What these keys have filed. PostgreSQL is asked for a list of `keys`, SQLite for one."""
    wanted = given("keys", dialect)
    those = f"= ANY({wanted})" if dialect == "postgresql" else f"= {wanted}"
    return f"SELECT key, fingerprint, ticket_id, ticket FROM idempotency_key WHERE key {those}"


def _given(columns: Types, *, where: str = "") -> str:
    return f"""
  SELECT nextval(pg_get_serial_sequence('ticket', 'id')) AS id, each.* FROM ROWS FROM (
    json_to_recordset(%(tickets)s) AS ({typed(columns)}, waits boolean, proposed json)
  ) WITH ORDINALITY AS each {where}"""


_ROWS = f"""
filed AS (
  INSERT INTO ticket (id, {", ".join(TICKET)}) SELECT id, {", ".join(TICKET)} FROM given
), told AS (
  INSERT INTO ticket_event (ticket_id, created_at, {", ".join(CREATED)})
  SELECT id, created_at, 1, '{EventKind.CREATED}', %(edge)s FROM given
), proposed AS (
  INSERT INTO suggestion (ticket_id, created_at, {", ".join(SUGGESTION)})
  SELECT given.id, given.created_at, each.*
  FROM given, json_to_recordset(given.proposed) AS each ({typed(SUGGESTION)})
), waiting AS (
  INSERT INTO triage_job (ticket_id, created_at, {", ".join(JOB)})
  SELECT id, created_at, '{TriageScope.ALL}', created_at FROM given WHERE waits
)
SELECT id, ordinality FROM given ORDER BY ordinality
"""

AT_ONCE = f"WITH given AS MATERIALIZED ({_given(TICKET)}\n), {_ROWS}"
"""Files every ticket of `tickets`; the id of each, and its place from 1 on."""

# A known key takes no number. Keys are claimed in their own order, so that two processes never wait
# for each other; a claim waits for the transaction that has made the same one.
ONCE_FOR_EACH_KEY = f"""
WITH asked AS MATERIALIZED ({
    _given(
        TICKET | KEY,
        where="WHERE NOT EXISTS (SELECT FROM idempotency_key AS known WHERE known.key = each.key)",
    )
}
), claimed AS (
  INSERT INTO idempotency_key (ticket_id, created_at, {", ".join(KEY)})
  SELECT id, created_at, {", ".join(KEY)} FROM asked WHERE key IS NOT NULL ORDER BY key, ordinality
  ON CONFLICT (key) DO NOTHING
  RETURNING ticket_id
), given AS MATERIALIZED (
  SELECT * FROM asked WHERE key IS NULL OR id IN (SELECT ticket_id FROM claimed)
), {_ROWS}"""
"""The same, but for a ticket whose key is known or taken: that one is left out."""
