"""Reads the rows of a page."""

from datetime import datetime
from typing import Any, NamedTuple

from ticket_app.data.direct import DriverConnection
from ticket_app.data.tickets.list_sql import Shape, is_planned_once, page_statement
from ticket_app.data.types import utc
from ticket_app.schemas.paging import Place


class Listed(NamedTuple):
    """A ticket of a page: its key in the order of the page, as the database has it, and its
    TicketPublic as JSON."""

    id: int
    key: Any
    json: str


class Found(NamedTuple):
    """The tickets of a page. `stopped_after` is the number of tickets looked at, if others may
    match; `stopped_at` is the last of them, if the next page goes on behind it."""

    listed: list[Listed]
    stopped_after: int | None = None
    stopped_at: Place | None = None


def read_page(
    connection: DriverConnection, shape: Shape, values: dict[str, Any], after: Place | None
) -> list[Listed]:
    """Return the tickets of a page of this shape, in its order."""
    rows = connection.rows(
        page_statement(shape),
        values | keyset_values(after),
        planned_once=is_planned_once(shape),
    )
    return [*map(Listed._make, rows)]


def key_of(value: Any) -> datetime | int:
    """Return the key of a ticket as a Place has it: an aware time, or a number."""
    return value if isinstance(value, int) else utc(value)


def keyset_values(after: Place | None) -> dict[str, Any]:
    """Return the parameters of the keyset condition; {} for the first page."""
    return {} if after is None else {"after_key": after.key, "after_id": after.id}
