"""What a filter asks for as numbers, as the columns of migration 0006 have them.

A ticket's facet is its combination of category, priority, status and sentiment: the number of each
value is a digit, so that there are 256. Its traits are the four values, each with a number of its
own.
"""

from collections.abc import Iterator
from itertools import product

from ticket_app.schemas import TicketFilter
from ticket_app.vocabulary import FACETS


def facets_of(wanted: TicketFilter) -> list[int]:
    """Every facet that the filter lets through."""
    facets = []
    for digits in product(*(_digits(wanted, field) for field in FACETS)):
        facet = 0
        for digit, values in zip(digits, FACETS.values(), strict=True):
            facet = facet * len(values) + digit
        facets.append(facet)
    return facets


def traits_of(wanted: TicketFilter, field: str) -> list[int]:
    """The numbers of the values of that field which the filter lets through."""
    first = 0
    for name, values in FACETS.items():
        if name == field:
            break
        first += len(values)
    return [first + digit for digit in _digits(wanted, field)]


def _digits(wanted: TicketFilter, field: str) -> Iterator[int]:
    chosen = getattr(wanted, field)
    return (digit for digit, value in enumerate(FACETS[field]) if not chosen or value in chosen)
