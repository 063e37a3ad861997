"""Adds the indexes of lists and searches, whose cost is independent of the number of tickets.

Revision: 0006.

A ticket's facet is its combination of category, priority, status and sentiment as a number. An
index by facet and time serves every filter. On PostgreSQL the text index is a GIN over trigrams of
the folded text and over the four values (`traits`), so that a filter narrows a search inside the
index. On SQLite it is an FTS5 table.
"""

import sqlalchemy as sa

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

VALUES = {
    "category": ("billing", "technical", "account", "general"),
    "priority": ("low", "medium", "high", "critical"),
    "status": ("open", "in_progress", "resolved", "closed"),
    "sentiment": ("calm", "neutral", "frustrated", "angry"),
}
NOT_DELETED = sa.text("deleted_at IS NULL")
BETWEEN = "chr(31)"
"""The unit separator between title and description, which nobody searches for."""

TRIGRAMS = """
DO $$
BEGIN
  CREATE EXTENSION IF NOT EXISTS pg_trgm;
EXCEPTION WHEN undefined_file OR insufficient_privilege THEN
  RAISE EXCEPTION 'The extension pg_trgm is missing' USING ERRCODE = 'feature_not_supported';
END
$$
"""

# Most texts are ASCII. The function is not STRICT, because PostgreSQL inlines it only then.
FOLD_SOON = """
ALTER FUNCTION ticket_fold(text) RENAME TO ticket_fold_any;
CREATE FUNCTION ticket_fold(source text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN octet_length(source) = length(source) THEN lower(source COLLATE "C")
  ELSE ticket_fold_any(source) END
$$
"""
FOLD_AS_BEFORE = """
DROP FUNCTION ticket_fold(text);
ALTER FUNCTION ticket_fold_any(text) RENAME TO ticket_fold
"""
ON_POSTGRESQL = f"""
ALTER TABLE ticket
  ADD COLUMN facet smallint GENERATED ALWAYS AS ({{facet}}) STORED,
  ADD COLUMN traits smallint[] GENERATED ALWAYS AS (ARRAY[{{traits}}]::smallint[]) STORED,
  ADD COLUMN folded text
    GENERATED ALWAYS AS (ticket_fold(title) || {BETWEEN} || ticket_fold(description)) STORED
"""
# PostgreSQL plans the expression of a generated column again for each statement, and that of a
# trigger once a connection. The trigger saves a quarter of an insert's time.
DERIVED = ("facet", "traits", "folded")
DERIVE = f"""
CREATE FUNCTION ticket_derive() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.facet := {{facet}};
  NEW.traits := ARRAY[{{traits}}]::smallint[];
  IF TG_OP = 'INSERT' OR NEW.title <> OLD.title OR NEW.description <> OLD.description THEN
    NEW.folded := ticket_fold(NEW.title) || {BETWEEN} || ticket_fold(NEW.description);
  ELSE
    NEW.folded := OLD.folded;
  END IF;
  RETURN NEW;
END
$$
"""
DERIVING = (
    "CREATE TRIGGER ticket_derive BEFORE INSERT OR UPDATE ON ticket "
    "FOR EACH ROW EXECUTE FUNCTION ticket_derive()"
)
TEXT_ON_POSTGRESQL = (
    "CREATE INDEX ticket_text ON ticket USING gin (traits, folded gin_trgm_ops) "
    "WHERE deleted_at IS NULL"
)

TEXT_ON_SQLITE = """
CREATE VIRTUAL TABLE ticket_text USING fts5 (
  title, description, tokenize = 'trigram case_sensitive 1'
);
INSERT INTO ticket_text (rowid, title, description)
SELECT id, ticket_fold(title), ticket_fold(description) FROM ticket
"""
KEEP_TEXT_ON_SQLITE = (
    """
    CREATE TRIGGER ticket_text_insert AFTER INSERT ON ticket BEGIN
      INSERT INTO ticket_text (rowid, title, description)
      VALUES (NEW.id, ticket_fold(NEW.title), ticket_fold(NEW.description));
    END
    """,
    """
    CREATE TRIGGER ticket_text_update AFTER UPDATE OF id, title, description ON ticket
    WHEN (OLD.id, OLD.title, OLD.description) <> (NEW.id, NEW.title, NEW.description) BEGIN
      DELETE FROM ticket_text WHERE rowid = OLD.id;
      INSERT INTO ticket_text (rowid, title, description)
      VALUES (NEW.id, ticket_fold(NEW.title), ticket_fold(NEW.description));
    END
    """,
    """
    CREATE TRIGGER ticket_text_delete AFTER DELETE ON ticket BEGIN
      DELETE FROM ticket_text WHERE rowid = OLD.id;
    END
    """,
)


def upgrade() -> None:
    """Adds the columns and indexes, and fills them from the existing tickets."""
    execute = op.get_bind().exec_driver_sql
    if _on_sqlite():
        execute(f"ALTER TABLE ticket ADD COLUMN facet INTEGER GENERATED ALWAYS AS ({_facet()})")
        for statement in (*TEXT_ON_SQLITE.split(";"), *KEEP_TEXT_ON_SQLITE):
            execute(statement)
    else:
        execute(TRIGRAMS)
        execute(FOLD_SOON)
        execute("SET LOCAL maintenance_work_mem = '256MB'")
        execute(ON_POSTGRESQL.format(facet=_facet(), traits=", ".join(_traits())))
        for column in DERIVED:
            execute(f"ALTER TABLE ticket ALTER {column} DROP EXPRESSION")
        execute(DERIVE.format(facet=_facet("NEW."), traits=", ".join(_traits("NEW."))))
        execute(DERIVING)
        execute(TEXT_ON_POSTGRESQL)
    _create_index("ticket_facet_newest", ["facet", "created_at", "id"])
    op.drop_index("ticket_status_newest", "ticket")


def downgrade() -> None:
    """Drops them; the extension stays, because others may use it."""
    _create_index("ticket_status_newest", ["status", "created_at", "id"])
    op.drop_index("ticket_facet_newest", "ticket")
    if _on_sqlite():
        for change in ("insert", "update", "delete"):
            op.execute(f"DROP TRIGGER ticket_text_{change}")
        op.execute("DROP TABLE ticket_text")
        op.execute("ALTER TABLE ticket DROP COLUMN facet")
    else:
        op.execute("DROP TRIGGER ticket_derive ON ticket")
        op.execute("DROP FUNCTION ticket_derive()")
        op.drop_index("ticket_text", "ticket")
        op.execute("ALTER TABLE ticket DROP facet, DROP traits, DROP folded")
        op.execute(FOLD_AS_BEFORE)


def _create_index(name: str, columns: list[str]) -> None:
    op.create_index(name, "ticket", columns, postgresql_where=NOT_DELETED, sqlite_where=NOT_DELETED)


def _facet(of: str = "") -> str:
    """Returns SQL for 0 to 255: four digits in base four, the category first."""
    places = [len(VALUES) - 1 - place for place in range(len(VALUES))]
    return " + ".join(
        f"{4**place} * {_number(of, field, 0)}" for field, place in zip(VALUES, places, strict=True)
    )


def _traits(of: str = "") -> list[str]:
    """Returns SQL for a number of each value that is unique across fields."""
    return [_number(of, field, 4 * place) for place, field in enumerate(VALUES)]


def _number(of: str, field: str, first: int) -> str:
    cases = " ".join(
        f"WHEN '{value}' THEN {number}" for number, value in enumerate(VALUES[field], first)
    )
    return f"CASE {of}{field} {cases} END"


def _on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
