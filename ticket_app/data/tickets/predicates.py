"""The predicate of each field of a filter, and of a scope, in both dialects: the only place that
defines them.

A field without a predicate raises an error at its first use, because ignoring it would show every
ticket. The database counts the fields of FACETS and numbers their values in indexes. These are
optimisations of the same predicates, in data/figures/queries.py and at the end of this file.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any

from sqlalchemy import ColumnElement, or_, text
from sqlmodel import col

from ticket_app.data.engine import Dialect
from ticket_app.data.people.scope import Scope
from ticket_app.data.plain_sql import placeholder
from ticket_app.data.tickets.tables import Ticket
from ticket_app.schemas.assignees import ME, NONE
from ticket_app.schemas.tickets import TicketFilter
from ticket_app.vocabulary import FACETS, UNSETTLED

Predicate = Mapping[Dialect, str]
"""A condition on a row of `ticket`. Its only parameter has the name of the field."""

SEARCH = "search"
"""The field with the search text. Its condition depends on the access path: list_sql.py."""
PRESENT = "deleted_at IS NULL"
"""The condition that a ticket is not deleted, for plain SQL. It equals that of the partial indexes:
SQLite uses a partial index only for a query that repeats its condition. Triggers and indexes spell
it themselves, because a migration that has run never changes."""
OF_PERSON, OF_TICKET = "requester_id", "ticket_id"
"""The fields of a Scope."""
COPIED = "SELECT 1 FROM ticket_participant WHERE ticket_id = ticket.id AND person_id = {person}"
"""Finds whether a person is copied on the ticket of the outer query."""
FIELDS = tuple(name for name in TicketFilter.model_fields if name != SEARCH)


def one_of(column: str) -> Predicate:
    """Return the predicate that the column holds one of the values of a list.

    The values are strings or numbers, which must be in the range of the column's type.
    """
    return {
        "postgresql": f"{column} = ANY(%({column})s)",
        "sqlite": f"{column} IN (SELECT value FROM json_each(:{column}))",
    }


REQUESTER = "requester"
"""The field with the number of the requester. Its lists read the index of the requester."""
ASSIGNEE, UNASSIGNED = "assignee", "unassigned"
"""The field with the number of the assignee, and the one that stands for it if nobody is wanted."""
OF_ONE = (REQUESTER, ASSIGNEE, UNASSIGNED)
PREDICATES: Mapping[str, Predicate] = {
    **{field: one_of(field) for field in FACETS},
    ASSIGNEE: {
        "postgresql": f"assignee_id = {placeholder(ASSIGNEE, 'postgresql')}",
        "sqlite": f"assignee_id = {placeholder(ASSIGNEE, 'sqlite')}",
    },
    UNASSIGNED: {"postgresql": "assignee_id IS NULL", "sqlite": "assignee_id IS NULL"},
    REQUESTER: {
        "postgresql": f"requester_id = {placeholder(REQUESTER, 'postgresql')}",
        "sqlite": f"requester_id = {placeholder(REQUESTER, 'sqlite')}",
    },
    "unanswered": {
        "postgresql": "(waiting_since IS NOT NULL) = %(unanswered)s",
        "sqlite": "(waiting_since IS NOT NULL) = :unanswered",
    },
}


def active_fields(wanted: TicketFilter) -> tuple[str, ...]:
    """Return the fields of the filter that are set, without `search`; UNASSIGNED for tickets that
    nobody has.

    KeyError for a field without a predicate.
    """
    fields = tuple(field for field in FIELDS if getattr(wanted, field) not in (None, []))
    if unknown := set(fields) - PREDICATES.keys():
        raise KeyError(f"fields of TicketFilter without a predicate: {sorted(unknown)}")
    if wanted.assignee != NONE:
        return fields
    return tuple(UNASSIGNED if field == ASSIGNEE else field for field in fields)


def is_of_one(fields: Iterable[str], restriction: tuple[str, ...], *, search: bool) -> bool:
    """Return True if an index has all matching tickets, in the order of a page: that of one
    requester, of one assignee, or of nobody. Also if there is one ticket at most.

    With a search text the index of texts is better than that of an assignee, who may have had very
    many tickets.
    """
    of_assignee = not search and bool({ASSIGNEE, UNASSIGNED} & set(fields))
    return bool(restriction) or REQUESTER in fields or of_assignee


def conditions_of_one(fields: Iterable[str], dialect: Dialect) -> list[str]:
    """Return the predicates of the fields that name one person."""
    return conditions((each for each in fields if each in OF_ONE), dialect)


def is_unsettled(wanted: TicketFilter) -> bool:
    """Return True if no resolved or closed ticket can match. A settled ticket waits for nobody."""
    return bool(wanted.unanswered) or (bool(wanted.status) and set(UNSETTLED) >= {*wanted.status})


def is_counted(wanted: TicketFilter) -> bool:
    """Return True if the counters of the figures can count the matching tickets."""
    return wanted.search is None and are_facets(active_fields(wanted))


def are_facets(fields: Iterable[str]) -> bool:
    """Return True if the index of facets finds what these fields choose."""
    return FACETS.keys() >= set(fields)


def conditions(fields: Iterable[str], dialect: Dialect) -> list[str]:
    """Return the predicates of these fields."""
    return [PREDICATES[field][dialect] for field in fields]


def parameters(wanted: TicketFilter, dialect: Dialect) -> dict[str, Any]:
    """Return the values of the active fields in the driver's types.

    ValueError if the assignee is still ME: services know who acts.
    """
    if wanted.assignee == ME:
        raise ValueError("the assignee of a filter is a number, or nobody")
    valued = (field for field in active_fields(wanted) if field != UNASSIGNED)
    return {field: _bound(getattr(wanted, field), dialect) for field in valued}


def _bound(value: Any, dialect: Dialect) -> Any:
    if not isinstance(value, list):
        return value
    # PostgreSQL's driver takes no StrEnum, and PostgreSQL compares no number with a text.
    values = [str(each) if isinstance(each, str) else each for each in value]
    return json.dumps(values) if dialect == "sqlite" else values


def visible(restriction: tuple[str, ...], dialect: Dialect) -> str:
    """Return the condition that a ticket is in a scope and not deleted, for plain SQL.

    `restriction` is the scope's; the values come from `scope_values`. Without one it is PRESENT.
    """
    return " AND ".join((PRESENT, *(_scoped(field, dialect) for field in restriction)))


def _scoped(field: str, dialect: Dialect) -> str:
    """Return the condition of one field of a scope."""
    value = placeholder(f"scope_{field}", dialect)
    if field == OF_TICKET:
        return f"id = {value}"
    return f"(requester_id = {value} OR EXISTS ({COPIED.format(person=value)}))"


def branches_of_person(restriction: tuple[str, ...], dialect: Dialect) -> tuple[str, str]:
    """Return two conditions that together are `visible`, for a scope of one person: of the tickets
    of whom they are the requester, and of those on which they are only copied.

    The second is for `ticket` joined with `ticket_participant AS copied`. No index has both kinds,
    so a list reads one after the other.
    """
    person = placeholder(f"scope_{OF_PERSON}", dialect)
    others = visible(tuple(each for each in restriction if each != OF_PERSON), dialect)
    copied = f"copied.person_id = {person} AND (requester_id IS NULL OR requester_id <> {person})"
    return f"{others} AND requester_id = {person}", f"{others} AND {copied}"


def scope_values(scope: Scope) -> dict[str, int]:
    """Return the parameters of `visible`; {} for every ticket."""
    if not scope.restriction:
        return {}
    return {f"scope_{field}": getattr(scope, field) for field in scope.restriction}


def in_scope(scope: Scope) -> list[ColumnElement[bool]]:
    """Return the conditions of a scope for statements of SQLAlchemy; [] for every ticket."""
    conditions: list[ColumnElement[bool]] = []
    if scope.ticket_id is not None:
        conditions.append(col(Ticket.id) == scope.ticket_id)
    if scope.requester_id is not None:
        copied = text(f"EXISTS ({COPIED.format(person=':scope_person')})")
        copied = copied.bindparams(scope_person=scope.requester_id)
        conditions.append(or_(col(Ticket.requester_id) == scope.requester_id, copied))
    return conditions


def present() -> ColumnElement[bool]:
    """Return PRESENT for statements of SQLAlchemy."""
    return col(Ticket.deleted_at).is_(None)


def deleted() -> ColumnElement[bool]:
    """Return the opposite of `present`. A deleted ticket keeps its row and is in no list."""
    return col(Ticket.deleted_at).is_not(None)


def facets_of(wanted: TicketFilter) -> list[int]:
    """Return the numbers of all facets that match the filter, as in migration 0006.

    A facet is a combination of a ticket's values; the number of each value is a digit of it.
    """
    facets = []
    for digits in product(*(_digits(wanted, field) for field in FACETS)):
        facet = 0
        for digit, values in zip(digits, FACETS.values(), strict=True):
            facet = facet * len(values) + digit
        facets.append(facet)
    return facets


def traits_of(wanted: TicketFilter, field: str) -> list[int]:
    """Return the numbers of that field's values which match the filter.

    Migration 0006 numbers the values of all fields consecutively.
    """
    first = 0
    for name, values in FACETS.items():
        if name == field:
            break
        first += len(values)
    return [first + digit for digit in _digits(wanted, field)]


def _digits(wanted: TicketFilter, field: str) -> Iterator[int]:
    chosen = getattr(wanted, field)
    return (digit for digit, value in enumerate(FACETS[field]) if not chosen or value in chosen)
