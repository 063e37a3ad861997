"""Named queries for the tickets of a requester, by the e-mail address that they were filed with.

Upper or lower case is the same; the index of migration 0010 holds them in the order of a page.
"""

from functools import cache
from typing import Any

from ticket_app.data.direct import Direct
from ticket_app.data.engine import Dialect
from ticket_app.data.plain_sql import given
from ticket_app.data.tickets.columns import public_json
from ticket_app.data.tickets.list_queries import Listed, place_values
from ticket_app.data.tickets.list_sql import NEWEST_FIRST, all_of, behind_place
from ticket_app.data.tickets.predicates import PRESENT, conditions, narrowed, parameters
from ticket_app.data.types import utc
from ticket_app.schemas.tickets import Position, TicketFilter


def tickets_of(
    ask: Direct, address: str, wanted: TicketFilter, *, limit: int, after: Position | None
) -> list[Listed]:
    """At most `limit` tickets of this requester, newest first, that come behind `after`."""
    statement = _page(ask.dialect, narrowed(wanted), after is not None)
    values = _values(ask, address, wanted) | place_values(after) | {"limit": limit}
    rows = ask.rows(statement, values)
    return [Listed(ticket_id, utc(at), shown) for ticket_id, at, shown in rows]


def count_of(ask: Direct, address: str, wanted: TicketFilter, *, at_most: int) -> int:
    """How many tickets this requester has; counting stops at `at_most`."""
    statement = _count(ask.dialect, narrowed(wanted))
    ((found,),) = ask.rows(statement, _values(ask, address, wanted) | {"limit": at_most})
    return int(found)


@cache
def _page(dialect: Dialect, fields: tuple[str, ...], behind: bool) -> str:
    place = [behind_place(dialect)] if behind else []
    return (
        f"SELECT id, created_at, {public_json(dialect)} AS json FROM ticket "
        f"WHERE {all_of(_of_requester(dialect), *conditions(fields, dialect), *place)} "
        f"{NEWEST_FIRST} LIMIT {given('limit', dialect)}"
    )


@cache
def _count(dialect: Dialect, fields: tuple[str, ...]) -> str:
    wanted = all_of(_of_requester(dialect), *conditions(fields, dialect))
    some = f"SELECT 1 FROM ticket WHERE {wanted} LIMIT {given('limit', dialect)}"
    return f"SELECT count(*) FROM ({some}) AS counted"


def _of_requester(dialect: Dialect) -> str:
    # The index's own conditions, word for word: SQLite uses a partial index for nothing else.
    same = f"lower(requester_email) = lower({given('address', dialect)})"
    return all_of(PRESENT, "requester_email IS NOT NULL", same)


def _values(ask: Direct, address: str, wanted: TicketFilter) -> dict[str, Any]:
    return {"address": address} | parameters(wanted, ask.dialect)
