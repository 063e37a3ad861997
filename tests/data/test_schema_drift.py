"""The migrations lead to exactly the schema that tables.py and the vocabulary describe."""

import re
from enum import StrEnum
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from ticket_app.data.engine import get_engine
from ticket_app.data.metadata import METADATA
from ticket_app.data.migrations import migrate
from ticket_app.vocabulary import (
    CallOutcome,
    CallPurpose,
    Category,
    DecidedBy,
    DraftOutcome,
    Edge,
    ErasingKind,
    EventKind,
    LinkPurpose,
    NotificationKind,
    Priority,
    Role,
    Sentiment,
    Status,
    TokenScope,
    TriageField,
    TriageScope,
    TriageStatus,
    Verdict,
    Who,
)

VOCABULARY: dict[str, type[StrEnum]] = {
    "ticket_category_known": Category,
    "ticket_priority_known": Priority,
    "ticket_status_known": Status,
    "ticket_sentiment_known": Sentiment,
    "ticket_event_kind_known": EventKind,
    "erasing_kind_known": ErasingKind,
    "notification_kind_known": NotificationKind,
    "ticket_event_edge_known": Edge,
    "ticket_event_actor_known": Who,
    "audit_entry_edge_known": Edge,
    "handover_edge_known": Edge,
    "handover_who_known": Who,
    "audit_entry_who_known": Who,
    "person_role_known": Role,
    "account_link_purpose_known": LinkPurpose,
    "api_token_scope_known": TokenScope,
    "suggestion_field_known": TriageField,
    "ticket_triage_status_known": TriageStatus,
    "ticket_category_by_known": DecidedBy,
    "ticket_priority_by_known": DecidedBy,
    "triage_job_scope_known": TriageScope,
    "triage_call_purpose_known": CallPurpose,
    "triage_call_outcome_known": CallOutcome,
    "learned_model_verdict_known": Verdict,
    "drafted_reply_outcome_known": DraftOutcome,
    "ticket_count_category_known": Category,
    "ticket_count_priority_known": Priority,
    "ticket_count_status_known": Status,
    "ticket_count_sentiment_known": Sentiment,
}
TABLES = METADATA.sorted_tables
MADE_BY_HAND = re.compile(
    r"facet|traits|folded|ticket_facet_newest|ticket_requester_newest|(ticket|message)_text.*"
    r"|ticket_by_(waiting|urgency)"
)
"""Indexes of migrations 0006, 0010, 0028 and 0029 for lists and searches, which differ between
the databases or are of expressions. tests/data/tickets/test_list_queries.py,
tests/data/test_growth.py and tests/services/tickets/test_searching.py cover them."""


CHECK_ON_SQLITE = re.compile(r"CONSTRAINT (\w+) CHECK \(")


def checks_of(statement: str) -> dict[str, str]:
    """Returns the CHECKs of a CREATE TABLE by name, up to their closing parentheses.

    No rule contains a quoted parenthesis.
    """
    found = {}
    for match in CHECK_ON_SQLITE.finditer(statement):
        end, depth = match.end(), 1
        while depth:
            depth += {"(": 1, ")": -1}.get(statement[end], 0)
            end += 1
        found[match[1]] = statement[match.end() : end - 1]
    return found


def checks(connection: Connection) -> dict[str, str]:
    """Returns every CHECK of the database by name, as the database prints it."""
    if connection.dialect.name == "postgresql":
        rows = connection.execute(
            text(
                "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
                "WHERE contype = 'c' AND conrelid::regclass::text = ANY(:tables)"
            ),
            {"tables": [table.name for table in TABLES]},
        )
        return {str(name): str(rule) for name, rule in rows}
    statements = connection.execute(
        text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name <> 'alembic_version'")
    ).scalars()
    return {name: rule for each in statements for name, rule in checks_of(each).items()}


def columns(connection: Connection) -> Any:
    """Returns each table's columns with their nullability and default."""
    return {
        table.name: sorted(
            (column["name"], str(column["type"]), column["nullable"], str(column["default"]))
            for column in inspect(connection).get_columns(table.name)
            if not MADE_BY_HAND.fullmatch(column["name"])
        )
        for table in TABLES
    }


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection")
@pytest.mark.usefixtures("bare_database")
def test_migrations_lead_to_the_tables() -> None:
    engine = get_engine()
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("CREATE SCHEMA by_tables"))
            connection.execute(text("SET LOCAL search_path TO by_tables"))
        METADATA.create_all(connection)
        by_tables = checks(connection), columns(connection)
        METADATA.drop_all(connection)
    migrate()
    with engine.connect() as connection:
        assert checks(connection) == by_tables[0]
        assert columns(connection) == by_tables[1]
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, *_: not MADE_BY_HAND.fullmatch(name or "")},
        )
        assert compare_metadata(context, METADATA) == []
        assert len(by_tables[0]) >= 52


@pytest.mark.usefixtures("database")
def test_checks_name_exactly_the_vocabulary() -> None:
    with get_engine().connect() as connection:
        found = checks(connection)
    for name, values in VOCABULARY.items():
        assert set(re.findall(r"'(\w+)'", found[name])) == set(values), name
