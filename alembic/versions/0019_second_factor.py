"""Adds second factors, recovery codes, sign-ins that wait for a code, and sessions of providers.

Revision: 0019.

A server of the version before writes sessions without the new column, whose default is right for
them: it knows no provider.
"""

import sqlalchemy as sa

from alembic import op
from ticket_app.data.types import BigId, UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLES = ("second_factor", "recovery_code", "sign_in_step")
RULES = {
    "second_factor": {
        "second_factor_secret_length": "length(secret) = 32",
        "second_factor_step_counted": "last_step >= 0",
    },
    "recovery_code": {"recovery_code_key_length": "length(key) = 64"},
    "sign_in_step": {
        "sign_in_step_key_length": "length(key) = 64",
        "sign_in_step_failures_counted": "failures >= 0",
        "sign_in_step_expires_later": "expires_at > created_at",
    },
}
TIMES = {
    "second_factor": ("confirmed_at", "created_at"),
    "recovery_code": (),
    "sign_in_step": ("created_at", "expires_at"),
}
NO_NUL = ("second_factor_secret_no_nul", "instr(secret, char(0)) = 0")
ADD_ON_SQLITE = (
    "ALTER TABLE person_session ADD COLUMN by_provider INTEGER DEFAULT false NOT NULL "
    "CONSTRAINT person_session_by_provider_flag CHECK (by_provider IN (0, 1))"
)
ADD = "ALTER TABLE person_session ADD COLUMN by_provider BOOLEAN DEFAULT false NOT NULL"


def upgrade() -> None:
    """Creates the tables with their indexes, and adds the column."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    now = sa.text("(strftime('%Y-%m-%d %H:%M:%f000', 'now'))" if on_sqlite else "now()")
    op.create_table(
        "second_factor",
        sa.Column("person_id", BigId, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("confirmed_at", UtcDateTime),
        sa.Column("last_step", BigId, nullable=False, server_default=sa.text("0")),
        sa.Column("created_at", UtcDateTime, nullable=False, server_default=now),
        *_rules("second_factor", on_sqlite=on_sqlite),
        sqlite_strict=True,
    )
    op.create_table(
        "recovery_code",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("person_id", BigId, sa.ForeignKey("person.id"), nullable=False),
        *_rules("recovery_code", on_sqlite=on_sqlite),
        sqlite_strict=True,
    )
    op.create_table(
        "sign_in_step",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("person_id", BigId, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("failures", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("created_at", UtcDateTime, nullable=False, server_default=now),
        sa.Column("expires_at", UtcDateTime, nullable=False, server_default=now),
        *_rules("sign_in_step", on_sqlite=on_sqlite),
        sqlite_strict=True,
    )
    op.create_index("recovery_code_person", "recovery_code", ["person_id"])
    op.create_index("sign_in_step_person", "sign_in_step", ["person_id"])
    op.create_index("sign_in_step_expires", "sign_in_step", ["expires_at"])
    op.execute(ADD_ON_SQLITE if on_sqlite else ADD)


def downgrade() -> None:
    """Drops them. A password alone signs people in again."""
    op.execute("ALTER TABLE person_session DROP COLUMN by_provider")
    for table in TABLES[::-1]:
        op.drop_table(table)


def _rules(table: str, *, on_sqlite: bool) -> list[sa.CheckConstraint]:
    rules = dict(RULES[table])
    if on_sqlite:
        rules |= {
            f"{table}_{time}_time": f"datetime({time}) IS substr({time}, 1, 19) "
            f"AND length({time}) = 26"
            for time in TIMES[table]
        }
        if table == "second_factor":
            rules[NO_NUL[0]] = NO_NUL[1]
    return [sa.CheckConstraint(rule, name=name) for name, rule in rules.items()]
