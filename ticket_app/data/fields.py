"""Column definitions for tables, the same on both databases."""

from datetime import datetime
from typing import Any

from sqlalchemy import REAL, Column, ForeignKey, Integer, Text, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import Field

from ticket_app.data.types import BigId, Flag, UtcDateTime

STRICT = {"sqlite_strict": True}
"""SQLite checks column types only in STRICT tables. It reuses ids unless they are AUTOINCREMENT."""


class _Now(FunctionElement[datetime]):
    """The server's clock in UtcDateTime's format, for rows that raw SQL writes."""

    inherit_cache = True


@compiles(_Now, "sqlite")
def _now_on_sqlite(*_: Any, **__: Any) -> str:
    return "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))"


@compiles(_Now)
def _now(*_: Any, **__: Any) -> str:
    return "now()"


def id_field() -> Any:
    """A primary key that the database assigns."""
    return Field(default=None, sa_column=Column(BigId, primary_key=True))


def text_field(*, nullable: bool = False, server_default: str | None = None) -> Any:
    """A text column."""
    return Field(sa_column=Column(Text, nullable=nullable, server_default=server_default))


def integer_field(server_default: int | None = None, *, nullable: bool = False) -> Any:
    """A 32-bit integer column."""
    default = None if server_default is None else text(str(server_default))
    return Field(sa_column=Column(Integer, nullable=nullable, server_default=default))


def flag_field(*, server_default: bool) -> Any:
    """A boolean column."""
    default = text(str(server_default).lower())
    return Field(sa_column=Column(Flag, nullable=False, server_default=default))


def time_field(*, nullable: bool = False) -> Any:
    """A UTC time column; its default is the current time unless it is nullable."""
    default = None if nullable else _Now()
    return Field(sa_column=Column(UtcDateTime, nullable=nullable, server_default=default))


def ticket_id_field(*, nullable: bool = False) -> Any:
    """A foreign key to a ticket."""
    return Field(sa_column=Column(BigId, ForeignKey("ticket.id"), nullable=nullable))


def person_id_field() -> Any:
    """A foreign key to a person; NULL for nobody known."""
    return Field(default=None, sa_column=Column(BigId, ForeignKey("person.id"), nullable=True))


def real_field(*, nullable: bool = False) -> Any:
    """A 32-bit floating-point column."""
    return Field(sa_column=Column(REAL, nullable=nullable))
