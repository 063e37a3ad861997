"""Column names and types for plain SQL, and the projections.

A projection is the set of columns that an audience may see. Stored and shown columns are two lists:
a new column is stored as soon as the table has it, and shown once a schema names it.
"""

from collections.abc import Iterable
from functools import cache

from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

from ticket_app.data.engine import Dialect
from ticket_app.data.tickets.tables import IdempotencyKey, Ticket
from ticket_app.data.triage.tables import Suggestion, TriageJob
from ticket_app.data.types import UtcDateTime
from ticket_app.schemas.tickets import SHOWN_TO_REQUESTER, TicketPublic

TIME: dict[Dialect, str] = {
    "postgresql": """to_char({time} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""",
    "sqlite": "replace({time}, ' ', 'T') || 'Z'",
}
"""SQL for a time in JSON's format."""

Types = dict[str, str]
"""PostgreSQL's type of each column."""


def table_of(model: type[SQLModel]) -> Table:
    """Return the table of the model."""
    table: Table = getattr(model, "__table__")  # noqa: B009  # mypy does not know the attribute
    return table


def types_of(model: type[SQLModel], names: Iterable[str]) -> Types:
    """Return the types of these columns. KeyError for a name that is no column."""
    columns = table_of(model).columns
    return {name: _type_of(columns[name]) for name in names}


def _type_of(column: "Column[object]") -> str:
    return str(column.type.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]


def _all_but(model: type[SQLModel], *names: str) -> Types:
    kept = (column.name for column in table_of(model).columns)
    return types_of(model, [name for name in kept if name not in names])


TICKET = _all_but(Ticket, "id", "deleted_at", "requester_id", "first_responded_at", "assignee_id")
"""The columns that filing a ticket stores, besides requester_id."""
SUGGESTION = _all_but(Suggestion, "id", "ticket_id", "created_at")
JOB = types_of(TriageJob, ("scope", "due_at"))
KEY = types_of(IdempotencyKey, ("key", "fingerprint", "ticket"))

PUBLIC = tuple(types_of(Ticket, TicketPublic.model_fields))
"""The projection for those who may see every ticket: the columns of TicketPublic."""
REQUESTER = tuple(name for name in PUBLIC if name in SHOWN_TO_REQUESTER)
"""The projection for those who see a part of the tickets: the columns of a TicketForRequester."""


def typed(columns: Types) -> str:
    """Return the column definitions by which PostgreSQL reads JSON."""
    return ", ".join(f"{name} {kind}" for name, kind in columns.items())


@cache
def public_json(dialect: Dialect, restriction: tuple[str, ...] = ()) -> str:
    """Return the SQL expression that converts a row of `ticket` to the JSON of a TicketPublic.

    With a scope's restriction it is that of a TicketForRequester.
    """
    shown = REQUESTER if restriction else PUBLIC
    values = {name: _in_json(name, dialect) for name in shown}
    if dialect == "sqlite":
        pairs = ", ".join(f"'{name}', {value}" for name, value in values.items())
        return f"json_object({pairs})"
    columns = ", ".join(f"{value} AS {name}" for name, value in values.items())
    return f"CAST((SELECT row_to_json(shown) FROM (SELECT {columns}) AS shown) AS text)"


def _in_json(name: str, dialect: Dialect) -> str:
    is_time = isinstance(table_of(Ticket).columns[name].type, UtcDateTime)
    return TIME[dialect].format(time=name) if is_time else name
