"""The predicate of each field of a filter, in both dialects: the only place where a field narrows.

A field without a predicate raises an error as soon as it is used: to ignore it would show every
ticket. Fields of FACETS are counted by the database and numbered by its indexes; those are
optimisations of the same predicates, in data/figures/queries.py and at the end of this file.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import col

from ticket_app.data.engine import Dialect
from ticket_app.data.tickets.tables import Ticket
from ticket_app.schemas.tickets import TicketFilter
from ticket_app.vocabulary import FACETS

Predicate = Mapping[Dialect, str]
"""A condition on a row of `ticket`. Its only parameter has the name of the field."""

SEARCH = "search"
"""The text to search for. Its condition depends on how the tickets are found: list_sql.py."""
PRESENT = "deleted_at IS NULL"
"""A ticket is not deleted, for statements of text. The text equals that of the partial indexes:
SQLite uses a partial index only for a query that repeats its condition. Triggers and indexes spell
it themselves, because a migration that has run never changes."""
FIELDS = tuple(name for name in TicketFilter.model_fields if name != SEARCH)


def _one_of(column: str) -> Predicate:
    """The column holds one of the values of a list."""
    return {
        "postgresql": f"{column} = ANY(%({column})s)",
        "sqlite": f"{column} IN (SELECT value FROM json_each(:{column}))",
    }


PREDICATES: Mapping[str, Predicate] = {field: _one_of(field) for field in FACETS}


def narrowed(wanted: TicketFilter) -> tuple[str, ...]:
    """The fields that narrow the filter, but `search`. KeyError for one without a predicate."""
    fields = tuple(field for field in FIELDS if getattr(wanted, field) not in (None, []))
    if unknown := set(fields) - PREDICATES.keys():
        raise KeyError(f"fields of TicketFilter without a predicate: {sorted(unknown)}")
    return fields


def is_counted(wanted: TicketFilter) -> bool:
    """Whether the counters of the figures answer how many tickets match."""
    return wanted.search is None and FACETS.keys() >= set(narrowed(wanted))


def conditions(fields: Iterable[str], dialect: Dialect) -> list[str]:
    """The predicates of these fields."""
    return [PREDICATES[field][dialect] for field in fields]


def parameters(wanted: TicketFilter, dialect: Dialect) -> dict[str, Any]:
    """The values of the narrowed fields, as the driver takes them."""
    return {field: _bound(getattr(wanted, field), dialect) for field in narrowed(wanted)}


def _bound(value: Any, dialect: Dialect) -> Any:
    if not isinstance(value, list):
        return value
    values = [str(each) for each in value]
    return json.dumps(values) if dialect == "sqlite" else values


def present() -> ColumnElement[bool]:
    """The same for statements that SQLAlchemy builds."""
    return col(Ticket.deleted_at).is_(None)


def deleted() -> ColumnElement[bool]:
    """The opposite: the ticket keeps its row and is out of every list."""
    return col(Ticket.deleted_at).is_not(None)


def facets_of(wanted: TicketFilter) -> list[int]:
    """Every facet that the filter lets through, as migration 0006 numbers them: a facet is the
    combination of a ticket's values, where the number of each value is a digit."""
    facets = []
    for digits in product(*(_digits(wanted, field) for field in FACETS)):
        facet = 0
        for digit, values in zip(digits, FACETS.values(), strict=True):
            facet = facet * len(values) + digit
        facets.append(facet)
    return facets


def traits_of(wanted: TicketFilter, field: str) -> list[int]:
    """The numbers of the values of that field which the filter lets through; migration 0006 numbers
    the values of all fields in one row."""
    first = 0
    for name, values in FACETS.items():
        if name == field:
            break
        first += len(values)
    return [first + digit for digit in _digits(wanted, field)]


def _digits(wanted: TicketFilter, field: str) -> Iterator[int]:
    chosen = getattr(wanted, field)
    return (digit for digit, value in enumerate(FACETS[field]) if not chosen or value in chosen)
