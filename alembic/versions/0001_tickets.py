"""Creates tickets, their events, and the suggestions of engines.

Revision: 0001, the first.

The rules are text on purpose: they are what a database of this revision enforces, whatever the code
says later.
"""

from typing import Any

import sqlalchemy as sa

from alembic import op
from ticket_app.data.types import BigId, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BLANKS = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b"
    "\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
)

TICKET_RULES = {
    "ticket_title_length": f"length(trim(title, '{BLANKS}')) BETWEEN 1 AND 200",
    "ticket_description_not_blank": f"trim(description, '{BLANKS}') <> ''",
    "ticket_description_length": "length(description) <= 20000",
    "ticket_category_known": "category IN ('billing', 'technical', 'account', 'general')",
    "ticket_priority_known": "priority IN ('low', 'medium', 'high', 'critical')",
    "ticket_status_known": "status IN ('open', 'in_progress', 'resolved', 'closed')",
    "ticket_sentiment_known": "sentiment IN ('calm', 'neutral', 'frustrated', 'angry')",
    "ticket_urgency_score_range": "urgency_score BETWEEN 0 AND 100",
    "ticket_requester_name_length": f"length(trim(requester_name, '{BLANKS}')) BETWEEN 1 AND 100",
    "ticket_requester_email_address": (
        "requester_email LIKE '%_@_%' AND length(requester_email) <= 254"
    ),
    "ticket_resolved_at_settled": (
        "(status IN ('resolved', 'closed')) = (resolved_at IS NOT NULL)"
    ),
    "ticket_version_positive": "version >= 1",
}

EVENT_RULES = {
    "ticket_event_kind_known": "kind IN ('created', 'changed', 'deleted', 'restored')",
    "ticket_event_edge_known": "edge IN ('browser', 'rest', 'cli', 'triage')",
    "ticket_event_field_changed": "(kind = 'changed') = (field IS NOT NULL)",
    "ticket_event_version_positive": "ticket_version >= 1",
}

SUGGESTION_RULES = {
    "suggestion_field_known": (
        "field IN ('category', 'priority', 'sentiment', 'urgency_score', 'title')"
    ),
    "suggestion_category_known": (
        "field <> 'category' OR value IN ('billing', 'technical', 'account', 'general')"
    ),
    "suggestion_priority_known": (
        "field <> 'priority' OR value IN ('low', 'medium', 'high', 'critical')"
    ),
    "suggestion_sentiment_known": (
        "field <> 'sentiment' OR value IN ('calm', 'neutral', 'frustrated', 'angry')"
    ),
    "suggestion_value_not_blank": f"trim(value, '{BLANKS}') <> ''",
    "suggestion_confidence_range": "confidence BETWEEN 0 AND 1",
    "suggestion_latency_not_negative": "latency_ms >= 0",
}

NOT_DELETED = sa.text("deleted_at IS NULL")

# Simple case folding. ICU's lower() folds fully, so the differences are mapped by hand. Before it:
# the capital sigma, whose folding depends on its neighbours in ICU, and the dotted capital I, which
# ICU makes two characters (a private-use character protects it). After it: lower-case letters that
# still fold, such as the final sigma, the long s and the micro sign.
FOLD_ON_POSTGRESQL = r"""
CREATE FUNCTION ticket_fold(source text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT translate(
    lower(translate(source, U&'\03A3\0130', U&'\03C3\E130') COLLATE "und-x-icu"),
    U&'\00B5\017F\0345\03C2\03D0\03D1\03D5\03D6\03F0\03F1\03F5\1C80\1C81\1C82\1C83\1C84\1C85\1C86\1C87\1C88\1E9B\1FBE',
    U&'\03BCs\03B9\03C3\03B2\03B8\03C6\03C0\03BA\03C1\03B5\0432\0434\043E\0441\0442\0442\044A\0463\A64B\1E61\03B9')
$$
"""

APPEND_ONLY_ON_POSTGRESQL = """
CREATE FUNCTION ticket_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'ticket_event is append-only' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER ticket_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ticket_event
FOR EACH STATEMENT EXECUTE FUNCTION ticket_event_refuse()
"""


