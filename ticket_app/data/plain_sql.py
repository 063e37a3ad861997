"""SQL building blocks for statements that go to the driver directly, in both dialects."""

import re
from datetime import datetime
from functools import cache, lru_cache
from hashlib import blake2b
from typing import Any

from ticket_app.data.engine import Dialect
from ticket_app.data.types import as_text

Row = dict[str, Any]
"""Column values by column name."""

PLACEHOLDER = re.compile(r"%\((\w+)\)s")
"""A parameter placeholder on PostgreSQL."""
WRITE = re.compile(r"\b(INSERT INTO|UPDATE \w+ SET|DELETE FROM|REPLACE INTO)\b")


def placeholder(name: str, dialect: Dialect) -> str:
    """Return the driver's placeholder for a named parameter."""
    return f":{name}" if dialect == "sqlite" else f"%({name})s"


@cache
def prepared(statement: str) -> tuple[str, str]:
    """Return PostgreSQL's PREPARE statement for this statement, and the EXECUTE that runs it."""
    names = tuple(dict.fromkeys(PLACEHOLDER.findall(statement)))
    name = f"desk_{blake2b(statement.encode(), digest_size=8).hexdigest()}"
    numbered = PLACEHOLDER.sub(lambda found: f"${names.index(found[1]) + 1}", statement)
    values = ", ".join(placeholder(each, "postgresql") for each in names)
    return f"PREPARE {name} AS {numbered}", f"EXECUTE {name} {f'({values})' if names else ''}"


@lru_cache(1_000)
def writes(statement: str) -> bool:
    """Return True if any part of the statement changes rows."""
    return WRITE.search(statement) is not None


@cache
def insert_into(table: str, columns: tuple[str, ...]) -> str:
    """Return SQLite's statement that inserts a row of these columns."""
    values = ", ".join(f":{column}" for column in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"


def driver_values(row: Row, dialect: Dialect) -> Row:
    """Return the row with values of the driver's types."""
    if dialect == "postgresql":
        return row
    return {
        name: as_text(value) if isinstance(value, datetime) else value
        for name, value in row.items()
    }
