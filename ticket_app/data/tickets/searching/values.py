"""The parameters of a filter and of its search text, in the driver's types."""

import json
from typing import Any

from ticket_app.data.direct import DriverConnection
from ticket_app.data.folding import fold
from ticket_app.data.people.scope import Scope
from ticket_app.data.tickets.predicates import (
    active_fields,
    are_facets,
    facets_of,
    parameters,
    scope_values,
    traits_of,
)
from ticket_app.schemas.tickets import TicketFilter
from ticket_app.vocabulary import FACETS

TRIGRAM = 3
ESCAPE = "\\"


def has_trigram(search: str) -> bool:
    """Return True if an index finds it. PostgreSQL makes trigrams of letters and digits only."""
    folded = fold(search) or ""
    parts = "".join(one if one.isalnum() else " " for one in folded).split()
    return any(len(part) >= TRIGRAM for part in parts)


def values_of(connection: DriverConnection, wanted: TicketFilter, scope: Scope) -> dict[str, Any]:
    """Return the parameters of the filter and of the scope."""
    values = parameters(wanted, connection.dialect)
    if wanted.search is not None:
        values |= _text_values(connection, wanted.search)
    numbers: dict[str, list[int]] = {}
    fields = active_fields(wanted)
    if fields and (wanted.search is None or are_facets(fields)):
        numbers["facets"] = facets_of(wanted)
    if wanted.search is not None and connection.dialect == "postgresql":
        facets = (field for field in fields if field in FACETS)
        numbers |= {f"{field}_traits": traits_of(wanted, field) for field in facets}
    values |= scope_values(scope)
    if connection.dialect == "sqlite":
        return values | {name: json.dumps(those) for name, those in numbers.items()}
    return values | numbers


def _text_values(connection: DriverConnection, search: str) -> dict[str, str]:
    folded = fold(search) or ""
    if connection.dialect == "sqlite":
        quoted = folded.replace('"', '""')
        return {"search": folded, "phrase": f'"{quoted}"'}
    for special in (ESCAPE, "%", "_"):  # these are literal in a search
        folded = folded.replace(special, ESCAPE + special)
    return {"pattern": f"%{folded}%"}
