"""What statements that go to the driver as they are have in common, in both dialects."""

import re
from datetime import datetime
from functools import cache, lru_cache
from hashlib import blake2b
from typing import Any

from ticket_app.data.engine import Dialect
from ticket_app.data.types import as_text

Row = dict[str, Any]
"""Values by the names of a table's columns."""

GIVEN = re.compile(r"%\((\w+)\)s")
"""A parameter on PostgreSQL."""
WRITING = re.compile(r"\b(INSERT INTO|UPDATE \w+ SET|DELETE FROM|REPLACE INTO)\b")


def given(name: str, dialect: Dialect) -> str:
    """A parameter, as the driver writes it."""
    return f":{name}" if dialect == "sqlite" else f"%({name})s"


@cache
def prepared(statement: str) -> tuple[str, str]:
    """What prepares the statement on PostgreSQL, and what executes it from then on."""
    names = tuple(dict.fromkeys(GIVEN.findall(statement)))
    name = f"desk_{blake2b(statement.encode(), digest_size=8).hexdigest()}"
    numbered = GIVEN.sub(lambda found: f"${names.index(found[1]) + 1}", statement)
    values = ", ".join(given(each, "postgresql") for each in names)
    return f"PREPARE {name} AS {numbered}", f"EXECUTE {name} {f'({values})' if names else ''}"


@lru_cache(1_000)
def writes(statement: str) -> bool:
    """Whether any part of the statement changes rows."""
    return WRITING.search(statement) is not None


@cache
def insert_into(table: str, columns: tuple[str, ...]) -> str:
    """SQLite's statement that inserts a row of these columns."""
    values = ", ".join(f":{column}" for column in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"


def stored(row: Row, dialect: Dialect) -> Row:
    """The row's values, as the driver takes them."""
    if dialect == "postgresql":
        return row
    return {
        name: as_text(value) if isinstance(value, datetime) else value
        for name, value in row.items()
    }
