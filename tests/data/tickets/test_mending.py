"""A start repairs tickets that break a new rule, and records it in their history."""

from typing import Any

import pytest
from sqlalchemy import text

from tests.data.revisions import downgrade, upgrade
from ticket_app.data.engine import get_engine
from ticket_app.data.migrations import migrate

BEFORE: list[dict[str, str | None]] = [
    {"title": "Fine", "requester_name": "Ana", "requester_email": "ana@example.com"},
    {"title": "\u3164\u200d", "description": "\u2800 \x1b"},
    {"title": "two\r\nlines \x1b[31mred\n", "requester_name": "Ana\tB"},
    {"requester_name": "\u3164", "requester_email": "Ana B <ana@example.com>"},
    {"requester_email": "mailto:ana@example.com"},
    {"requester_email": " 'ana@münchen.de', "},
    {"requester_email": "ana@example,com"},
    {"requester_name": "Ana", "requester_email": "ana@@example.com"},
    {"requester_email": "\u3164@\u3164"},
    {"title": "Colon: 5", "requester_email": "ana@localhost", "description": "a\n\tb\x1b[0m"},
    {"title": "\u00ad", "deleted_at": "2026-01-01 00:00:00.000000"},
]
AFTER: list[dict[str, str | None]] = [
    {},
    {"title": "(no title)", "description": "(no description)"},
    {"title": "two lines [31mred", "requester_name": "Ana B"},
    {"requester_name": None, "requester_email": "ana@example.com"},
    {"requester_email": "ana@example.com"},
    {"requester_email": "ana@münchen.de"},
    {"requester_email": None, "requester_name": "ana@example,com"},
    {"requester_email": None},
    {"requester_email": None, "requester_name": "\u3164@\u3164"},
    {},
    {"title": "(no title)"},
]
PLAIN = {
    "title": "A", "description": "B", "requester_name": None, "requester_email": None,
    "deleted_at": None,
}  # fmt: skip


def rows(statement: str) -> list[dict[str, Any]]:
    with get_engine().connect() as connection:
        return [dict(row) for row in connection.execute(text(statement)).mappings()]


@pytest.mark.usefixtures("bare_database")
def test_what_breaks_the_rules_of_texts_is_mended() -> None:
    with get_engine().begin() as connection:
        upgrade(connection, "0011")
        for each in BEFORE:
            connection.execute(
                text(
                    "INSERT INTO ticket (title, description, category, priority, requester_name, "
                    "requester_email, deleted_at) VALUES (:title, :description, 'billing', 'low', "
                    ":requester_name, :requester_email, "
                    + (":deleted_at)" if connection.dialect.name == "sqlite"
                       else "CAST(:deleted_at AS timestamptz))")
                ),
                PLAIN | each,
            )  # fmt: skip
    assert migrate() is True
    tickets = rows("SELECT * FROM ticket ORDER BY id")
    events = rows("SELECT * FROM ticket_event ORDER BY id")
    for ticket, before, after in zip(tickets, BEFORE, AFTER, strict=True):
        expected = PLAIN | before | after
        assert {name: ticket[name] for name in after} == {name: expected[name] for name in after}
        history = [event for event in events if event["ticket_id"] == ticket["id"]]
        assert ticket["version"] == max([1, *(event["ticket_version"] for event in history)])
        assert {each["field"]: (each["old_value"], each["new_value"]) for each in history} == {
            name: ((PLAIN | before)[name], value) for name, value in after.items()
        }
    assert {(event["kind"], event["edge"]) for event in events} == {("changed", "cli")}
    found = rows("SELECT count(*) AS n FROM ticket WHERE title = '(no title)'")
    assert found == [{"n": 2}]

    with get_engine().begin() as connection:
        downgrade(connection, "0011")
        connection.execute(text("UPDATE ticket SET title = 'a@b', requester_email = 'a, b@c'"))
    assert migrate() is True
    assert {row["requester_email"] for row in rows("SELECT requester_email FROM ticket")} == {None}
    if get_engine().dialect.name == "sqlite":
        assert rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