def upgrade() -> None:
    """Creates the tables, the append-only triggers of the history, and `ticket_fold`."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    now = sa.text("(strftime('%Y-%m-%d %H:%M:%f000', 'now'))" if on_sqlite else "now()")
    _create_ticket(now, on_sqlite=on_sqlite)
    _create_ticket_event(now, on_sqlite=on_sqlite)
    _create_suggestion(now, on_sqlite=on_sqlite)
    if on_sqlite:
        _append_only_on_sqlite()
    else:
        op.get_bind().exec_driver_sql(APPEND_ONLY_ON_POSTGRESQL)
        op.get_bind().exec_driver_sql(FOLD_ON_POSTGRESQL)


def downgrade() -> None:
    """Drops everything: a database without this revision has no tickets."""
    for table in ("suggestion", "ticket_event", "ticket"):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION ticket_event_refuse(), ticket_fold(text)")


def _create_ticket(now: sa.TextClause, *, on_sqlite: bool) -> None:
    _create_table(
        "ticket",
        [
            _text("title"),
            _text("description"),
            _text("category"),
            _text("priority"),
            _text("status", server_default="open"),
            _text("sentiment", server_default="neutral"),
            sa.Column("urgency_score", sa.Integer, nullable=False, server_default=sa.text("50")),
            _text("requester_name", nullable=True),
            _text("requester_email", nullable=True),
            sa.Column("created_at", UtcDateTime, nullable=False, server_default=now),
            sa.Column("updated_at", UtcDateTime, nullable=False, server_default=now),
            sa.Column("resolved_at", UtcDateTime, nullable=True),
            sa.Column("version", sa.Integer, nullable=False, server_default=sa.text("1")),
            sa.Column("deleted_at", UtcDateTime, nullable=True),
        ],
        TICKET_RULES,
        times=("created_at", "updated_at", "resolved_at", "deleted_at"),
        no_nul=("title", "description", "requester_name", "requester_email"),
        on_sqlite=on_sqlite,
    )
    for name, columns in (
        ("ticket_newest", ["created_at", "id"]),
        ("ticket_status_newest", ["status", "created_at", "id"]),
    ):
        op.create_index(
            name, "ticket", columns, postgresql_where=NOT_DELETED, sqlite_where=NOT_DELETED
        )


def _create_ticket_event(now: sa.TextClause, *, on_sqlite: bool) -> None:
    _create_table(
        "ticket_event",
        [
            sa.Column("ticket_id", BigId, sa.ForeignKey("ticket.id"), nullable=False),
            sa.Column("ticket_version", sa.Integer, nullable=False),
            _text("kind"),
            _text("field", nullable=True),
            _text("old_value", nullable=True),
            _text("new_value", nullable=True),
            _text("edge"),
            sa.Column("created_at", UtcDateTime, nullable=False, server_default=now),
        ],
        EVENT_RULES,
        times=("created_at",),
        no_nul=(),
        on_sqlite=on_sqlite,
    )
    op.create_index("ticket_event_ticket", "ticket_event", ["ticket_id", "id"])


def _create_suggestion(now: sa.TextClause, *, on_sqlite: bool) -> None:
    _create_table(
        "suggestion",
        [
            sa.Column("ticket_id", BigId, sa.ForeignKey("ticket.id"), nullable=False),
            _text("field"),
            _text("value"),
            sa.Column("confidence", sa.REAL, nullable=False),
            _text("engine"),
            _text("model"),
            _text("prompt_version"),
            sa.Column("latency_ms", sa.REAL, nullable=False),
            sa.Column("created_at", UtcDateTime, nullable=False, server_default=now),
        ],
        SUGGESTION_RULES,
        times=("created_at",),
        no_nul=(),
        on_sqlite=on_sqlite,
    )
    op.create_index("suggestion_ticket", "suggestion", ["ticket_id", "id"])


def _create_table(
    name: str,
    columns: list[sa.Column[Any]],
    rules: dict[str, str],
    *,
    times: tuple[str, ...],
    no_nul: tuple[str, ...],
    on_sqlite: bool,
) -> None:
    """Adds rules for SQLite, which has no time type and allows NUL in a text."""
    if on_sqlite:
        rules = rules | {
            f"{name}_{column}_time": (
                f"datetime({column}) IS substr({column}, 1, 19) AND length({column}) = 26"
            )
            for column in times
        }
        rules |= {f"{name}_{column}_no_nul": f"instr({column}, char(0)) = 0" for column in no_nul}
    op.create_table(
        name,
        sa.Column("id", BigId, primary_key=True),
        *columns,
        *(sa.CheckConstraint(rule, name=rule_name) for rule_name, rule in rules.items()),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )


def _append_only_on_sqlite() -> None:
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER ticket_event_append_only_{change.lower()} "
            f"BEFORE {change} ON ticket_event "
            "BEGIN SELECT RAISE(ABORT, 'ticket_event is append-only'); END"
        )
    # INSERT OR REPLACE removes the old row without firing the DELETE trigger.
    op.execute(
        "CREATE TRIGGER ticket_event_append_only_replace BEFORE INSERT ON ticket_event "
        "WHEN EXISTS (SELECT 1 FROM ticket_event WHERE id = NEW.id) "
        "BEGIN SELECT RAISE(ABORT, 'ticket_event is append-only'); END"
    )


def _text(name: str, *, nullable: bool = False, server_default: str | None = None) -> Any:
    return sa.Column(name, sa.Text, nullable=nullable, server_default=server_default)
