"""Adds the function for erasing, and lets the history's triggers know it.

Revision: 0020.

The function is the trigger of inserts into `erasing`. It removes its own row within the statement,
so that the table is empty whenever another statement runs: see decision 0029. The history gets the
kind `erased`. Of 1,000,000 events PostgreSQL reads each once for the changed rule and for each of
two small indexes; SQLite edits the text of the rule.
"""

from typing import Any

import sqlalchemy as sa

from alembic import op
from ticket_app.data.types import BigId, UtcDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

KIND = "ticket_event_kind_known"
KINDS_BEFORE = "kind IN ('created', 'changed', 'deleted', 'restored')"
KINDS = "kind IN ('created', 'changed', 'deleted', 'restored', 'erased')"

INDEXES = {
    "ticket_deleted": "ticket (deleted_at, id) WHERE deleted_at IS NOT NULL",
    "ticket_deleted_of_requester": (
        "ticket (requester_id, id) WHERE requester_id IS NOT NULL AND deleted_at IS NOT NULL"
    ),
    "ticket_event_address": "ticket_event (id) WHERE field = 'requester_email'",
    "ticket_event_erased": "ticket_event (id) WHERE kind = 'erased'",
    "triage_call_ticket": "triage_call (ticket_id) WHERE ticket_id IS NOT NULL",
    "idempotency_key_ticket": "idempotency_key (ticket_id)",
}
NOTHING = "0" * 64
"""In place of the digest of a text."""

# In both programs {of} is the condition that a row belongs to one of the tickets of the call.
HISTORY = """
  UPDATE ticket_event SET
    old_value = CASE WHEN old_value IS NULL THEN NULL ELSE 'Erased' END,
    new_value = CASE WHEN new_value IS NULL THEN NULL ELSE 'Erased' END
  WHERE {of} AND field IN ('title', 'description', 'requester_name', 'requester_email')
    {texts_or_history};
  UPDATE ticket SET version = version + 1, updated_at = {later}(updated_at, NEW.created_at)
  WHERE {id}{texts_or_history};
"""
TEXTS = f"""
  UPDATE ticket SET
    title = 'Erased', description = 'Erased', requester_name = NULL, requester_email = NULL,
    requester_id = NULL,
    triage_status = CASE triage_status WHEN 'pending' THEN 'done' ELSE triage_status END
  WHERE {{id}}{{texts}};
  UPDATE suggestion SET
    value = CASE field WHEN 'title' THEN 'Erased' ELSE value END, evidence = '[]'
  WHERE {{of}}{{texts}};
  UPDATE triage_call SET input_hash = '{NOTHING}' WHERE {{of}}{{texts}};
  UPDATE idempotency_key SET ticket = {{stored}} WHERE {{of}}{{texts}};
  DELETE FROM triage_job WHERE {{of}}{{texts}};
"""
TICKETS = f"""
  UPDATE triage_call SET ticket_id = NULL, input_hash = '{NOTHING}' WHERE {{of}}{{tickets}};
  DELETE FROM ticket_event WHERE {{of}}{{tickets}};
  DELETE FROM suggestion WHERE {{of}}{{tickets}};
  DELETE FROM triage_job WHERE {{of}}{{tickets}};
  DELETE FROM idempotency_key WHERE {{of}}{{tickets}};
  DELETE FROM ticket WHERE {{id}}{{tickets}};
"""
NOT_DELETED = "only a deleted ticket can be purged"
APPEND_ONLY = "ticket_event is append-only"

CALLED_ON_SQLITE = "(SELECT value FROM json_each(NEW.tickets))"
STORED_ON_SQLITE = (
    "json_set(ticket, '$.title', 'Erased', '$.description', 'Erased', "
    "'$.requester_name', NULL, '$.requester_email', NULL)"
)
REFUSE_ON_SQLITE = """
CREATE TRIGGER ticket_event_append_only_{change} BEFORE {upper} ON ticket_event {when}
BEGIN SELECT RAISE(ABORT, 'ticket_event is append-only'); END
"""
NO_CALL = "WHEN NOT EXISTS (SELECT 1 FROM erasing)"

CALLED = "ANY (called)"
STORED = """(ticket::jsonb || jsonb_build_object(
    'title', 'Erased', 'description', 'Erased',
    'requester_name', NULL, 'requester_email', NULL))::text"""
FUNCTION = f"""
CREATE FUNCTION erase() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  called CONSTANT bigint[] :=
    ARRAY(SELECT value::bigint FROM json_array_elements_text(NEW.tickets::json));
BEGIN
  IF NEW.kind = 'tickets' THEN
    IF EXISTS (SELECT FROM ticket WHERE id = ANY (called) AND deleted_at IS NULL) THEN
      RAISE EXCEPTION '{NOT_DELETED}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    {{tickets}}
  ELSE
    {{history}}
    IF NEW.kind = 'texts' THEN
      {{texts}}
    END IF;
  END IF;
  DELETE FROM erasing WHERE id = NEW.id;
  RETURN NULL;
END
$$
"""
FUNCTION_CALLED = (
    "CREATE TRIGGER erase AFTER INSERT ON erasing FOR EACH ROW EXECUTE FUNCTION erase()"
)
# A statement of the function is one trigger deeper than one of a person, also if the same statement
# inserts the call and changes the history.
REFUSE = """
CREATE OR REPLACE FUNCTION ticket_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'TRUNCATE' AND pg_trigger_depth() > 1 AND EXISTS (SELECT FROM erasing) THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION 'ticket_event is append-only' USING ERRCODE = 'restrict_violation';
END
$$
"""
REFUSE_BEFORE = """
CREATE OR REPLACE FUNCTION ticket_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'ticket_event is append-only' USING ERRCODE = 'restrict_violation';
END
$$
"""


