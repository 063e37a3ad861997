"""SQL expressions of the figures for both databases, from which migrations build the counters.

An amount is an expression over the inputs of the triggers that keep it, and `bucket`. Those of the
figures on filing and resolving are COUNTED_AS; those of the figures on answers, ANSWERED_AS.
"""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import NamedTuple

KEYS = {
    "ticket_count": ("category", "priority", "status", "sentiment", "slot"),
    "ticket_day": ("day", "slot"),
    "ticket_resolution": ("bucket", "slot"),
    "ticket_changes": ("slot",),
}
FIELDS = KEYS["ticket_count"][:-1]
COUNTED = (*FIELDS, "urgency_score", "created_at", "resolved_at", "deleted_at")
"""The columns of a ticket that a figure depends on."""
COUNTED_AS = {
    "sign": "integer",
    **dict.fromkeys(FIELDS, "text"),
    "urgency": "integer", "created_on": "date", "settled_on": "date", "ms": "bigint",
}  # fmt: skip
"""The inputs of the figures with their PostgreSQL types. `settled_on` is the UTC day of resolving,
`ms` the milliseconds that resolving took; `sign` is 1 for a ticket that is added, else -1."""
ANSWERED_AS = {
    "sign": "integer",
    "assignee": "bigint", "idle": "integer", "responded_on": "date", "ms": "bigint",
}  # fmt: skip
"""As above. `assignee` is NULL for a ticket that `ticket_assignee` does not count, and 0 for one of
nobody. `idle` is 1 if the requester does not wait. `responded_on` is the UTC day of the first
response, and `ms` the milliseconds that it took."""


class Counter(NamedTuple):
    """The row of a table to which a ticket adds, and its amounts.

    `keys` and `figures` map columns to expressions over the inputs and `bucket`. `only_if` is a
    condition over them; `only_resolved` stands for the condition that `ms` is known.
    """

    table: str
    keys: Mapping[str, str]
    figures: Mapping[str, str]
    only_resolved: bool = False
    only_if: str = ""

    @property
    def condition(self) -> str:
        """The condition that a ticket adds to this counter; empty if each does."""
        return "ms IS NOT NULL" if self.only_resolved else self.only_if


def of_those(conditions: Mapping[str, str]) -> dict[str, str]:
    """Return for each condition a figure that counts the tickets for which it is true."""
    return {
        figure: f"CASE WHEN {condition} THEN sign ELSE 0 END"
        for figure, condition in conditions.items()
    }


def value_figures(values: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return a figure for each value of each field."""
    return of_those(
        {f"{field}_{each}": f"{field} = '{each}'" for field in values for each in values[field]}
    )


def urgency_figures() -> dict[str, str]:
    """Return a figure for each ten points of urgency; the last includes 100."""
    groups = {f"urgency_{low}": f"urgency BETWEEN {low} AND {low + 9}" for low in range(0, 90, 10)}
    return of_those(groups | {"urgency_90": "urgency >= 90"})


def hour_figures() -> dict[str, str]:
    """Return a figure for each group of times to resolve."""
    bounds = [hours * 3_600_000 for hours in (1, 4, 24, 72, 168)]
    between = [f"ms >= {low} AND ms < {high}" for low, high in pairwise(bounds)]
    conditions = [f"ms < {bounds[0]}", *between, f"ms >= {bounds[-1]}"]
    return of_those({f"hours_{index}": condition for index, condition in enumerate(conditions)})
