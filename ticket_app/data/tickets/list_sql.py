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
from ticket_app.data.tickets.predicates import (
    OF_PERSON,
    branches_of_person,
    conditions,
    conditions_of_one,
    is_of_one,
    visible,
)
from ticket_app.data.tickets.searching.messages import Messages, says, tickets_that_say
from ticket_app.data.tickets.sorting.orders import BY_FILING, Bound, Order, condition_of, order_of
from ticket_app.vocabulary import FACETS, Sort


class AccessPath(StrEnum):
    """The way in which the tickets of a page are found.

    SCAN reads tickets in order until the page is full. FIRST reads a number of the first tickets in
    the order of the page, and NEWEST as many of the newest. WAITING reads those that wait.
    """

    SCAN = "scan"
    FIRST = "first"
    NEWEST = "newest"
    WAITING = "waiting"
    FACET_INDEX = "facet index"
    TEXT_INDEX = "text index"


class Shape(NamedTuple):
    """The properties on which the text of a statement depends; values come with each call.

    `fields` are the active fields of a filter. `after_cursor` is True for a page behind a cursor.
    `restriction` is that of the scope. `bounds` follow from the filter, for partial indexes.
    `scanned` is the number of tickets that FIRST and NEWEST read. `messages` is how a search finds
    those of the tickets.
    """

    dialect: Dialect
    path: AccessPath
    fields: tuple[str, ...]
    search: bool
    after_cursor: bool
    restriction: tuple[str, ...]
    sort: Sort = Sort.NEWEST
    bounds: tuple[Bound, ...] = ()
    scanned: int = 0
    messages: Messages = Messages.OF_EACH

    @property
    def order(self) -> Order:
        """The order of the page."""
        return order_of(self.sort, self.dialect)

    @property
    def is_of_person(self) -> bool:
        """Whether the scope is that of one person, whose tickets are in two indexes."""
        return OF_PERSON in self.restriction

    @property
    def is_read_in_order(self) -> bool:
        """Whether the path reads tickets in the order of the page, from the cursor on."""
        return self.sort in BY_FILING or self.path is AccessPath.FIRST


COPIED_ON = "ticket_participant AS copied JOIN ticket ON ticket.id = copied.ticket_id"
NEWEST_FIRST = order_of(Sort.NEWEST, "postgresql").clause()

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
    """Select id, key and the TicketPublic as JSON of `limit` tickets in the order of the sort."""
    order, limit = shape.order, placeholder("limit", shape.dialect)
    shown = f"SELECT id, {order.key} AS place, {public_json(shape.dialect, shape.restriction)} FROM"
    if shape.path is AccessPath.SCAN and not shape.is_of_person:
        return f"{shown} ticket WHERE {_scan_condition(shape)} {order.clause()} LIMIT {limit}"
    found = f"SELECT id FROM ({_found(shape)}) AS found"
    if shape.after_cursor and not shape.is_read_in_order:
        found += f" WHERE {order.behind(shape.dialect, 'place')}"
    return (
        f"{shown} ({found} {order.clause('place')} LIMIT {limit}) AS page "
        f"JOIN ticket USING (id) {order.clause()}"
    )


@cache
def count_statement(shape: Shape) -> str:
    """Count the tickets, up to `limit`."""
    some = f"SELECT 1 FROM ({_found(shape)}) AS found LIMIT {placeholder('limit', shape.dialect)}"
    return f"SELECT count(*) FROM ({some}) AS counted"


@cache
def last_scanned_statement(shape: Shape) -> str:
    """Select id and key of the last ticket that FIRST reads; no row if it reads all there are."""
    order = shape.order
    return (
        f"SELECT id, {order.key} AS place FROM ticket WHERE {_listed(shape)} "
        f"{order.clause()} LIMIT 1 OFFSET {shape.scanned - 1}"
    )


def is_planned_once(shape: Shape) -> bool:
    """Return True if one generic plan suits all values. A scan for a search text has none."""
    return not (shape.search and shape.path is AccessPath.SCAN)


