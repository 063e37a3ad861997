"""The predicate of each field of a filter, in both dialects: the only place where a field narrows.

A field without a predicate raises an error as soon as it is used: to ignore it would show every
ticket. Fields of FACETS are counted by the database and numbered by its indexes; those are
optimisations of the same predicates, in data/figures/queries.py and data/facets.py.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ticket_app.data.engine import Dialect
from ticket_app.schemas import TicketFilter
from ticket_app.vocabulary import FACETS

Predicate = Mapping[Dialect, str]
"""A condition on a row of `ticket`. Its only parameter has the name of the field."""

SEARCH = "search"
"""The text to search for. Its condition depends on how the tickets are found: data/list_sql.py."""
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