def upgrade() -> None:
    """Creates the table, the function and the indexes, and replaces the history's triggers."""
    for name, what in INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON {what}")
    _create_table()
    if _on_sqlite():
        _replace_kinds_on_sqlite(KINDS_BEFORE, KINDS)
        _run(_function_on_sqlite())
        _refuse_on_sqlite(NO_CALL)
    else:
        _replace_kinds(KINDS)
        _run(_function())
        _run(FUNCTION_CALLED)
        _run(REFUSE)


def downgrade() -> None:
    """Drops them. What was erased stays erased, and loses its line in the history."""
    if _on_sqlite():
        _refuse_on_sqlite("WHEN OLD.kind <> 'erased'")
        op.execute("DELETE FROM ticket_event WHERE kind = 'erased'")
        _refuse_on_sqlite("")
        _replace_kinds_on_sqlite(KINDS, KINDS_BEFORE)
    else:
        op.execute("ALTER TABLE ticket_event DISABLE TRIGGER ticket_event_append_only")
        op.execute("DELETE FROM ticket_event WHERE kind = 'erased'")
        op.execute("ALTER TABLE ticket_event ENABLE TRIGGER ticket_event_append_only")
        _replace_kinds(KINDS_BEFORE)
        _run(REFUSE_BEFORE)
    op.drop_table("erasing")
    if not _on_sqlite():
        op.execute("DROP FUNCTION erase()")
    for name in INDEXES:
        op.execute(f"DROP INDEX {name}")


def _create_table() -> None:
    now = sa.text("(strftime('%Y-%m-%d %H:%M:%f000', 'now'))" if _on_sqlite() else "now()")
    rules = {"erasing_kind_known": "kind IN ('texts', 'history', 'tickets')"}
    if _on_sqlite():
        rules["erasing_created_at_time"] = (
            "datetime(created_at) IS substr(created_at, 1, 19) AND length(created_at) = 26"
        )
    op.create_table(
        "erasing",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("tickets", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False, server_default=now),
        *(sa.CheckConstraint(rule, name=name) for name, rule in rules.items()),
        sqlite_strict=True,
    )


def _function_on_sqlite() -> str:
    """Returns one trigger: a program without branches, whose statements each ask for the kind."""
    asked = {
        "of": f"ticket_id IN {CALLED_ON_SQLITE}",
        "id": f"id IN {CALLED_ON_SQLITE}",
        "later": "max",
        "stored": STORED_ON_SQLITE,
        "texts_or_history": " AND NEW.kind IN ('texts', 'history')",
        "texts": " AND NEW.kind = 'texts'",
        "tickets": " AND NEW.kind = 'tickets'",
    }
    program = "".join(part.format(**asked) for part in (HISTORY, TEXTS, TICKETS))
    return f"""
CREATE TRIGGER erase AFTER INSERT ON erasing BEGIN
  SELECT RAISE(ABORT, '{NOT_DELETED}') FROM ticket
  WHERE id IN {CALLED_ON_SQLITE} AND deleted_at IS NULL AND NEW.kind = 'tickets';
  {program}
  DELETE FROM erasing WHERE id = NEW.id;
END
"""


def _function() -> str:
    asked = {
        "of": f"ticket_id = {CALLED}",
        "id": f"id = {CALLED}",
        "later": "greatest",
        "stored": STORED,
        **dict.fromkeys(("texts_or_history", "texts", "tickets"), ""),
    }
    parts = {"history": HISTORY, "texts": TEXTS, "tickets": TICKETS}
    return FUNCTION.format(**{name: part.format(**asked) for name, part in parts.items()})


def _refuse_on_sqlite(when: str) -> None:
    for change in ("update", "delete"):
        op.execute(f"DROP TRIGGER ticket_event_append_only_{change}")
        _run(REFUSE_ON_SQLITE.format(change=change, upper=change.upper(), when=when))


def _replace_kinds(rule: str) -> None:
    op.execute(
        f"ALTER TABLE ticket_event DROP CONSTRAINT {KIND}, ADD CONSTRAINT {KIND} CHECK ({rule})"
    )


def _replace_kinds_on_sqlite(before: str, after: str) -> None:
    """Edits the text of the table's definition, as migration 0012 does for `ticket`."""
    found = "type = 'table' AND name = 'ticket_event'"
    definition = _run(f"SELECT sql FROM sqlite_master WHERE {found}").scalar_one()
    if definition.count(before) != 1:
        raise RuntimeError(f"the table's definition has not one {before!r}")
    version = _run("PRAGMA schema_version").scalar_one()
    _run("PRAGMA writable_schema = ON")
    op.get_bind().exec_driver_sql(
        f"UPDATE sqlite_master SET sql = ? WHERE {found}", (definition.replace(before, after),)
    )
    _run(f"PRAGMA schema_version = {version + 1}")
    _run("PRAGMA writable_schema = RESET")


def _run(statement: str) -> "sa.CursorResult[Any]":
    """Runs a statement as it is: op.execute would take a colon for a parameter."""
    return op.get_bind().exec_driver_sql(statement)


def _on_sqlite() -> bool:
    return bool(op.get_bind().dialect.name == "sqlite")
