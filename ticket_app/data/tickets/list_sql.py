"""The SQL of a page and of a count, in both dialects; list_queries.py says which is used when.

All of it is made of words of its own: what a caller asks for comes in as parameters.
"""

from enum import StrEnum
from functools import cache
from typing import NamedTuple

from ticket_app.data.engine import Dialect
from ticket_app.data.plain_sql import given
from ticket_app.data.tickets.columns import public_json
from ticket_app.data.tickets.predicates import PRESENT, conditions
from ticket_app.vocabulary import FACETS


class Way(StrEnum):
    """How the tickets of a page are found."""

    ONE_BY_ONE = "one by one"
    AMONG_NEWEST = "among the newest"
    BY_FACET = "by facet"
    BY_TEXT = "by text"


class Shape(NamedTuple):
    """What a statement is made for; its values come with each call.

    `fields` are those that a filter narrows; `behind` says that the page begins behind a place.
    """

    dialect: Dialect
    way: Way
    fields: tuple[str, ...]
    search: bool
    behind: bool


NEWEST_FIRST = "ORDER BY created_at DESC, id DESC"

CONTAINS: dict[Dialect, str] = {
    "postgresql": "folded LIKE %(pattern)s",
    "sqlite": (
        "EXISTS (SELECT 1 FROM ticket_text WHERE rowid = ticket.id "
        "AND (instr(title, :search) OR instr(description, :search)))"
    ),
}
BY_NO_INDEX = 'folded COLLATE "C" LIKE %(pattern)s'
"""The index of trigrams is of another collation. It would find every ticket for a pattern without a
trigram, and PostgreSQL does not know that."""


@cache
def page_statement(shape: Shape) -> str:
    """id, created_at and the TicketPublic as JSON of `limit` tickets, newest first."""
    shown = f"SELECT id, created_at, {public_json(shape.dialect)} AS json FROM"
    limit = given("limit", shape.dialect)
    if shape.way is Way.ONE_BY_ONE:
        return f"{shown} ticket WHERE {_one_by_one(shape)} {NEWEST_FIRST} LIMIT {limit}"
    return (
        f"{shown} (SELECT id FROM ({_found(shape)}) AS found {NEWEST_FIRST} LIMIT {limit}) AS page "
        f"JOIN ticket USING (id) {NEWEST_FIRST}"
    )


@cache
def count_statement(shape: Shape) -> str:
    """How many tickets there are, but no more than `limit`."""
    some = f"SELECT 1 FROM ({_found(shape)}) AS found LIMIT {given('limit', shape.dialect)}"
    return f"SELECT count(*) FROM ({some}) AS counted"


def is_planned_once(shape: Shape) -> bool:
    """Whether one plan is the best for all values: not how to walk far for what is looked for."""
    return not (shape.search and shape.way is Way.ONE_BY_ONE)


@cache
def wanted_statement(shape: Shape) -> str:
    """Every ticket that is wanted: to be estimated, by PostgreSQL, from the very values."""
    return f"SELECT 1 FROM ticket WHERE {all_of(PRESENT, *_wanted(shape))}"


def _found(shape: Shape) -> str:
    """id and created_at of what is wanted; of BY_FACET as much as can be on the page."""
    listed = _listed(shape)
    match shape.way:
        case Way.ONE_BY_ONE:
            return f"SELECT id, created_at FROM ticket WHERE {_one_by_one(shape)}"
        case Way.AMONG_NEWEST:
            scanned = given("scanned", shape.dialect)
            newest = f"SELECT * FROM ticket WHERE {listed} {NEWEST_FIRST} LIMIT {scanned}"
            return (
                f"SELECT id, created_at FROM ({newest}) AS ticket WHERE {all_of(*_wanted(shape))}"
            )
        case Way.BY_FACET:
            return _by_facet(shape.dialect, listed)
        case Way.BY_TEXT:
            return _by_text(shape, listed)


def _listed(shape: Shape) -> str:
    return all_of(PRESENT, behind_place(shape.dialect)) if shape.behind else PRESENT


def _one_by_one(shape: Shape) -> str:
    return all_of(_listed(shape), *_wanted(shape))


def _by_facet(dialect: Dialect, listed: str) -> str:
    """The newest of each facet, from an index that holds them in this order."""
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
        # Materialized, or it might be walked in the page's order in the hope of an early end.
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
    """The predicate of a facet as PostgreSQL's index of words and traits answers it."""
    return f"traits && CAST(%({field}_traits)s AS smallint[])"


def _contains(shape: Shape) -> str:
    if shape.dialect == "postgresql" and not is_planned_once(shape):
        return BY_NO_INDEX
    return CONTAINS[shape.dialect]


def behind_place(dialect: Dialect) -> str:
    """The condition that a ticket comes behind a place, newest first."""
    # Spelled out instead of as a row value: the plain bound on created_at lets both engines start
    # their walk through an index at the right place.
    time, ticket_id = given("after_time", dialect), given("after_id", dialect)
    return f"created_at <= {time} AND (created_at < {time} OR id < {ticket_id})"


def all_of(*conditions: str) -> str:
    """The condition that all of these hold."""
    return " AND ".join(conditions)
