"""Adds accounts: passwords, sessions, links, failed sign-ins, and the facts of the desk.

Revision: 0015.

The desk stays open until its first account. `accounts_since` is that moment, and a trigger keeps
it. Another trigger keeps the last active administrator. An event gets the person who acted: both
databases add the column without a rewrite. They read the tickets once for the index of a
requester's tickets.
"""

import secrets

import sqlalchemy as sa

from alembic import op
from ticket_app.data.types import BigId, UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLES = ("credential", "person_session", "account_link", "sign_in_failure", "desk_fact")
INDEX = """
CREATE INDEX ticket_of_requester ON ticket (requester_id, created_at, id)
WHERE requester_id IS NOT NULL AND deleted_at IS NULL
"""

LOSES_ADMINISTRATOR = """
OLD.role = 'administrator' AND OLD.active AND NOT (NEW.role = 'administrator' AND NEW.active)
"""
HAS_ACCOUNT = "EXISTS (SELECT 1 FROM credential WHERE person_id = OLD.id)"
OTHER_ADMINISTRATOR = """
EXISTS (SELECT 1 FROM person AS other JOIN credential ON credential.person_id = other.id
        WHERE other.role = 'administrator' AND other.active AND other.id <> OLD.id)
"""
LAST = "the last active administrator"
ON_SQLITE = (
    f"""
CREATE TRIGGER person_last_administrator BEFORE UPDATE OF role, active ON person
WHEN {LOSES_ADMINISTRATOR} AND {HAS_ACCOUNT} AND NOT {OTHER_ADMINISTRATOR}
BEGIN SELECT RAISE(ABORT, '{LAST}'); END
""",
    """
CREATE TRIGGER desk_fact_kept BEFORE UPDATE ON desk_fact
WHEN OLD.accounts_since IS NOT NULL AND NEW.accounts_since IS NOT OLD.accounts_since
BEGIN SELECT RAISE(ABORT, 'accounts_since is never undone'); END
""",
    """
CREATE TRIGGER desk_fact_kept_delete BEFORE DELETE ON desk_fact
BEGIN SELECT RAISE(ABORT, 'accounts_since is never undone'); END
""",
    # INSERT OR REPLACE removes the old row without firing the DELETE trigger.
    """
CREATE TRIGGER desk_fact_kept_replace BEFORE INSERT ON desk_fact
WHEN EXISTS (SELECT 1 FROM desk_fact)
BEGIN SELECT RAISE(ABORT, 'accounts_since is never undone'); END
""",
)
ON_POSTGRESQL = (
    # The lock lets two administrators who lower each other go one after the other.
    f"""
CREATE FUNCTION person_last_administrator() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM desk_fact FOR UPDATE;
  IF {HAS_ACCOUNT} AND NOT {OTHER_ADMINISTRATOR} THEN
    RAISE EXCEPTION '{LAST}' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END
$$
""",
    f"""
CREATE TRIGGER person_last_administrator BEFORE UPDATE OF role, active ON person FOR EACH ROW
WHEN ({LOSES_ADMINISTRATOR}) EXECUTE FUNCTION person_last_administrator()
""",
    """
CREATE FUNCTION desk_fact_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF OLD.accounts_since IS NULL OR NEW.accounts_since IS NOT DISTINCT FROM OLD.accounts_since THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'accounts_since is never undone'
    USING ERRCODE = 'integrity_constraint_violation';
END
$$
""",
    """
CREATE TRIGGER desk_fact_kept BEFORE UPDATE OR DELETE ON desk_fact
FOR EACH ROW EXECUTE FUNCTION desk_fact_kept()
""",
    """
CREATE TRIGGER desk_fact_kept_truncate BEFORE TRUNCATE ON desk_fact
FOR EACH STATEMENT EXECUTE FUNCTION desk_fact_kept()
""",
)


