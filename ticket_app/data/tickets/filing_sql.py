"""PostgreSQL's statements that file tickets, with and without idempotency keys."""

from functools import cache

from ticket_app.data.engine import Dialect
from ticket_app.data.plain_sql import placeholder
from ticket_app.data.tickets.columns import JOB, KEY, SUGGESTION, TICKET, Types, typed
from ticket_app.data.tickets.events import ACTOR, INSERT_FILED
from ticket_app.vocabulary import TriageScope

PERSON = {"person_email": "text", "person_name": "text"}
"""The requester of a ticket in the JSON: the folded address, and the name for a new person."""


def find_keys(dialect: Dialect) -> str:
    """Select stored responses. `keys` is a list of keys on PostgreSQL, and one key on SQLite."""
    wanted = placeholder("keys", dialect)
    those = f"= ANY({wanted})" if dialect == "postgresql" else f"= {wanted}"
    return f"SELECT key, fingerprint, ticket_id, ticket FROM idempotency_key WHERE key {those}"


# For `email = ...` PostgreSQL scans a table of some hundred people, and a prepared statement keeps
# that plan while thousands more arrive. For the first row of an order it always reads the index.
_KNOWN_PERSON = """
      SELECT CASE WHEN person.email = each.person_email THEN person.id END FROM person
      WHERE person.email >= each.person_email ORDER BY person.email LIMIT 1"""


def _tickets_from_json(columns: Types, *, people: bool, where: str = "") -> str:
    person_id = f"({_KNOWN_PERSON}) AS person_id, " if people else ""
    given = columns | ACTOR | (PERSON if people else {})
    return f"""
  SELECT nextval(pg_get_serial_sequence('ticket', 'id')) AS id, {person_id}each.*
  FROM ROWS FROM (
    json_to_recordset(%(tickets)s)
      AS ({typed(given)}, waits boolean, proposed json)
  ) WITH ORDINALITY AS each {where}"""


_FILED = f"""
filed AS (
  INSERT INTO ticket (id, {", ".join(TICKET)}) SELECT id, {", ".join(TICKET)} FROM given
)"""

# People are inserted in the order of Python's sort, so that no two writers deadlock. A person whom
# another transaction inserts meanwhile is not in this statement's snapshot: the ticket stays
# unlinked for a moment, until the background task links it.
_FILED_WITH_PEOPLE = f"""
arrived AS (
  INSERT INTO person (email, name, created_at, updated_at)
  SELECT DISTINCT ON (person_email COLLATE "C") person_email, person_name, created_at, created_at
  FROM given WHERE person_email IS NOT NULL AND person_id IS NULL
  ORDER BY person_email COLLATE "C", ordinality
  ON CONFLICT (email) DO NOTHING
  RETURNING id AS arrived_id, email AS arrived_email
), filed AS (
  INSERT INTO ticket (id, {", ".join(TICKET)}, requester_id)
  SELECT id, {", ".join(TICKET)}, coalesce(person_id, arrived_id)
  FROM given LEFT JOIN arrived ON arrived_email = person_email
)"""


def _rows(*, people: bool) -> str:
    return f"""{_FILED_WITH_PEOPLE if people else _FILED}, event AS ({INSERT_FILED}
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


@cache
def file_all(*, people: bool) -> str:
    """File every ticket of `tickets`; the rows are the id of each and its place from 1 on.

    With `people` their requesters are linked. Without it, no ticket may have an address: a batch
    without addresses does not pay for the lookup of people.
    """
    return f"""WITH given AS MATERIALIZED ({_tickets_from_json(TICKET, people=people)}
), {_rows(people=people)}"""


@cache
def file_once_per_key(*, people: bool) -> str:
    """The same, without the tickets whose keys are known or taken.

    A known key consumes no id. Keys are claimed in their own order, so that two processes cannot
    deadlock; a claim waits for a transaction that has claimed the same key.
    """
    unknown = "WHERE NOT EXISTS (SELECT FROM idempotency_key AS known WHERE known.key = each.key)"
    return f"""
WITH input AS MATERIALIZED ({_tickets_from_json(TICKET | KEY, people=people, where=unknown)}
), claimed AS (
  INSERT INTO idempotency_key (ticket_id, created_at, {", ".join(KEY)})
  SELECT id, created_at, {", ".join(KEY)} FROM input WHERE key IS NOT NULL ORDER BY key, ordinality
  ON CONFLICT (key) DO NOTHING
  RETURNING ticket_id
), given AS MATERIALIZED (
  SELECT * FROM input WHERE key IS NULL OR id IN (SELECT ticket_id FROM claimed)
), {_rows(people=people)}"""
