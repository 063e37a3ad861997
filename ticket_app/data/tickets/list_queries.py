"""Named queries for pages of tickets. Their cost does not grow with the number of tickets.

They choose an access path by the expected number of matches. If PostgreSQL's estimate is RARE or
less, the trigram index is used at once. A page of frequent matches is full after a scan of the
newest tickets from the cursor on: SAMPLED of them, or SCANNED if the sample suggests that this
suffices. For rarer matches an index is used: of trigrams for a search, of facets for filters alone.
A search without a trigram has no index. It scans tickets until the statement timeout.

The tickets of a restricted scope, and of a filter by requester, are always scanned, in the order of
the index of their requester: the cost of their pages and counts depends on their own number, and
not on that of all tickets.
"""

import json
from datetime import datetime
from typing import Any, NamedTuple

from ticket_app.data.direct import DriverConnection
from ticket_app.data.folding import fold
from ticket_app.data.people.scope import Scope
from ticket_app.data.tickets.list_sql import (
    AccessPath,
    Shape,
    count_statement,
    is_planned_once,
    page_statement,
    wanted_statement,
)
from ticket_app.data.tickets.predicates import (
    active_fields,
    facets_of,
    is_counted,
    is_of_one_requester,
    parameters,
    scope_values,
    traits_of,
)
from ticket_app.data.types import utc
from ticket_app.schemas.paging import Position
from ticket_app.schemas.tickets import TicketFilter
from ticket_app.vocabulary import FACETS

SAMPLED = 400
SCANNED = 4_000
"""Tickets of a longer scan, some 2 ms. It fills a page of 50 if one ticket in 80 matches."""
RARE = 1_000
"""Expected matches up to which the trigram index is used at once, which takes some 5 ms."""
SAMPLE_HITS = 2
"""Matches among SAMPLED tickets that make a search frequent; a single one may be chance."""
FREQUENT = 20_000
SCANNED_FREQUENT = 40_000
"""Tickets scanned, some 20 ms, if FREQUENT matches are expected. The index takes longer for so
many. The scan fills a page unless no newer ticket matches."""
TRIGRAM = 3
ESCAPE = "\\"
CACHE_KEY_FIELDS = set(TicketFilter.model_fields)
"""Fields that identify a cached estimate: the filter without the cursor."""


class Listed(NamedTuple):
    """A ticket of a page: its keyset (created_at, id) and its TicketPublic as JSON."""

    id: int
    created_at: datetime
    json: str


def newest_tickets(
    connection: DriverConnection,
    wanted: TicketFilter,
    scope: Scope,
    *,
    limit: int,
    after: Position | None,
) -> list[Listed]:
    """Return at most `limit` tickets of the scope, newest first, behind the cursor `after`."""
    values = _values(connection, wanted, scope) | {"limit": limit} | keyset_values(after)

    def page(path: AccessPath, scanned: int) -> list[Listed]:
        shape = _shape(connection, wanted, scope, path, after_cursor=after is not None)
        rows = connection.rows(
            page_statement(shape),
            values | {"scanned": scanned},
            planned_once=is_planned_once(shape),
        )
        return [Listed(ticket_id, utc(at), shown) for ticket_id, at, shown in rows]

    fields = active_fields(wanted)
    of_one = is_of_one_requester(fields, scope.restriction)
    if of_one or (wanted.search is None and not fields):
        return page(AccessPath.SCAN, 0)
    expected = _expected(connection, wanted, scope, values)
    if expected is not None and expected <= RARE:
        return page(AccessPath.TEXT_INDEX, 0)
    listed = page(AccessPath.NEWEST, SAMPLED)
    if _scan_suffices(len(listed), limit):
        listed = page(AccessPath.NEWEST, SCANNED)
    if len(listed) < limit and _is_frequent(expected):
        listed = page(AccessPath.NEWEST, SCANNED_FREQUENT)
    return listed if len(listed) == limit else page(_selective_path(wanted), 0)


