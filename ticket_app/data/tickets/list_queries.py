"""Named queries for pages of tickets, which cost the same however many tickets there are.

What PostgreSQL expects to be rare is found by its index of trigrams at once. A page of what is
frequent is full after some of the newest tickets from the cursor on have been looked at one by one:
SAMPLED of them, and where these say that SCANNED will do, so many. What is rarer than that is found
by an index: of trigrams for a search, of facets for filters alone. A search without a trigram has
no index; it looks at one ticket after the other, for as long as a statement may take.
"""

import json
from datetime import datetime
from typing import Any, NamedTuple

from ticket_app.data.direct import Direct
from ticket_app.data.folding import fold
from ticket_app.data.tickets.list_sql import (
    Shape,
    Way,
    count_statement,
    is_planned_once,
    page_statement,
    wanted_statement,
)
from ticket_app.data.tickets.predicates import (
    facets_of,
    is_counted,
    narrowed,
    parameters,
    traits_of,
)
from ticket_app.data.types import utc
from ticket_app.schemas.tickets import Position, TicketFilter
from ticket_app.vocabulary import FACETS

SAMPLED = 400
SCANNED = 4_000
"""Some 2 ms: a page of 50 of what one ticket in eighty is, is full by then."""
RARE = 1_000
"""Where PostgreSQL expects no more to be wanted, its index finds them in some 5 ms."""
SOME = 2
"""Of SAMPLED tickets: one may be chance."""
FREQUENT = 20_000
SCANNED_FOR_THE_FREQUENT = 40_000
"""Some 20 ms. What so many tickets have takes the index longer than that; unless none of the newer
ones has it, a page is full by then."""
TRIGRAM = 3
ESCAPE = "\\"
ASKED = set(TicketFilter.model_fields)
"""What an estimate is remembered by: a filter without its place in the list."""


class Listed(NamedTuple):
    """A ticket of a page: where it stands, and a TicketPublic as JSON."""

    id: int
    created_at: datetime
    json: str


def newest_tickets(
    ask: Direct, wanted: TicketFilter, *, limit: int, after: Position | None
) -> list[Listed]:
    """At most `limit` tickets, newest first, that come behind `after` in that order."""
    values = _values(ask, wanted) | {"limit": limit} | place_values(after)

    def page(way: Way, scanned: int) -> list[Listed]:
        shape = _shape(ask, wanted, way, behind=after is not None)
        rows = ask.rows(
            page_statement(shape),
            values | {"scanned": scanned},
            planned_once=is_planned_once(shape),
        )
        return [Listed(ticket_id, utc(at), shown) for ticket_id, at, shown in rows]

    if wanted.search is None and not narrowed(wanted):
        return page(Way.ONE_BY_ONE, 0)
    expected = _expected(ask, wanted, values)
    if expected is not None and expected <= RARE:
        return page(Way.BY_TEXT, 0)
    listed = page(Way.AMONG_NEWEST, SAMPLED)
    if _scanning_will_do(len(listed), limit):
        listed = page(Way.AMONG_NEWEST, SCANNED)
    if len(listed) < limit and _is_frequent(expected):
        listed = page(Way.AMONG_NEWEST, SCANNED_FOR_THE_FREQUENT)
    return listed if len(listed) == limit else page(_way_of_the_rare(wanted), 0)


def count_found(ask: Direct, wanted: TicketFilter, *, at_most: int) -> int:
    """How many tickets a search finds; counting stops at `at_most`."""
    values = _values(ask, wanted) | {"limit": at_most}

    def count(way: Way, scanned: int) -> int:
        shape = _shape(ask, wanted, way, behind=False)
        ((found,),) = ask.rows(
            count_statement(shape),
            values | {"scanned": scanned},
            planned_once=is_planned_once(shape),
        )
        return int(found)

    expected = _expected(ask, wanted, values)
    if expected is not None and expected <= RARE:
        return count(Way.BY_TEXT, 0)
    found = count(Way.AMONG_NEWEST, SCANNED)
    if found < at_most and _is_frequent(expected):
        found = count(Way.AMONG_NEWEST, SCANNED_FOR_THE_FREQUENT)
    return found if found == at_most else count(_way_of_the_rare(wanted), 0)


def _scanning_will_do(found: int, limit: int) -> bool:
    """Whether SCANNED tickets are likely to hold a page, if SAMPLED of them hold `found` of it."""
    return found < limit <= found * SCANNED / SAMPLED


def _expected(ask: Direct, wanted: TicketFilter, values: dict[str, Any]) -> int | None:
    """How many tickets PostgreSQL expects to be wanted, where it has an index for the search.

    Of texts longer than a kilobyte it keeps no statistics, and takes every word for rare: what some
    of the newest tickets have is not.
    """
    if ask.dialect == "sqlite" or _way_of_the_rare(wanted) is not Way.BY_TEXT:
        return None

    def work_out() -> int:
        shape = _shape(ask, wanted, Way.AMONG_NEWEST, behind=False)
        expected = ask.estimate(wanted_statement(shape), values)
        if expected > RARE:
            return expected
        sampling = values | {"scanned": SAMPLED, "limit": SOME}
        ((found,),) = ask.rows(count_statement(shape), sampling)
        return RARE + 1 if found == SOME else expected

    return ask.remembered(("expected", wanted.model_dump_json(include=ASKED)), work_out)


def _is_frequent(expected: int | None) -> bool:
    return expected is not None and expected >= FREQUENT


def _way_of_the_rare(wanted: TicketFilter) -> Way:
    if is_counted(wanted):
        return Way.BY_FACET
    if wanted.search is None:
        return Way.ONE_BY_ONE
    return Way.BY_TEXT if has_trigram(wanted.search) else Way.ONE_BY_ONE


def has_trigram(search: str) -> bool:
    """Whether an index finds it; PostgreSQL takes trigrams from letters and digits alone."""
    folded = fold(search) or ""
    parts = "".join(one if one.isalnum() else " " for one in folded).split()
    return any(len(part) >= TRIGRAM for part in parts)


def _shape(ask: Direct, wanted: TicketFilter, way: Way, *, behind: bool) -> Shape:
    return Shape(ask.dialect, way, narrowed(wanted), wanted.search is not None, behind)


def _values(ask: Direct, wanted: TicketFilter) -> dict[str, Any]:
    values = parameters(wanted, ask.dialect)
    if wanted.search is not None:
        values |= _sought(ask, wanted.search)
    numbers: dict[str, list[int]] = {}
    if is_counted(wanted):
        numbers = {"facets": facets_of(wanted)} if values else {}
    elif ask.dialect == "postgresql":
        facets = (field for field in narrowed(wanted) if field in FACETS)
        numbers = {f"{field}_traits": traits_of(wanted, field) for field in facets}
    if ask.dialect == "sqlite":
        return values | {name: json.dumps(those) for name, those in numbers.items()}
    return values | numbers


def _sought(ask: Direct, search: str) -> dict[str, str]:
    folded = fold(search) or ""
    if ask.dialect == "sqlite":
        quoted = folded.replace('"', '""')
        return {"search": folded, "phrase": f'"{quoted}"'}
    for special in (ESCAPE, "%", "_"):  # the search's own stand for themselves
        folded = folded.replace(special, ESCAPE + special)
    return {"pattern": f"%{folded}%"}


def place_values(after: Position | None) -> dict[str, Any]:
    """The parameters of `behind_place`; none for the first page."""
    return {} if after is None else {"after_time": after.created_at, "after_id": after.id}