@cache
def wanted_statement(shape: Shape) -> str:
    """Select every matching ticket; PostgreSQL estimates its rows for the actual values.

    A search in messages has an estimate of its own.
    """
    return f"SELECT 1 FROM ticket WHERE {all_of(_visible(shape), *_wanted(shape))}"


def _found(shape: Shape) -> str:
    """Select id and key (`place`) of matching tickets. FACET_INDEX gives `per_facet` per facet."""
    listed, place = _listed(shape), f"SELECT id, {shape.order.key} AS place"
    match shape.path:
        case AccessPath.SCAN:
            return _scanned(shape)
        case AccessPath.FIRST | AccessPath.NEWEST:
            first = _read_first(shape, listed)
            return f"SELECT id, place FROM ({first}) AS ticket WHERE {all_of(*_wanted(shape))}"
        case AccessPath.WAITING:
            # In this order, or PostgreSQL may read the whole table for the first of many.
            waiting = order_of(Sort.WAITING, shape.dialect).clause()
            return f"{place} FROM ticket WHERE {_scan_condition(shape)} {waiting}"
        case AccessPath.FACET_INDEX:
            others = (field for field in shape.fields if field not in FACETS)
            rest = (*conditions(others, shape.dialect), *_searched(shape))
            return _by_facet(shape, all_of(listed, *rest))
        case AccessPath.TEXT_INDEX:
            wanted = all_of(listed, *conditions(shape.fields, shape.dialect))
            said = tickets_that_say(shape.dialect, shape.restriction, place, wanted)
            return f"SELECT id, place FROM ({_by_text(shape, listed)}) AS own UNION {said}"


def _scanned(shape: Shape) -> str:
    if shape.is_of_person:
        return _of_person(shape, f"ticket.id, {shape.order.key} AS place", _wanted(shape), "limit")
    # In the order of an index, or PostgreSQL reads the whole table where it takes a requester for
    # one with very many tickets.
    of_one = is_of_one(shape.fields, shape.restriction, search=shape.search)
    is_of_all = not (shape.fields or shape.search)
    order = f" {shape.order.clause()}" if of_one or is_of_all else ""
    return (
        f"SELECT id, {shape.order.key} AS place FROM ticket WHERE {_scan_condition(shape)}{order}"
    )


def _of_person(shape: Shape, columns: str, wanted: list[str], limit: str) -> str:
    """Select the first tickets of a person by the time of filing: `limit` of those of whom they are
    the requester, and as many of those on which they are copied."""
    dialect, by_filing = shape.dialect, shape.sort in BY_FILING
    order = order_of(shape.sort if by_filing else Sort.NEWEST, dialect)
    own, copied = branches_of_person(shape.restriction, dialect)
    branches = (
        ("own", "ticket", own, ("created_at", "id")),
        ("others", COPIED_ON, copied, ("copied.ticket_created_at", "copied.ticket_id")),
    )
    first = []
    for name, source, seen, key in branches:
        keyset = [order.behind(dialect, *key)] if shape.after_cursor and by_filing else []
        bounds = (condition_of(bound, dialect) for bound in shape.bounds)
        condition = all_of(seen, *bounds, *keyset, *wanted)
        first.append(
            f"SELECT * FROM (SELECT {columns} FROM {source} WHERE {condition} "
            f"{order.clause(*key)} LIMIT {placeholder(limit, dialect)}) AS {name}"
        )
    return " UNION ALL ".join(first)


def _listed(shape: Shape) -> str:
    behind = shape.after_cursor and shape.is_read_in_order
    bounds = (condition_of(bound, shape.dialect) for bound in shape.bounds)
    keyset = [shape.order.behind(shape.dialect)] if behind else []
    return all_of(_visible(shape), *bounds, *keyset)


def _read_first(shape: Shape, listed: str) -> str:
    # The index of a sort has no person: reading on until SCANNED of one are found has no bound.
    is_of_one = shape.path is AccessPath.NEWEST or shape.sort in BY_FILING
    of_one = conditions_of_one(shape.fields, shape.dialect) if is_of_one else []
    # The key is a column, because PostgreSQL stops early only if it recognises the order by it.
    columns = f"ticket.*, {shape.order.key} AS place"
    if shape.is_of_person:
        return _of_person(shape, columns, of_one, "scanned")
    first = f"SELECT {columns} FROM ticket WHERE {all_of(listed, *of_one)}"
    return f"{first} {_order_of_reading(shape)}"