def count_found(
    connection: DriverConnection, wanted: TicketFilter, scope: Scope, *, at_most: int
) -> int:
    """Return the number of tickets of the scope that match; counting stops at `at_most`."""
    values = _values(connection, wanted, scope) | {"limit": at_most}

    def count(path: AccessPath, scanned: int) -> int:
        shape = _shape(connection, wanted, scope, path, after_cursor=False)
        ((found,),) = connection.rows(
            count_statement(shape),
            values | {"scanned": scanned},
            planned_once=is_planned_once(shape),
        )
        return int(found)

    if is_of_one_requester(active_fields(wanted), scope.restriction):
        return count(AccessPath.SCAN, 0)
    expected = _expected(connection, wanted, scope, values)
    if expected is not None and expected <= RARE:
        return count(AccessPath.TEXT_INDEX, 0)
    found = count(AccessPath.NEWEST, SCANNED)
    if found < at_most and _is_frequent(expected):
        found = count(AccessPath.NEWEST, SCANNED_FREQUENT)
    return found if found == at_most else count(_selective_path(wanted), 0)


def _scan_suffices(found: int, limit: int) -> bool:
    """Return True if SCANNED tickets probably fill a page, as SAMPLED of them had `found`."""
    return found < limit <= found * SCANNED / SAMPLED


def _expected(
    connection: DriverConnection, wanted: TicketFilter, scope: Scope, values: dict[str, Any]
) -> int | None:
    """Return PostgreSQL's estimate of the matches, or None where it has no index for the search.

    PostgreSQL has no statistics of texts longer than a kilobyte and takes every word for rare. The
    estimate is therefore corrected by a sample of the newest tickets.
    """
    if connection.dialect == "sqlite" or _selective_path(wanted) is not AccessPath.TEXT_INDEX:
        return None

    def compute() -> int:
        shape = _shape(connection, wanted, scope, AccessPath.NEWEST, after_cursor=False)
        expected = connection.estimate(wanted_statement(shape), values)
        if expected > RARE:
            return expected
        sampling = values | {"scanned": SAMPLED, "limit": SAMPLE_HITS}
        ((found,),) = connection.rows(count_statement(shape), sampling)
        return RARE + 1 if found == SAMPLE_HITS else expected

    return connection.cached_number(
        ("expected", wanted.model_dump_json(include=CACHE_KEY_FIELDS)), compute
    )


def _is_frequent(expected: int | None) -> bool:
    return expected is not None and expected >= FREQUENT


def _selective_path(wanted: TicketFilter) -> AccessPath:
    if is_counted(wanted):
        return AccessPath.FACET_INDEX
    if wanted.search is None:
        return AccessPath.SCAN
    return AccessPath.TEXT_INDEX if has_trigram(wanted.search) else AccessPath.SCAN


def has_trigram(search: str) -> bool:
    """Return True if an index finds it. PostgreSQL makes trigrams of letters and digits only."""
    folded = fold(search) or ""
    parts = "".join(one if one.isalnum() else " " for one in folded).split()
    return any(len(part) >= TRIGRAM for part in parts)


def _shape(
    connection: DriverConnection,
    wanted: TicketFilter,
    scope: Scope,
    path: AccessPath,
    *,
    after_cursor: bool,
) -> Shape:
    return Shape(
        connection.dialect,
        path,
        active_fields(wanted),
        wanted.search is not None,
        after_cursor,
        scope.restriction,
    )


def _values(connection: DriverConnection, wanted: TicketFilter, scope: Scope) -> dict[str, Any]:
    values = parameters(wanted, connection.dialect)
    if wanted.search is not None:
        values |= _search_values(connection, wanted.search)
    numbers: dict[str, list[int]] = {}
    if is_counted(wanted):
        numbers = {"facets": facets_of(wanted)} if values else {}
    elif connection.dialect == "postgresql":
        facets = (field for field in active_fields(wanted) if field in FACETS)
        numbers = {f"{field}_traits": traits_of(wanted, field) for field in facets}
    values |= scope_values(scope)
    if connection.dialect == "sqlite":
        return values | {name: json.dumps(those) for name, those in numbers.items()}
    return values | numbers


def _search_values(connection: DriverConnection, search: str) -> dict[str, str]:
    folded = fold(search) or ""
    if connection.dialect == "sqlite":
        quoted = folded.replace('"', '""')
        return {"search": folded, "phrase": f'"{quoted}"'}
    for special in (ESCAPE, "%", "_"):  # these are literal in a search
        folded = folded.replace(special, ESCAPE + special)
    return {"pattern": f"%{folded}%"}


def keyset_values(after: Position | None) -> dict[str, Any]:
    """Return the parameters of `keyset_condition`; {} for the first page."""
    return {} if after is None else {"after_time": after.created_at, "after_id": after.id}
