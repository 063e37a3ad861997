"""Column types that behave the same on SQLite and PostgreSQL."""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, DateTime, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

BigId = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit key. SQLite assigns row ids only if the type is spelled INTEGER."""

Flag = Boolean().with_variant(Integer(), "sqlite")
"""A boolean. STRICT tables of SQLite have no type for it: 0 or 1."""

IN_ORDER_OF_CODE_POINTS = Text().with_variant(Text(collation="C"), "postgresql")
"""A text whose index finds the texts with the same beginning next to each other, as SQLite's do."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime, to the microsecond, on both engines.

    PostgreSQL has TIMESTAMPTZ. SQLite has no such type: it stores text of a fixed width, which
    sorts in order of time and which SQLite's date functions accept. ValueError for a naive value.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return TEXT for SQLite, TIMESTAMPTZ otherwise."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else self.impl_instance)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Return the value for the driver. ValueError for a naive one."""
        if value is None:
            return None
        return as_text(value) if dialect.name == "sqlite" else _in_utc(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return an aware UTC datetime."""
        return None if value is None else utc(value)


class UtcDay(TypeDecorator[date]):
    """A UTC day: a date on PostgreSQL, text of a fixed width on SQLite."""

    impl = Date
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return TEXT for SQLite, DATE otherwise."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else self.impl_instance)

    def process_bind_param(self, value: date | None, dialect: Dialect) -> Any:
        """Return the day for the driver."""
        return value.isoformat() if value and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> date | None:  # noqa: ARG002
        """Return the day."""
        return date.fromisoformat(value) if isinstance(value, str) else value


def utc(stored: datetime | str) -> datetime:
    """Convert a time of either driver to an aware UTC datetime."""
    if isinstance(stored, str):
        return datetime.fromisoformat(stored).replace(tzinfo=UTC)
    return stored.astimezone(UTC)


def as_text(time: datetime) -> str:
    """Return SQLite's text of a time: UTC in a fixed width, which sorts in order of time.

    ValueError for a naive time.
    """
    return _in_utc(time).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")


def _in_utc(time: datetime) -> datetime:
    if time.tzinfo is None:
        raise ValueError("a time without a time zone cannot be stored; use datetime.now(UTC)")
    return time.astimezone(UTC)


class Phrases(TypeDecorator[tuple[str, ...]]):
    """A few phrases in order, stored as a JSON array of text on both engines."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:  # noqa: ARG002
        """Return the JSON text."""
        return phrases_as_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[str, ...]:  # noqa: ARG002
        """Return the phrases."""
        return tuple(json.loads(value))


def phrases_as_text(phrases: Iterable[str]) -> str:
    """Return the stored form of phrases."""
    return json.dumps(list(phrases), ensure_ascii=False, separators=(",", ":"))
