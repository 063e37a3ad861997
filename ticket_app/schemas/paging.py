"""Keyset pagination: a cursor names the last row of a page, and the next page begins after it."""

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from pydantic_core import PydanticCustomError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CURSOR = r"^(0|-[1-9][0-9]{0,15}|[1-9][0-9]{0,16})\.[1-9][0-9]{0,17}$"
"""Microseconds since 1970, in the years 1653 to 5138, and an id: the key of a keyset page."""


class Position(NamedTuple):
    """A place for keyset pagination: directly behind the row with this created_at and id."""

    created_at: datetime
    id: int

    def encode(self) -> str:
        """Returns a cursor for a URL: microseconds since 1970, and the id."""
        micros = (self.created_at - EPOCH) // timedelta(microseconds=1)
        return f"{micros}.{self.id}"

    @classmethod
    def decode(cls, cursor: str) -> "Position":
        """Returns the place that `encode` wrote. Raises PydanticCustomError for any other text."""
        if not re.fullmatch(CURSOR, cursor):
            raise PydanticCustomError(
                "cursor", "Take the cursor from the Link header of the page before, unchanged."
            )
        micros, row_id = map(int, cursor.split("."))
        return cls(EPOCH + timedelta(microseconds=micros), row_id)


def known_cursor(value: str | None) -> str | None:
    """Returns the cursor of a query. Raises PydanticCustomError for a text that is none."""
    if value is not None:
        Position.decode(value)
    return value