def _order_of_reading(shape: Shape) -> str:
    """Return the order and the number of the tickets that FIRST and NEWEST read.

    The number is a literal in an order by an expression: for an unknown one PostgreSQL expects a
    tenth of the table, and reads the whole table to sort it.
    """
    if shape.path is AccessPath.FIRST and shape.sort not in BY_FILING:
        return f"{shape.order.clause()} LIMIT {shape.scanned}"
    order = shape.order.clause() if shape.sort in BY_FILING else NEWEST_FIRST
    return f"{order} LIMIT {placeholder('scanned', shape.dialect)}"


def _visible(shape: Shape) -> str:
    return visible(shape.restriction, shape.dialect)


def _scan_condition(shape: Shape) -> str:
    return all_of(_listed(shape), *_wanted(shape))


def _by_facet(shape: Shape, listed: str) -> str:
    """Select the first tickets of each facet, by the time of filing, from an index in this order.

    They are the newest, or the oldest if those come first.
    """
    by_filing = shape.sort if shape.sort in BY_FILING else Sort.NEWEST
    first = order_of(by_filing, shape.dialect).clause()
    place = f"SELECT id, {shape.order.key} AS place"
    if shape.dialect == "postgresql":
        return (
            f"{place} FROM unnest(CAST(%(facets)s AS smallint[])) AS facets (wanted) "
            "CROSS JOIN LATERAL (SELECT * FROM ticket "
            f"WHERE facet = wanted AND {listed} {first} LIMIT %(per_facet)s) AS newest"
        )
    return (
        f"{place} FROM ticket WHERE id IN ("
        "SELECT newest.id FROM json_each(:facets) AS facets CROSS JOIN ticket AS newest "
        "ON newest.id IN (SELECT id FROM ticket "
        f"WHERE facet = facets.value AND {listed} {first} LIMIT :per_facet))"
    )


def _by_text(shape: Shape, listed: str) -> str:
    place = f"SELECT id, {shape.order.key} AS place"
    if shape.dialect == "postgresql":
        traits = (_has_trait(field) for field in shape.fields if field in FACETS)
        others = conditions((each for each in shape.fields if each not in FACETS), shape.dialect)
        wanted = all_of(listed, CONTAINS["postgresql"], *traits, *others)
        # MATERIALIZED keeps the planner from scanning in page order in the hope of an early end.
        return (
            f"WITH found AS MATERIALIZED ({place} FROM ticket WHERE {wanted}) "
            "SELECT id, place FROM found"
        )
    return (
        f"{place} FROM (SELECT rowid AS id FROM ticket_text "
        "WHERE ticket_text MATCH :phrase) AS hit CROSS JOIN ticket USING (id) "
        f"WHERE {all_of(listed, *conditions(shape.fields, shape.dialect))}"
    )


def _wanted(shape: Shape) -> list[str]:
    return [*conditions(shape.fields, shape.dialect), *_searched(shape)]


def _searched(shape: Shape) -> list[str]:
    if not shape.search:
        return []
    said = says(shape.messages, shape.dialect, shape.restriction)
    return [f"({_contains(shape)} OR {said})" if said else _contains(shape)]


def _has_trait(field: str) -> str:
    """Return a facet's predicate as PostgreSQL's index of words and traits supports it."""
    return f"traits && CAST(%({field}_traits)s AS smallint[])"


def _contains(shape: Shape) -> str:
    if shape.dialect == "postgresql" and not is_planned_once(shape):
        return CONTAINS_WITHOUT_INDEX
    return CONTAINS[shape.dialect]


def all_of(*conditions: str) -> str:
    """Join the conditions with AND. Without any, it is the condition that is always true."""
    return " AND ".join(conditions) or "TRUE"
