"""One module writes each record of what happened; see docs/architecture.md."""

import ast
import re
from typing import NamedTuple

import pytest

from ticket_app.settings import ROOT

PACKAGE = ROOT / "ticket_app"


class Record(NamedTuple):
    """An append-only table, its class, the modules that write it, and others that may name it."""

    table: str
    row: str
    writers: frozenset[str]
    namers: frozenset[str]


EVENTS = Record(
    "ticket_event",
    "TicketEvent",
    frozenset(
        {
            "ticket_app/data/tickets/events.py",
            # A finished migration, which repairs texts with the columns of its time.
            "alembic/versions/0012_texts_that_show.py",
        }
    ),
    frozenset(
        {
            *(f"ticket_app/data/tickets/{name}.py" for name in ("checks", "queries", "tables")),
            "ticket_app/data/followers/record.py",
            "ticket_app/data/followers/aside.py",
        }
    ),
)
AUDIT = Record(
    "audit_entry",
    "AuditEntry",
    frozenset({"ticket_app/data/people/audit.py"}),
    frozenset(f"ticket_app/data/people/{name}.py" for name in ("checks", "tables")),
)
RECORDS = pytest.mark.parametrize("record", [EVENTS, AUDIT], ids=lambda record: record.table)


def writes(source: str, record: Record) -> bool:
    """Returns True if a module writes the record: as text, as a row of the table, or by a call.

    The row may be made by the class or by a method of it; the call has "insert" in its name.
    """
    tree = ast.parse(source)
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    inserts = re.compile(
        rf"\b((INSERT|REPLACE|MERGE)\b[^;]*?\bINTO|COPY)\s+\W*{record.table}\b", re.IGNORECASE
    )
    if any(isinstance(each, str) and inserts.search(each) for each in texts):
        return True
    return any(
        record.row in _names(node.func)
        or ("insert" in _names(node.func)[0] and _gives_rows(node, record))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    )


def _gives_rows(call: ast.Call, record: Record) -> bool:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any({record.row, record.table} & set(_names(each)) for each in given)


def _names(node: ast.AST) -> list[str]:
    """Returns the names of a dotted name, last first, or a text as it is; [""] for others."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        return [node.attr, *_names(node.value)]
    return [str(node.value) if isinstance(node, ast.Constant) else ""]


@RECORDS
def test_one_module_writes_a_record(record: Record) -> None:
    """Whatever reacts to events (webhooks, mail, rules) reads their record; demo data included."""
    writers = {
        path.relative_to(ROOT).as_posix()
        for folder in (PACKAGE, ROOT / "alembic")
        for path in folder.rglob("*.py")
        if writes(path.read_text(encoding="utf-8"), record)
    }
    assert writers == record.writers


@RECORDS
@pytest.mark.parametrize(
    "source",
    [
        "session.add({row}(ticket_id=1))",
        "session.add(tables.{row}(ticket_id=1))",
        "tell.insert('{table}', columns, row)",
        "session.execute(insert({row}).values(ticket_id=1))",
        "session.bulk_insert_mappings(tables.{row}, rows)",
        "op.bulk_insert({table}, rows)",
        "SQL = f'INSERT INTO {table} ({{columns}}) SELECT 1'",
        "SQL = 'insert or replace into [{table}] (id) values (1)'",
        "SQL = 'COPY {table} (id) FROM STDIN'",
        "session.add({row}.model_validate(row))",
        "session.execute({row}.__table__.insert(), rows)",
        "session.execute(insert({row}.__table__), rows)",
        "connection.insert(table='{table}', columns=columns, row=row)",
    ],
)
def test_a_further_writer_is_found(record: Record, source: str) -> None:
    assert writes(source.format(row=record.row, table=record.table), record)
    assert not writes(f"select({record.row}).where({record.row}.id == 1)", record)


@RECORDS
def test_few_modules_know_the_table_of_a_record(record: Record) -> None:
    """A writer under another name (an alias, a constant) is found by what it must name first."""
    named = re.compile(rf"\b{record.row}\b|[\"']{record.table}[\"']")
    namers = {
        path.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*.py")
        if named.search(path.read_text(encoding="utf-8"))
    }
    assert namers == {each for each in record.writers if "/data/" in each} | record.namers


def test_one_service_asks_for_entries_of_the_audit() -> None:
    """It bounds what a client says of itself, and says that no text names a person."""
    callers = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if re.search(
            r"data\.people\.audit\b|data\.people import [^\n]*\baudit\b",
            path.read_text(encoding="utf-8"),
        )
    }
    assert callers == {"services/people/audit.py"}
