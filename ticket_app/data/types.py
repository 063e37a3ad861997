"""Column types that behave the same on SQLite and PostgreSQL."""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, DateTime, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

BigId = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit key; SQLite numbers rows by itself only where the type is spelled INTEGER."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime, to the microsecond, on both engines.

    PostgreSQL has TIMESTAMPTZ. SQLite has no such type: there it is text of one fixed width, which
    sorts in time's order and which SQLite's own date functions read. A naive value is refused.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """TEXT on SQLite, TIMESTAMPTZ elsewhere."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else self.impl_instance)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """The value as the driver wants it; ValueError for a naive one."""
        if value is None:
            return None
        return as_text(value) if dialect.name == "sqlite" else _in_utc(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """An aware UTC datetime."""
        return None if value is None else utc(value)


class UtcDay(TypeDecorator[date]):
    """A UTC day: a date on PostgreSQL, text of one fixed width on SQLite."""

    impl = Date
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """TEXT on SQLite, DATE elsewhere."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else self.impl_instance)

    def process_bind_param(self, value: date | None, dialect: Dialect) -> Any:
        """The day as the driver wants it."""
        return value.isoformat() if value and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> date | None:  # noqa: ARG002
        """The day."""
        return date.fromisoformat(value) if isinstance(value, str) else value


def utc(stored: datetime | str) -> datetime:
    """The time as either driver hands it out, as an aware UTC datetime."""
    if isinstance(stored, str):
        return datetime.fromisoformat(stored).replace(tzinfo=UTC)
    return stored.astimezone(UTC)


def as_text(time: datetime) -> str:
    """A time as SQLite stores it: in UTC, of one width, so that it sorts as time does. ValueError
    for a naive one."""
    return _in_utc(time).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")


def _in_utc(time: datetime) -> datetime:
    if time.tzinfo is None:
        raise ValueError("a time without a time zone cannot be stored; use datetime.now(UTC)")
    return time.astimezone(UTC)


class Phrases(TypeDecorator[tuple[str, ...]]):
    """A few phrases in order, kept as a JSON array of text on both engines."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:  # noqa: ARG002
        """The JSON text."""
        return phrases_as_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[str, ...]:  # noqa: ARG002
        """The phrases."""
        return tuple(json.loads(value))


def phrases_as_text(phrases: Iterable[str]) -> str:
    """Phrases as they are stored."""
    return json.dumps(list(phrases), ensure_ascii=False, separators=(",", ":"))