def upgrade() -> None:
    """Creates the tables, the triggers, the index of a requester, and the person of an event."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    _create_tables(on_sqlite)
    for table in ("person_session", "account_link"):
        op.create_index(f"{table}_person", table, ["person_id"])
        op.create_index(f"{table}_expires", table, ["expires_at"])
    op.create_index("sign_in_failure_window", "sign_in_failure", ["window_started_at"])
    for statement in ON_SQLITE if on_sqlite else ON_POSTGRESQL:
        op.execute(statement)
    op.execute(
        sa.text("INSERT INTO desk_fact (id, link_secret) VALUES (1, :secret)").bindparams(
            secret=secrets.token_hex(32)
        )
    )
    # The tables in the order of writers, which would otherwise wait for this transaction while it
    # waits for them. While the index is built, tickets and their events can be read.
    op.execute(INDEX)
    id_type = "INTEGER" if on_sqlite else "BIGINT"
    op.execute(f"ALTER TABLE ticket_event ADD COLUMN actor_id {id_type} REFERENCES person (id)")


def downgrade() -> None:
    """Drops them. The desk is open again, and nobody has a password."""
    op.execute("DROP INDEX ticket_of_requester")
    op.execute("ALTER TABLE ticket_event DROP COLUMN actor_id")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER person_last_administrator")
    else:
        op.execute("DROP TRIGGER person_last_administrator ON person")
        op.execute("DROP FUNCTION person_last_administrator()")
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION desk_fact_kept()")


def _create_tables(on_sqlite: bool) -> None:
    _create(
        "credential",
        _owner(primary_key=True),
        _text("password_hash"),
        *_times(on_sqlite, "updated_at"),
        rules={"credential_hash_form": "password_hash LIKE '$argon2id$%'"},
        rules_on_sqlite=_time_rules("credential", "updated_at")
        | _no_nul("credential", "password_hash"),
    )
    _create(
        "person_session",
        _key(),
        _owner(),
        _text("client_address"),
        _text("user_agent"),
        *_times(on_sqlite, "created_at", "last_seen_at", "expires_at"),
        rules={
            "person_session_key_length": "length(key) = 64",
            "person_session_client_length": "length(client_address) <= 64",
            "person_session_agent_length": "length(user_agent) <= 200",
            "person_session_expires_later": "expires_at > created_at",
        },
        rules_on_sqlite=_time_rules("person_session", "created_at", "last_seen_at", "expires_at")
        | _no_nul("person_session", "client_address", "user_agent"),
    )
    _create(
        "account_link",
        _key(),
        _owner(),
        _text("purpose"),
        *_times(on_sqlite, "created_at", "expires_at"),
        rules={
            "account_link_key_length": "length(key) = 64",
            "account_link_purpose_known": "purpose IN ('invitation', 'reset')",
            "account_link_expires_later": "expires_at > created_at",
        },
        rules_on_sqlite=_time_rules("account_link", "created_at", "expires_at"),
    )
    _create(
        "sign_in_failure",
        _key(),
        sa.Column("failures", sa.Integer, nullable=False),
        *_times(on_sqlite, "window_started_at"),
        rules={
            "sign_in_failure_key_length": "length(key) = 64",
            "sign_in_failure_counted": "failures >= 1",
        },
        rules_on_sqlite=_time_rules("sign_in_failure", "window_started_at"),
    )
    _create(
        "desk_fact",
        sa.Column("id", BigId, primary_key=True, autoincrement=False),
        sa.Column("accounts_since", UtcDateTime),
        _text("link_secret"),
        rules={
            "desk_fact_one_row": "id = 1",
            "desk_fact_secret_length": "length(link_secret) = 64",
        },
        rules_on_sqlite=_time_rules("desk_fact", "accounts_since"),
    )


def _create(
    table: str,
    *columns: "sa.Column[object]",
    rules: dict[str, str],
    rules_on_sqlite: dict[str, str],
) -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    all_rules = rules | (rules_on_sqlite if on_sqlite else {})
    op.create_table(
        table,
        *columns,
        *(sa.CheckConstraint(rule, name=name) for name, rule in all_rules.items()),
        sqlite_strict=True,
    )


def _key() -> "sa.Column[object]":
    return sa.Column("key", sa.Text, primary_key=True)


def _owner(*, primary_key: bool = False) -> "sa.Column[object]":
    return sa.Column(
        "person_id", BigId, sa.ForeignKey("person.id"), primary_key=primary_key, nullable=False
    )


def _text(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.Text, nullable=False)


def _times(on_sqlite: bool, *names: str) -> list["sa.Column[object]"]:
    now = sa.text("(strftime('%Y-%m-%d %H:%M:%f000', 'now'))" if on_sqlite else "now()")
    return [sa.Column(name, UtcDateTime, nullable=False, server_default=now) for name in names]


def _time_rules(table: str, *columns: str) -> dict[str, str]:
    return {
        f"{table}_{column}_time": f"datetime({column}) IS substr({column}, 1, 19) "
        f"AND length({column}) = 26"
        for column in columns
    }


def _no_nul(table: str, *columns: str) -> dict[str, str]:
    return {f"{table}_{each}_no_nul": f"instr({each}, char(0)) = 0" for each in columns}
