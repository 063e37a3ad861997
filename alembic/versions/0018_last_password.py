"""Keeps the password of the last active administrator, and finds expired API tokens by an index.

Revision: 0018.

A trigger of 0015 keeps the role. Without the password nobody could use it.
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

IS_ADMINISTRATOR = """
EXISTS (SELECT 1 FROM person
        WHERE id = OLD.person_id AND role = 'administrator' AND active)
"""
OTHER_ADMINISTRATOR = """
EXISTS (SELECT 1 FROM person AS other JOIN credential ON credential.person_id = other.id
        WHERE other.role = 'administrator' AND other.active AND other.id <> OLD.person_id)
"""
LAST = "the password of the last active administrator"
ON_SQLITE = (
    f"""
CREATE TRIGGER credential_last_administrator BEFORE DELETE ON credential
WHEN {IS_ADMINISTRATOR} AND NOT {OTHER_ADMINISTRATOR}
BEGIN SELECT RAISE(ABORT, '{LAST}'); END
""",
    f"""
CREATE TRIGGER credential_last_administrator_moved BEFORE UPDATE OF person_id ON credential
WHEN NEW.person_id <> OLD.person_id AND {IS_ADMINISTRATOR} AND NOT {OTHER_ADMINISTRATOR}
BEGIN SELECT RAISE(ABORT, '{LAST}'); END
""",
)
ON_POSTGRESQL = (
    # The lock lets two writers who each take one of two passwords go one after the other.
    f"""
CREATE FUNCTION credential_last_administrator() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    RAISE EXCEPTION '{LAST}' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  PERFORM 1 FROM desk_fact FOR UPDATE;
  IF {IS_ADMINISTRATOR} AND NOT {OTHER_ADMINISTRATOR} THEN
    RAISE EXCEPTION '{LAST}' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF TG_OP = 'UPDATE' THEN
    RETURN NEW;
  END IF;
  RETURN OLD;
END
$$
""",
    """
CREATE TRIGGER credential_last_administrator BEFORE DELETE OR UPDATE OF person_id ON credential
FOR EACH ROW EXECUTE FUNCTION credential_last_administrator()
""",
    """
CREATE TRIGGER credential_kept_truncate BEFORE TRUNCATE ON credential
FOR EACH STATEMENT EXECUTE FUNCTION credential_last_administrator()
""",
)


def upgrade() -> None:
    """Creates the triggers and the index."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in ON_SQLITE if on_sqlite else ON_POSTGRESQL:
        op.execute(statement)
    op.create_index("api_token_expires", "api_token", ["expires_at"])


def downgrade() -> None:
    """Drops them."""
    op.drop_index("api_token_expires", "api_token")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER credential_last_administrator")
        op.execute("DROP TRIGGER credential_last_administrator_moved")
        return
    op.execute("DROP TRIGGER credential_last_administrator ON credential")
    op.execute("DROP TRIGGER credential_kept_truncate ON credential")
    op.execute("DROP FUNCTION credential_last_administrator()")
