"""The SQL of each sort: its key, its direction and its condition for keyset pagination.

Equal keys are in the order of the ids. The partial indexes of migration 0028 have the keys of
`waiting`, `urgent` and `changed`, of unsettled tickets only.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from ticket_app.data.engine import Dialect
from ticket_app.data.plain_sql import placeholder
from ticket_app.vocabulary import URGENCIES, URGENCY_MAX, Priority, Sort

NEVER: Mapping[Dialect, str] = {
    "postgresql": "CAST('5000-01-01 00:00:00+00' AS timestamptz)",
    "sqlite": "'5000-01-01 00:00:00.000000'",
}
"""The key of a ticket that does not wait, in the order of waiting: it comes last."""
WAITING_KEY: Mapping[Dialect, str] = {
    dialect: f"coalesce(waiting_since, {never})" for dialect, never in NEVER.items()
}
URGENCY_KEY = "(3 - (facet >> 4 & 3)) * 101 + 100 - urgency_score"
"""0 for the most urgent ticket, URGENCIES - 1 for the least: by priority, then by urgency score.

`facet` has the number of the priority in its third digit of base four: migration 0006.
"""
BY_FILING = frozenset({Sort.NEWEST, Sort.OLDEST})
"""The sorts for which each filter has an access path."""
DESCENDING = frozenset({Sort.NEWEST, Sort.CHANGED})


class Bound(StrEnum):
    """A condition that follows from a filter and its sort. It makes a partial index usable, or ends
    its scan."""

    UNSETTLED = "unsettled"
    WAITS = "waits"
    URGENCY = "urgency"


LEAST_URGENT = "least_urgent"
"""The parameter of Bound.URGENCY."""


def condition_of(bound: Bound, dialect: Dialect) -> str:
    """Return the SQL of a bound."""
    match bound:
        case Bound.UNSETTLED:
            # A CHECK makes it equal to a status that is neither resolved nor closed.
            return "resolved_at IS NULL"
        case Bound.WAITS:
            return f"{WAITING_KEY[dialect]} < {NEVER[dialect]}"
        case Bound.URGENCY:
            return f"{URGENCY_KEY} <= {placeholder(LEAST_URGENT, dialect)}"


class Order(NamedTuple):
    """An order of rows: by this expression, and then by id."""

    key: str
    descending: bool

    def clause(self, key: str | None = None, number: str = "id") -> str:
        """Return ORDER BY, of a column `key` that has the key, or of the key itself. `number` is
        the column with the id."""
        direction = "DESC" if self.descending else "ASC"
        return f"ORDER BY {key or self.key} {direction}, {number} {direction}"

    def behind(self, dialect: Dialect, key: str | None = None, number: str = "id") -> str:
        """Return the keyset condition: a row comes after the cursor `after_key`, `after_id`."""
        # Not a row value: the plain bound on the key lets both databases start their index scan at
        # the right place.
        key, sign = key or self.key, "<" if self.descending else ">"
        at, ticket_id = placeholder("after_key", dialect), placeholder("after_id", dialect)
        return f"{key} {sign}= {at} AND ({key} {sign} {at} OR {number} {sign} {ticket_id})"


def order_of(sort: Sort, dialect: Dialect) -> Order:
    """Return the order of this sort."""
    keys = {
        Sort.NEWEST: "created_at",
        Sort.OLDEST: "created_at",
        Sort.WAITING: WAITING_KEY[dialect],
        Sort.URGENT: URGENCY_KEY,
        Sort.CHANGED: "updated_at",
    }
    return Order(keys[sort], descending=sort in DESCENDING)


def least_urgent(priorities: Sequence[Priority]) -> int:
    """Return the largest key of urgency that a ticket with one of the priorities may have."""
    lowest = min(list(Priority).index(each) for each in priorities)
    return URGENCIES - 1 - lowest * (URGENCY_MAX + 1)
