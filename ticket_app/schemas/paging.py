"""Keyset pagination: a cursor names the last row of a page, and the next page begins after it."""

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from pydantic_core import PydanticCustomError

from ticket_app.vocabulary import URGENCIES, Sort

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CURSOR = r"^(0|-[1-9][0-9]{0,15}|[1-9][0-9]{0,16})\.[1-9][0-9]{0,17}$"
"""Microseconds since 1970, in the years 1653 to 5138, and an id: the key of a keyset page."""
TICKET_CURSOR = CURSOR.replace("^", "^(?:(oldest|waiting|urgent|changed)[.])?", 1)
"""The same with the sort of the list in front of it, unless that is `newest`."""
UNKNOWN = "Take the cursor from the Link header of the page before, unchanged."


class Position(NamedTuple):
    """A place for keyset pagination: directly behind the row with this created_at and id."""

    created_at: datetime
    id: int

    def encode(self) -> str:
        """Returns a cursor for a URL: microseconds since 1970, and the id."""
        return f"{_micros(self.created_at)}.{self.id}"

    @classmethod
    def decode(cls, cursor: str) -> "Position":
        """Returns the place that `encode` wrote. Raises PydanticCustomError for any other text."""
        if not re.fullmatch(CURSOR, cursor):
            raise PydanticCustomError("cursor", UNKNOWN)
        micros, row_id = map(int, cursor.split("."))
        return cls(_moment(micros), row_id)


class Place(NamedTuple):
    """A place in a sorted list of tickets: directly behind the ticket with this key and id.

    `key` is the time by which the list is sorted. For `urgent` it is the number of the urgency.
    """

    sort: Sort
    key: datetime | int
    id: int

    def encode(self) -> str:
        """Returns a cursor for a URL, which names its sort unless that is `newest`."""
        number = self.key if isinstance(self.key, int) else _micros(self.key)
        sort = "" if self.sort is Sort.NEWEST else f"{self.sort}."
        return f"{sort}{number}.{self.id}"

    @classmethod
    def decode(cls, cursor: str, sort: Sort) -> "Place":
        """Returns the place that `encode` wrote for a list of this sort.

        Raises PydanticCustomError for a cursor of another sort, and for any other text.
        """
        known = re.fullmatch(TICKET_CURSOR, cursor)
        if known is None:
            raise PydanticCustomError("cursor", UNKNOWN)
        if (of := Sort(known[1] or Sort.NEWEST)) is not sort:
            raise PydanticCustomError(
                "cursor",
                f"This cursor is of a list sorted by {of}, and the sort is {sort}. Keep the sort, "
                "or leave the cursor out to begin with the first page.",
            )
        number, ticket_id = map(int, cursor.split(".")[-2:])
        if sort is not Sort.URGENT:
            return cls(sort, _moment(number), ticket_id)
        # A larger number is no integer of the database. Nothing is as urgent, or as little.
        return cls(sort, max(-1, min(number, URGENCIES)), ticket_id)


def _micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def _moment(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)


def known_cursor(value: str | None) -> str | None:
    """Returns the cursor of a query. Raises PydanticCustomError for a text that is none."""
    if value is not None:
        Position.decode(value)
    return value
