"""The SQL of a page and of a count in both dialects; list_queries.py chooses the access path.

Pages follow each other by keyset pagination. The SQL contains no input: values of a caller are
always parameters.
"""

from enum import StrEnum
from functools import cache
from typing import NamedTuple

from ticket_app.data.engine import Dialect
from ticket_app.data.plain_sql import placeholder
from ticket_app.data.tickets.columns import public_json
from ticket_app.data.tickets.predicates import conditions, is_of_one_requester, visible
from ticket_app.vocabulary import FACETS


class AccessPath(StrEnum):
    """The way in which the tickets of a page are found.

    SCAN reads tickets in order until the page is full. NEWEST reads a number of the newest tickets.
    """

    SCAN = "scan"
    NEWEST = "newest"
    FACET_INDEX = "facet index"
    TEXT_INDEX = "text index"


class Shape(NamedTuple):
    """The properties on which the text of a statement depends; values come with each call.

    `fields` are the active fields of a filter. `after_cursor` is True for a page behind a cursor.
    `restriction` is that of the scope.
    """

    dialect: Dialect
    path: AccessPath
    fields: tuple[str, ...]
    search: bool
    after_cursor: bool
    restriction: tuple[str, ...]


NEWEST_FIRST = "ORDER BY created_at DESC, id DESC"

CONTAINS: dict[Dialect, str] = {
    "postgresql": "folded LIKE %(pattern)s",
    "sqlite": (
        "EXISTS (SELECT 1 FROM ticket_text WHERE rowid = ticket.id "
        "AND (instr(title, :search) OR instr(description, :search)))"
    ),
}
CONTAINS_WITHOUT_INDEX = 'folded COLLATE "C" LIKE %(pattern)s'
"""A condition that cannot use the trigram index, because the index has another collation. For a
pattern without a trigram the index returns every ticket, and the planner does not know that."""


@cache
def page_statement(shape: Shape) -> str:
    """Select id, created_at and the TicketPublic as JSON of `limit` tickets, newest first."""
    shown = f"SELECT id, created_at, {public_json(shape.dialect, shape.restriction)} AS json FROM"
    limit = placeholder("limit", shape.dialect)
    if shape.path is AccessPath.SCAN:
        return f"{shown} ticket WHERE {_scan_condition(shape)} {NEWEST_FIRST} LIMIT {limit}"
    return (
        f"{shown} (SELECT id FROM ({_found(shape)}) AS found {NEWEST_FIRST} LIMIT {limit}) AS page "
        f"JOIN ticket USING (id) {NEWEST_FIRST}"
    )


@cache
def count_statement(shape: Shape) -> str:
    """Count the tickets, up to `limit`."""
    some = f"SELECT 1 FROM ({_found(shape)}) AS found LIMIT {placeholder('limit', shape.dialect)}"
    return f"SELECT count(*) FROM ({some}) AS counted"


def is_planned_once(shape: Shape) -> bool:
    """Return True if one generic plan suits all values. A scan for a search text has none."""
    return not (shape.search and shape.path is AccessPath.SCAN)


@cache
def wanted_statement(shape: Shape) -> str:
    """Select every matching ticket; PostgreSQL estimates its rows for the actual values."""
    return f"SELECT 1 FROM ticket WHERE {all_of(_visible(shape), *_wanted(shape))}"


def _found(shape: Shape) -> str:
    """Select id and created_at of matching tickets. FACET_INDEX gives `limit` per facet."""
    listed = _listed(shape)
    match shape.path:
        case AccessPath.SCAN:
            # In the order of the index of a requester, or PostgreSQL reads the whole table where it
            # takes a requester for one with very many tickets.
            is_of_one = is_of_one_requester(shape.fields, shape.restriction)
            order = f" {NEWEST_FIRST}" if is_of_one else ""
            return f"SELECT id, created_at FROM ticket WHERE {_scan_condition(shape)}{order}"
        case AccessPath.NEWEST:
            scanned = placeholder("scanned", shape.dialect)
            newest = f"SELECT * FROM ticket WHERE {listed} {NEWEST_FIRST} LIMIT {scanned}"
            return (
                f"SELECT id, created_at FROM ({newest}) AS ticket WHERE {all_of(*_wanted(shape))}"
            )
        case AccessPath.FACET_INDEX:
            return _by_facet(shape.dialect, listed)
        case AccessPath.TEXT_INDEX:
            return _by_text(shape, listed)


def _listed(shape: Shape) -> str:
    seen = _visible(shape)
    return all_of(seen, keyset_condition(shape.dialect)) if shape.after_cursor else seen


def _visible(shape: Shape) -> str:
    return visible(shape.restriction, shape.dialect)


def _scan_condition(shape: Shape) -> str:
    return all_of(_listed(shape), *_wanted(shape))


def _by_facet(dialect: Dialect, listed: str) -> str:
    """Select the newest tickets of each facet from an index in this order."""
    if dialect == "postgresql":
        return (
            "SELECT id, created_at FROM unnest(CAST(%(facets)s AS smallint[])) AS facets (wanted) "
            "CROSS JOIN LATERAL (SELECT id, created_at FROM ticket "
            f"WHERE facet = wanted AND {listed} {NEWEST_FIRST} LIMIT %(limit)s) AS newest"
        )
    return (
        "SELECT id, created_at FROM ticket WHERE id IN ("
        "SELECT newest.id FROM json_each(:facets) AS facets CROSS JOIN ticket AS newest "
        "ON newest.id IN (SELECT id FROM ticket "
        f"WHERE facet = facets.value AND {listed} {NEWEST_FIRST} LIMIT :limit))"
    )


def _by_text(shape: Shape, listed: str) -> str:
    if shape.dialect == "postgresql":
        traits = (_has_trait(field) for field in shape.fields if field in FACETS)
        others = conditions((each for each in shape.fields if each not in FACETS), shape.dialect)
        wanted = all_of(listed, CONTAINS["postgresql"], *traits, *others)
        # MATERIALIZED keeps the planner from scanning in page order in the hope of an early end.
        return (
            f"WITH found AS MATERIALIZED (SELECT id, created_at FROM ticket WHERE {wanted}) "
            "SELECT id, created_at FROM found"
        )
    return (
        "SELECT id, created_at FROM (SELECT rowid AS id FROM ticket_text "
        "WHERE ticket_text MATCH :phrase) AS hit CROSS JOIN ticket USING (id) "
        f"WHERE {all_of(listed, *conditions(shape.fields, shape.dialect))}"
    )


def _wanted(shape: Shape) -> list[str]:
    search = [_contains(shape)] if shape.search else []
    return [*conditions(shape.fields, shape.dialect), *search]


def _has_trait(field: str) -> str:
    """Return a facet's predicate as PostgreSQL's index of words and traits supports it."""
    return f"traits && CAST(%({field}_traits)s AS smallint[])"


def _contains(shape: Shape) -> str:
    if shape.dialect == "postgresql" and not is_planned_once(shape):
        return CONTAINS_WITHOUT_INDEX
    return CONTAINS[shape.dialect]


def keyset_condition(dialect: Dialect) -> str:
    """Return the keyset condition: the ticket comes after a cursor in the order NEWEST_FIRST."""
    # Not a row value: the plain bound on created_at lets both databases start their index scan at
    # the right place.
    time, ticket_id = placeholder("after_time", dialect), placeholder("after_id", dialect)
    return f"created_at <= {time} AND (created_at < {time} OR id < {ticket_id})"


def all_of(*conditions: str) -> str:
    """Join the conditions with AND."""
    return " AND ".join(conditions)
