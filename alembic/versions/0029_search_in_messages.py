"""Lets a search find messages: their folded texts, and an index over the trigrams of these.

Revision: 0029.

Texts are folded as those of tickets are. On PostgreSQL the folded text is a column that a trigger
sets, as `ticket.folded` is; the migration writes `message` anew and locks it meanwhile. On SQLite
it is an FTS5 table, kept by triggers.
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

# A generated column is filled in one pass without dead rows. A trigger then keeps it, because
# PostgreSQL plans the expression of a generated column again for each statement.
ON_POSTGRESQL = (
    "SET LOCAL maintenance_work_mem = '256MB'",
    "ALTER TABLE message ADD COLUMN folded text GENERATED ALWAYS AS (ticket_fold(body)) STORED",
    "ALTER TABLE message ALTER folded DROP EXPRESSION",
    """
CREATE FUNCTION message_fold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.folded := ticket_fold(NEW.body);
  RETURN NEW;
END
$$
""",
    """
CREATE TRIGGER message_fold BEFORE INSERT OR UPDATE OF body, folded ON message
FOR EACH ROW EXECUTE FUNCTION message_fold()
""",
    "CREATE INDEX message_text ON message USING gin (folded gin_trgm_ops)",
)
ON_SQLITE = (
    """
CREATE VIRTUAL TABLE message_text USING fts5 (body, tokenize = 'trigram case_sensitive 1')
""",
    "INSERT INTO message_text (rowid, body) SELECT id, ticket_fold(body) FROM message",
    """
CREATE TRIGGER message_text_insert AFTER INSERT ON message BEGIN
  INSERT INTO message_text (rowid, body) VALUES (NEW.id, ticket_fold(NEW.body));
END
""",
    """
CREATE TRIGGER message_text_update AFTER UPDATE OF id, body ON message
WHEN (OLD.id, OLD.body) <> (NEW.id, NEW.body) BEGIN
  DELETE FROM message_text WHERE rowid = OLD.id;
  INSERT INTO message_text (rowid, body) VALUES (NEW.id, ticket_fold(NEW.body));
END
""",
    """
CREATE TRIGGER message_text_delete AFTER DELETE ON message BEGIN
  DELETE FROM message_text WHERE rowid = OLD.id;
END
""",
)


def upgrade() -> None:
    """Adds the folded texts and their index, and fills them from the existing messages."""
    for statement in ON_SQLITE if _on_sqlite() else ON_POSTGRESQL:
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Drops them. A search finds tickets by their own texts."""
    if _on_sqlite():
        for change in ("insert", "update", "delete"):
            op.execute(f"DROP TRIGGER message_text_{change}")
        op.execute("DROP TABLE message_text")
    else:
        op.execute("DROP TRIGGER message_fold ON message")
        op.execute("DROP FUNCTION message_fold()")
        op.execute("ALTER TABLE message DROP folded")


def _on_sqlite() -> bool:
    return bool(op.get_bind().dialect.name == "sqlite")
