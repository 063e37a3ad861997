"""The columns that tables are made of, alike on both databases."""

from datetime import datetime
from typing import Any

from sqlalchemy import REAL, Column, ForeignKey, Integer, Text, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import Field

from ticket_app.data.types import BigId, UtcDateTime

STRICT = {"sqlite_strict": True}
"""SQLite checks column types only in STRICT tables, and reuses no id only with AUTOINCREMENT."""


class _Now(FunctionElement[datetime]):
    """The server's clock, as UtcDateTime stores it, for rows that raw SQL writes."""

    inherit_cache = True


@compiles(_Now, "sqlite")
def _now_on_sqlite(*_: Any, **__: Any) -> str:
    return "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))"


@compiles(_Now)
def _now(*_: Any, **__: Any) -> str:
    return "now()"


def id_field() -> Any:
    """A key that the database numbers."""
    return Field(default=None, sa_column=Column(BigId, primary_key=True))


def text_field(*, nullable: bool = False, server_default: str | None = None) -> Any:
    """A text."""
    return Field(sa_column=Column(Text, nullable=nullable, server_default=server_default))


def integer_field(server_default: int | None = None, *, nullable: bool = False) -> Any:
    """A whole number of 32 bits."""
    default = None if server_default is None else text(str(server_default))
    return Field(sa_column=Column(Integer, nullable=nullable, server_default=default))


def time_field(*, nullable: bool = False) -> Any:
    """A moment in UTC; now, where it may not be absent and is not given."""
    default = None if nullable else _Now()
    return Field(sa_column=Column(UtcDateTime, nullable=nullable, server_default=default))


def ticket_id_field(*, nullable: bool = False) -> Any:
    """A reference to a ticket."""
    return Field(sa_column=Column(BigId, ForeignKey("ticket.id"), nullable=nullable))


def real_field(*, nullable: bool = False) -> Any:
    """A number of 32 bits."""
    return Field(sa_column=Column(REAL, nullable=nullable))
